// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/ktap.h"

#include "rig/report/wording.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {
namespace {

enum class Result { Pass, Fail, Error, Skip };

struct Line {
    Result result;
    const char* status;
    const char* directive; // "" for none
};

Line line_of(const Check& check) {
    constexpr Line skipped{Result::Skip, "not ok", "SKIP"};
    switch (check.outcome) {
    case CheckOutcome::Held:
        return {Result::Pass, "ok", ""};
    case CheckOutcome::Broken:
        return {Result::Fail, "not ok", ""};
    case CheckOutcome::Missed:
        return {Result::Error, "not ok", "ERROR"};
    case CheckOutcome::Unproven:
        return check.kind == CheckKind::Expectation || check.kind == CheckKind::Splats
                   ? skipped
                   : Line{Result::Error, "not ok", "ERROR"};
    case CheckOutcome::NotRun:
    case CheckOutcome::Doubtful:
    case CheckOutcome::Undecided:
    case CheckOutcome::Unseen:
        return skipped;
    case CheckOutcome::NotJudged:
    case CheckOutcome::MadeAgain:
        return {Result::Skip, "ok", "SKIP"};
    }
    return skipped;
}

struct Totals {
    unsigned pass = 0, fail = 0, error = 0, skip = 0;
    void add(Result result) {
        ++(result == Result::Pass    ? pass
           : result == Result::Fail  ? fail
           : result == Result::Error ? error
                                     : skip);
    }
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

std::string group_text(const CheckGroup& group, unsigned number, const ReportInput& input,
                       Totals& totals) {
    const auto name = ktap_text(group.name.empty() ? "run" : "arm " + group.name);
    auto text =
        fmt::format("  KTAP version 1\n  # Subtest: {}\n  1..{}\n", name, group.checks.size());
    Totals own;
    unsigned test = 0;
    for (const auto& check : group.checks) {
        const auto line = line_of(check);
        own.add(line.result);
        totals.add(line.result);
        for (const auto& detail : check.details)
            text += fmt::format("  # {}: {}\n", ktap_text(check.name), ktap_text(detail));
        // Add the reason to plain failures too: text after '#' that is no directive is ignored.
        const auto why = check.outcome == CheckOutcome::Held ? "" : ktap_text(check.why);
        text += fmt::format("  {} {} {}{}{}{}{}\n", line.status, ++test, ktap_text(check.name),
                            *line.directive || !why.empty() ? " # " : "", line.directive,
                            *line.directive && !why.empty() ? " " : "", why);
    }
    // As in the other formats, passed validity checks say nothing about the kernel: an arm passes
    // only with an expectation that holds.
    const auto any = [&](auto is) {
        return std::any_of(group.checks.begin(), group.checks.end(), is);
    };
    const bool held = any([](const Check& check) {
        return check.outcome == CheckOutcome::Held && check.kind != CheckKind::ValidityCheck &&
               check.kind != CheckKind::Splats && check.kind != CheckKind::Completed;
    });
    const bool doubtful =
        any([](const Check& check) { return check.outcome == CheckOutcome::Doubtful; });
    const bool failed = own.fail + own.error > 0;
    const auto injected = failed ? ktap_text(injected_faults(input, group.name)) : "";
    const std::string directive =
        failed     ? (injected.empty() ? "" : " # " + injected)
        : doubtful ? " # SKIP what was seen speaks against an expectation that is not decided"
        : held     ? ""
                   : " # SKIP no expectation of it was decided";
    return text + fmt::format("{} {} {}{}\n", failed ? "not ok" : "ok", number, name, directive);
}

} // namespace

std::string ktap_text(std::string_view text) {
    auto out = clean_line(text);
    replace_all(out, "#", "_");
    // KTAP_END of the kernel's parser, which searches for it anywhere in a line.
    replace_all(out, "List of all partitions:", "List of all partitions;");
    replace_all(out, "Kernel panic - not syncing: VFS:", "Kernel panic - not syncing: VFS;");
    replace_all(out, "reboot: System halted", "reboot; System halted");
    return out;
}

std::string render_ktap(const ReportInput& input, const std::vector<FaultRecord>& faults) {
    const auto groups = checks_of(input, faults);
    auto text = fmt::format(
        "KTAP version 1\n1..{}\n# rig {}: {}, kernel {}, {} clock on {}, {} vCPUs, {} boots per "
        "arm\n",
        groups.size(), ktap_text(input.run.rig_version), ktap_text(input.run.run_id),
        ktap_text(input.run.kernels.empty() ? "unknown" : input.run.kernels.front().facts.version),
        input.run.clock, input.run.accelerator, input.run.vcpus, input.run.boots);
    Totals totals;
    unsigned number = 0;
    for (const auto& group : groups)
        text += group_text(group, ++number, input, totals);
    return text + fmt::format("# Totals: pass:{} fail:{} xfail:0 xpass:0 skip:{} error:{}\n",
                              totals.pass, totals.fail, totals.skip, totals.error);
}

} // namespace rig
