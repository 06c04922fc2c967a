// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/wording.h"

#include "rig/base/text.h"
#include "rig/guest_output/metric.h"
#include "rig/report/figures.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace rig {

const char* closing_mark(const Comparison& comparison) {
    if (comparison.exit == Exit::Fail) return "✘";
    return comparison.exit == Exit::Pass ? "✔" : "?";
}

bool all_checks_passed(const Comparison& comparison) {
    return std::all_of(comparison.checks.begin(), comparison.checks.end(),
                       [](const ArmChecks& p) { return p.all_pass(); });
}

bool anything_measured(const Comparison& comparison) {
    for (const auto& metric : comparison.metrics)
        for (const auto& arm : metric.arms)
            if (!arm.boots.empty()) return true;
    return false;
}

std::string conditions(const ReportInput& input) {
    const auto& run = input.run;
    std::set<std::string> versions;
    for (const auto& kernel : run.kernels)
        versions.insert(kernel.facts.version);
    return fmt::format("{}kernel {}, {} clock on {}, {} vCPUs, {} boots per arm, seed {}",
                       input.spec.kernel.arch == kDefaultArch ? "" : input.spec.kernel.arch + " ",
                       fmt::join(versions, " and "), run.clock, run.accelerator, run.vcpus,
                       run.boots, run.seed);
}

std::string rate_caveat(const Comparison& comparison, const MetricInfo& metric) {
    if (metric.unit != Unit::PerSecond || !comparison.paired) return "";
    return "virtual clock: vCPUs run one at a time, so a rise is no parallel speed-up";
}

Movement movement(const ReportInput& input, std::size_t arm) {
    Movement out;
    // What an operation costs that did not do its work says nothing.
    const auto* refused = input.comparison.find(kFailedChecks);
    const bool did_not_work =
        refused && arm < refused->arms.size() && refused->arms[arm].verdict == Verdict::Broken;
    if (did_not_work) out.rose.push_back(trimmed(refused->info.label));
    for (const auto& metric : input.comparison.metrics) {
        if (arm >= metric.arms.size()) continue;
        const auto& one = metric.arms[arm];
        if (!one.change || metric.info.name == "injections" || metric.info.name == "predicted_sync")
            continue;
        auto label = trimmed(metric.info.label);
        if (metric.info.name == "bystander_interrupts") label = "bystander interrupts";
        auto amount =
            std::isinf(one.change->ratio.value) ? "from 0" : factor(one.change->ratio.value);
        auto text = label + " " + amount;
        bool failed = one.verdict == Verdict::Broken || one.verdict == Verdict::Regressed;
        auto declared = one.declared.empty() ? " (nothing declared)"
                                             : fmt::format(" (declared: {})", one.declared);
        if (did_not_work) {
            out.unclear.push_back(text + " (workload.check failed)");
            continue;
        }
        if (metric.info.unit == Unit::PerSecond) {
            const auto caveat = rate_caveat(input.comparison, metric.info);
            text += caveat.empty() ? "" : fmt::format(" ({})", caveat);
            if (one.change->direction == Direction::Fell) {
                out.rates_fell.push_back(text + declared);
                continue;
            }
            if (one.change->direction == Direction::Rose) {
                out.rates_rose.push_back(failed ? text + declared : text);
                continue;
            }
        }
        switch (one.change->direction) {
        case Direction::Fell:
            out.fell.push_back(failed ? text + declared : text);
            break;
        case Direction::Rose:
            out.rose.push_back(text + declared);
            break;
        case Direction::Same:
            out.same.push_back(label);
            break;
        case Direction::Unclear:
            out.unclear.push_back(text);
            break;
        }
    }
    return out;
}

std::vector<std::string> open_expectations(const Comparison& comparison) {
    std::vector<std::string> out;
    for (const auto& metric : comparison.metrics)
        for (const auto& arm : metric.arms) {
            if (arm.verdict == Verdict::NotJudged || mark(arm.verdict) == std::string("✔"))
                continue;
            out.push_back(fmt::format("{} {} in {}: {}; declared {}; {}", mark(arm.verdict),
                                      metric.info.name, arm.arm, words(arm.verdict), arm.declared,
                                      arm.why));
        }
    return out;
}

std::string options_text(const Arm& arm) {
    std::vector<std::string> words;
    for (const auto& [name, value] : arm.options)
        words.push_back(fmt::format("{}={}", name, value));
    return fmt::format("{}", fmt::join(words, " "));
}

namespace {

// Only markers show that the lines ran, where there are markers; "" if the lines do.
std::string lines_caveat(const ReportInput& input) {
    if (input.spec.arms.front().marker.empty()) return "";
    auto why = input.lines.why_not;
    for (const auto& one : input.lines.maps)
        if (why.empty()) why = one.map.why_not;
    return why.empty() ? ""
                       : "the changed lines were not counted (" + why +
                             "); the markers alone show that they ran";
}

} // namespace

ChecksClaim checks_claim(const ReportInput& input) {
    if (input.spec.target.same_path)
        return {"Validity checks: every arm ran the target as often, and nothing was made to fail "
                "besides it",
                "target.same_path: no marker function distinguishes the arms; that a changed line "
                "ran is not "
                "shown"};
    if (input.spec.target.revisions)
        return {"Validity checks: every arm ran the target, and nothing else was made to fail",
                "target.revisions: the arms are steps of a history; that a changed line ran is not "
                "shown"};
    return {"Validity checks: the changed line was compiled in and ran, and nothing else was made "
            "to fail",
            lines_caveat(input)};
}

PatchLists patch_lists(const ReportInput& input) {
    auto enabling = [&](const std::string& patch) {
        return std::any_of(
            input.spec.kernel.prerequisites.begin(), input.spec.kernel.prerequisites.end(),
            [&](const auto& folder) { return patch.starts_with(folder.string() + "/"); });
    };
    PatchLists out;
    for (const auto& kernel : input.run.kernels) {
        auto& own = out.own.emplace_back();
        for (const auto& patch : kernel.patches) {
            if (!enabling(patch))
                own.push_back(patch);
            else if (std::find(out.shared.begin(), out.shared.end(), patch) == out.shared.end())
                out.shared.push_back(patch);
        }
    }
    return out;
}

std::string cpu_allocation_text(const RunInfo& run) {
    const auto& p = run.cpu_allocation;
    if (!p.at_once) return "";
    const auto cpus = fmt::format("{}", fmt::join(p.cpus, " | "));
    const auto boots = p.at_once == 1 ? std::string("one boot at a time")
                                      : fmt::format("{} boots at once", p.at_once);
    if (run.clock == "virtual")
        return fmt::format("{}, each on one of {}; no figure depends on that", boots, cpus);
    return fmt::format(
        "{} on {}{}{}", boots, cpus,
        p.pinned ? ", each vCPU on one of its own" : ", vCPUs where the host's scheduler puts them",
        p.shared ? "; SHARED: other boots may have run on the same CPUs (--share-cpus)"
                 : "; no other rig boots on them");
}

namespace {

// What a reader has to know about bystanders other than those that sleep.
std::vector<std::string> bystander_texts(const ReportInput& input) {
    const auto& workload = input.spec.workload;
    const bool turns = input.run.clock == "virtual";
    std::vector<std::string> out;
    if (input.spec.guest.passes == Passes::Count) return out;
    if (workload.bystanders && workload.bystander_mode == BystanderMode::User)
        out.push_back(fmt::format(
            "in user space on {}: they enter the kernel only when it interrupts them; more work "
            "is better{}",
            workload.bystander_cpus.empty() ? "every CPU but 0" : "CPU " + workload.bystander_cpus,
            turns ? "; vCPUs run one at a time, so that a gap includes the turns of the others, "
                    "and the work is a share of the turns"
                  : ""));
    if (const auto& caller = workload.caller_bystander)
        out.push_back(fmt::format(
            "on the caller's CPU {}: SCHED_FIFO {}, every {} us; what it takes is part of the "
            "caller's latencies",
            caller->cpu, caller->priority, caller->period_us));
    return out;
}

} // namespace

std::vector<MethodEntry> method_entries(const ReportInput& input) {
    const auto& run = input.run;
    std::vector<MethodEntry> out;
    std::set<std::string> compilers;
    for (const auto& kernel : run.kernels)
        if (!kernel.compiler.empty()) compilers.insert(kernel.compiler);
    std::vector<std::string> versions = {"rig " + run.rig_version};
    for (const auto& [what, version] : {std::pair{"qemu", run.qemu_version},
                                        {"libvirt", run.libvirt_version},
                                        {"perf", run.perf_version}})
        if (!version.empty())
            versions.push_back(version.starts_with(what) ? version
                                                         : fmt::format("{} {}", what, version));
    versions.insert(versions.end(), compilers.begin(), compilers.end());
    const auto& c = input.comparison;
    auto judged = c.held + c.unseen + c.failed + c.undecided + c.inconclusive;
    std::size_t bounds = 0;
    for (const auto& metric : c.metrics)
        for (const auto& arm : metric.arms)
            bounds += arm.test.has_value();
    out.push_back(
        {"intervals",
         fmt::format(
             "distribution-free, at least 95 % each, {}; the boot is the unit; "
             "verdicts on bounds are corrected for their number (Holm over {} of {} verdicts)",
             c.paired ? "median of ratios paired by seed" : "Hodges-Lehmann ratio, unpaired",
             bounds, judged)});
    if (const auto warmup = input.spec.guest.warmup_boots; warmup && run.clock == "wall")
        out.push_back(
            {"warm-up",
             fmt::format(
                 "the first {} boots of each arm are checked and kept, but not in any figure above",
                 warmup)});
    if (const auto text = cpu_allocation_text(run); !text.empty())
        out.push_back({"host CPUs", text});
    if (!run.seed_varies.empty()) out.push_back({"a seed varies", run.seed_varies});
    if (input.spec.guest.passes == Passes::Count)
        out.push_back({"passes", "the count pass only: no latency, no rate and no bystander was "
                                 "measured"});
    if (input.spec.guest.numa > 1)
        out.push_back({"NUMA", fmt::format("{} nodes of {} vCPUs and {} MiB", input.spec.guest.numa,
                                           input.spec.guest.vcpus / input.spec.guest.numa,
                                           input.spec.guest.memory_mib / input.spec.guest.numa)});
    for (auto& text : bystander_texts(input))
        out.push_back({"bystanders", std::move(text)});
    for (const auto& metric : input.spec.metrics)
        if (metric.custom)
            out.push_back(
                {"metric",
                 fmt::format("{}: {}",
                             metric.custom->label.empty() ? metric.name : metric.custom->label,
                             definition(*metric.custom))});
    out.push_back({"versions", fmt::format("{}", fmt::join(versions, "; "))});
    out.push_back({"time", fmt::format("{} to {}", run.started,
                                       run.ended.empty() ? "(not ended)" : run.ended) +
                               (run.resumed ? fmt::format(", resumed {} time{}", run.resumed,
                                                          run.resumed == 1 ? "" : "s")
                                            : "")});
    return out;
}

std::string raw_data(const ReportInput& input) {
    return fmt::format(
        "{0}/samples.jsonl, one line per boot; {0}/boots/ holds consoles and perf output",
        input.run_dir);
}

std::string injected_faults(const ReportInput& input, const std::string& arm, bool of_boot) {
    if (!input.spec.injects()) return "";
    std::vector<std::string> points;
    for (const auto* fault : input.spec.enabled_faults())
        points.push_back(fmt::format("{} in {}", fault->point,
                                     fault->pinned()      ? fault->function + "()"
                                     : fault->task_filter ? "any function of the workload's task"
                                                          : "any function"));
    const auto out = fmt::format("with injected faults: {}", fmt::join(points, ", "));
    const auto unknown = [](const std::string& name) { return "an unknown number in " + name; };
    if (of_boot) return out + ", " + unknown("this boot");
    std::vector<std::string> counts;
    const auto* metric = input.comparison.find("injections");
    for (const auto& one : input.spec.arms) {
        if (!arm.empty() && arm != one.name) continue;
        const ArmMetric* found = nullptr;
        if (metric)
            for (const auto& candidate : metric->arms)
                if (candidate.arm == one.name) found = &candidate;
        counts.push_back(found && found->spread
                             ? fmt::format("{} a boot in {}",
                                           spread_figure(*found->spread, Unit::Count), one.name)
                             : unknown(one.name));
    }
    return fmt::format("{}, {}", out, fmt::join(counts, ", "));
}

std::string shell_word(const std::string& word) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
    std::string out = "'";
    for (char c : word)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

} // namespace rig
