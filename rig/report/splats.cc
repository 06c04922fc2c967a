// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/splats.h"

#include "rig/kernel/kernel_facts.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

std::map<std::string, std::string> detectors_of(const ReportInput& input, const std::string& arm) {
    std::map<std::string, std::string> out;
    const auto* kernel = input.run.find_kernel(arm);
    for (const auto& option : detector_options()) {
        auto& value = out[option] = "unknown";
        if (!kernel || !kernel->facts.config_known) continue;
        if (const auto found = kernel->facts.config.find(option);
            found != kernel->facts.config.end())
            value = found->second;
    }
    return out;
}

std::string joined(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, ", "));
}

std::vector<std::string> muted_in(const ReportInput& input, const Arm& arm) {
    return muted_detectors(input.spec.for_arm(arm).guest.extra_cmdline);
}

// "WARN, BUG and oops; on: DEBUG_ATOMIC_SLEEP; off: PROVE_LOCKING, PROVE_RCU, KASAN".
std::string watched(const std::map<std::string, std::string>& detectors,
                    const std::vector<std::string>& muted) {
    std::vector<std::string> on, off, unknown;
    for (const auto& option : detector_options()) {
        const auto& value = detectors.at(option);
        if (option == "BUG") continue;
        (value == "y" ? on : value == "unknown" ? unknown : off).push_back(option);
    }
    std::string text = detectors.at("BUG") == "n"
                           ? "oops only: with CONFIG_BUG=n no WARN and no BUG is heard"
                           : "WARN, BUG and oops";
    if (!on.empty()) text += "; on: " + joined(on);
    if (!off.empty()) text += "; off: " + joined(off);
    if (!unknown.empty()) text += "; unknown: " + joined(unknown);
    if (!muted.empty()) text += "; less by the command line: " + joined(muted);
    return text;
}

std::string place_of(const ArmSplat& splat, const ArmSplats& arm, const ReportInput& input) {
    auto text = fmt::format("{} time{} in {} of {} boots; first: {}", splat.count,
                            splat.count == 1 ? "" : "s", splat.boots, arm.boots,
                            excerpts_of(input, splat.first));
    if (splat.followed)
        text += "; after the declared one in each boot: may be its consequence, no verdict";
    if (splat.in_baseline)
        text += fmt::format("; {} has it too: it is there without the patch",
                            input.comparison.baseline);
    // After its first report lockdep turns itself off, so it did not see what came later in that
    // boot.
    if (splat.kind == SplatKind::Lockdep || splat.kind == SplatKind::RcuUsage)
        text += "; lockdep is off after its first report in a boot";
    if (is_stall(splat.kind) && input.run.clock == "wall")
        text += "; under the wall clock a busy host can be the cause";
    return text;
}

void add_splat(std::vector<ReportLine>& lines, const char* mark, const ArmSplat& splat,
               const ArmSplats& arm, const ReportInput& input) {
    lines.push_back({fmt::format("    {} {}{}", mark, in_words(splat), guilty_beside(splat)), 8});
    lines.push_back({"      " + place_of(splat, arm, input), 8});
}

std::string summary(const ArmSplats& arm) {
    switch (arm.verdict) {
    case SplatVerdict::Clean:
        if (arm.boots == 0) return "not known: no boot";
        return arm.notices.empty() ? fmt::format("none in {} boots", arm.boots)
                                   : fmt::format("none in {} boots, but", arm.boots);
    case SplatVerdict::AsDeclared:
        return fmt::format("✔ as declared: \"{}\" in {} of {} boots", arm.declared, arm.boots,
                           arm.boots);
    case SplatVerdict::Silent:
        return fmt::format(
            "✘ the control did not fail: no \"{}\" in {} of {} boots (first: boot {})",
            arm.declared, arm.silent.size(), arm.boots, arm.silent.front());
    case SplatVerdict::Splatted:
        break;
    }
    if (arm.declared.empty()) return "✘ none is declared";
    if (arm.silent.empty()) return fmt::format("✘ \"{}\" as declared, and others", arm.declared);
    return fmt::format("✘ not as declared: no \"{}\" in {} of {} boots", arm.declared,
                       arm.silent.size(), arm.boots);
}

json splat_json(const ArmSplat& splat, const ReportInput& input) {
    return {{"kind", name(splat.kind)},
            {"title", splat.title},
            {"function", splat.function},
            {"boots", splat.boots},
            {"count", splat.count},
            {"declared", splat.declared},
            {"followed", splat.followed},
            {"in_baseline", splat.in_baseline},
            {"first", excerpts_of(input, splat.first)}};
}

} // namespace

std::string excerpts_of(const ReportInput& input, const BootId& boot) {
    return fmt::format("{}/boots/{:04}-{}-{}/splats.txt", input.run_dir, boot.order, boot.arm,
                       boot.index);
}

std::vector<ReportLine> splat_lines(const ReportInput& input) {
    const auto& arms = input.comparison.splats;
    std::vector<ReportLine> lines{{"Kernel splats", 4}};
    const auto labelled = [](const std::string& name, const std::string& text) {
        const auto label = fmt::format("  {:<13} ", name);
        return ReportLine{label + text, 16, label.size()};
    };
    unsigned boots = 0;
    bool clean = true, some_without = false;
    for (const auto& arm : arms) {
        boots += arm.boots;
        some_without = some_without || arm.boots == 0;
        clean = clean && arm.verdict == SplatVerdict::Clean && arm.notices.empty();
    }
    clean = clean && (boots == 0 || !some_without);
    if (clean)
        lines.push_back(labelled("all arms", boots == 0 ? "not known: no boot"
                                                        : fmt::format("none in {} boots", boots)));
    for (const auto& arm : arms) {
        if (clean) break;
        lines.push_back(labelled(arm.arm, summary(arm)));
        for (const auto& splat : arm.splats)
            add_splat(lines, splat.declared ? "✔" : splat.followed ? "·" : "✘", splat, arm, input);
        for (const auto& notice : arm.notices)
            add_splat(lines, "!", notice, arm, input);
        if (arm.further)
            lines.push_back(
                {fmt::format("    ✘ {} more, of kinds that found no room: see console.log",
                             arm.further),
                 8});
    }
    // Which detectors were enabled, and in which arms.
    std::vector<std::pair<std::string, std::string>> texts;
    for (const auto& arm : input.spec.arms) {
        const auto text = watched(detectors_of(input, arm.name), muted_in(input, arm));
        const auto known = std::find_if(texts.begin(), texts.end(),
                                        [&](const auto& entry) { return entry.second == text; });
        if (known == texts.end())
            texts.emplace_back(arm.name, text);
        else
            known->first += ", " + arm.name;
    }
    for (const auto& [where, text] : texts)
        lines.push_back(
            labelled("detectors", text + (texts.size() > 1 ? fmt::format(" ({})", where) : "")));
    return lines;
}

json splats_json(const ReportInput& input) {
    json arms = json::array(), detectors = json::object(), muted = json::object();
    for (const auto& arm : input.spec.arms) {
        detectors[arm.name] = detectors_of(input, arm.name);
        muted[arm.name] = muted_in(input, arm);
    }
    for (const auto& arm : input.comparison.splats) {
        json one = {{"arm", arm.arm},
                    {"boots", arm.boots},
                    {"declared", arm.declared},
                    {"verdict", words(arm.verdict)},
                    {"silent_boots", arm.silent},
                    {"further", arm.further},
                    {"splats", json::array()},
                    {"notices", json::array()}};
        for (const auto& splat : arm.splats)
            one["splats"].push_back(splat_json(splat, input));
        for (const auto& notice : arm.notices)
            one["notices"].push_back(splat_json(notice, input));
        arms.push_back(std::move(one));
    }
    return {{"detectors", std::move(detectors)},
            {"muted", std::move(muted)},
            {"arms", std::move(arms)}};
}

} // namespace rig
