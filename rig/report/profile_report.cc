// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/profile_report.h"

#include "rig/base/text.h"
#include "rig/results/run_profiles.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

// "1,234,567", "1,234.5" (a median of an even number of pairs), "-1,234".
std::string grouped(double value) {
    auto text = fmt::format("{:.1f}", std::abs(value));
    auto decimals = text.substr(text.size() - 2);
    text.resize(text.size() - 2);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<std::size_t>(at), ",");
    return (value < 0 ? "-" : "") + text + (decimals == ".0" ? "" : decimals);
}

std::string with_sign(double value) {
    return (value > 0 ? "+" : "") + grouped(value);
}

std::string per_call(double instructions, double calls) {
    return calls > 0 ? grouped(std::round(instructions / calls)) : "";
}

std::string row_text(const std::string& difference, const std::string& base_calls,
                     const std::string& calls, const std::string& base_per_call,
                     const std::string& each, const std::string& name) {
    const auto line = fmt::format("  {:>14} {:>9} {:>9} {:>9} {:>9}  {}", difference, base_calls,
                                  calls, base_per_call, each, name);
    return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string window_text(const ProfileWindowChange& window, unsigned number,
                        const std::string& baseline, const std::string& arm, std::size_t most) {
    const auto& all = window.instructions;
    const auto paragraph = [](const std::string& line, std::size_t indent) {
        return wrapped(printable(line), page, indent) + "\n";
    };
    auto text = paragraph(fmt::format("{}: {} instructions in {}, {} in {}, {} by pair",
                                      window_words(number), grouped(all.base), baseline,
                                      grouped(all.value), arm, with_sign(all.difference)),
                          2);
    if (const auto& idle = window.idle_ns)
        text += paragraph(
            fmt::format(
                "  idle: {} ns in {}, {} ns in {}, {} by pair (between perf's first and last "
                "event, which is where {:.1f} % of the instructions ran)",
                grouped(idle->base), baseline, grouped(idle->value), arm,
                with_sign(idle->difference), 100 * window.covered),
            4);
    if (window.rows.empty()) return text + "  no function and no program differs\n";
    text += row_text("instructions", "calls", "calls", "per call", "per call", "");
    text += row_text("by pair", "before", "after", "before", "after", "function or program");
    const auto shown = std::min(most, window.rows.size());
    for (std::size_t i = 0; i < shown; ++i) {
        const auto& row = window.rows[i];
        const bool function = row.kind == CodeKind::Function;
        text += row_text(
            with_sign(row.instructions.difference), function ? grouped(row.calls.base) : "",
            function ? grouped(row.calls.value) : "",
            function ? per_call(row.instructions.base, row.calls.base) : "",
            function ? per_call(row.instructions.value, row.calls.value) : "", printable(row.name));
    }
    if (shown < window.rows.size())
        text += fmt::format("  {:>14}  {} more, together\n", with_sign(together(window, shown)),
                            window.rows.size() - shown);
    return text + fmt::format("  {:>14}  {} others ran alike in both arms\n", "", window.same);
}

std::string arm_text(const ProfileComparison& comparison, const ArmProfileChange& arm,
                     const std::vector<unsigned>& windows, std::size_t rows) {
    auto text = fmt::format("{} (before: {}), {} pair{} of boots, medians over pairs\n", arm.arm,
                            comparison.baseline, arm.pairs, arm.pairs == 1 ? "" : "s");
    for (const auto window : windows)
        text += "\n" + window_text(arm.windows[window], window, comparison.baseline, arm.arm, rows);
    return text;
}

std::string text_of(const ProfileComparison& comparison, const std::vector<unsigned>& windows,
                    std::size_t rows) {
    std::string text;
    for (const auto& arm : comparison.arms)
        text += (text.empty() ? "" : "\n") + arm_text(comparison, arm, windows, rows);
    return text;
}

json figure_json(const PairedFigure& figure) {
    return {{"base", figure.base}, {"value", figure.value}, {"difference", figure.difference}};
}

const char* kind_name(CodeKind kind) {
    return kind == CodeKind::Function  ? "function"
           : kind == CodeKind::Program ? "program"
                                       : "other";
}

} // namespace

Result<ProfileComparison> profile_of(const ReportInput& input, const std::filesystem::path& run_dir,
                                     const std::vector<Sample>& samples) {
    std::vector<Sample> judged;
    for (const auto& sample : samples)
        if (!is_warmup(input.spec, sample)) judged.push_back(sample);
    RIG_TRY(profiles, load_profiles(run_dir, judged));
    std::vector<std::string> arms;
    for (const auto& arm : input.spec.arms)
        arms.push_back(arm.name);
    auto comparison = compare_profiles(arms, profiles);
    if (comparison.arms.empty())
        return fail(
            FaultDomain::Spec,
            fmt::format("no two boots of one seed are profiled in {} ({} boots are), want a "
                        "run of rig compare --profile",
                        run_dir.string(), profiles.size()));
    return comparison;
}

void add_profile(ReportInput& input, const std::filesystem::path& run_dir,
                 const std::vector<Sample>& samples) {
    auto comparison = profile_of(input, run_dir, samples);
    if (comparison)
        input.profile = std::move(*comparison);
    else if (comparison.error().fault_domain != FaultDomain::Spec)
        input.warnings.push_back("no profile is shown: " + comparison.error().message);
}

std::string profile_text(const ProfileComparison& comparison, std::size_t rows) {
    return text_of(comparison, {RIG_WINDOW_COUNT_PASS, RIG_WINDOW_LATENCY_PASS, RIG_WINDOW_REST},
                   rows);
}

std::string profile_section(const ReportInput& input) {
    if (!input.profile) return {};
    return text_of(*input.profile, {RIG_WINDOW_COUNT_PASS, RIG_WINDOW_LATENCY_PASS}, kReportedRows);
}

json profile_json(const ProfileComparison& comparison) {
    json out = {{"baseline", comparison.baseline}, {"arms", json::array()}};
    for (const auto& arm : comparison.arms) {
        json windows = json::object();
        for (unsigned number = 0; number < RIG_WINDOWS; ++number) {
            const auto& window = arm.windows[number];
            json rows = json::array();
            for (const auto& row : window.rows)
                rows.push_back({{"kind", kind_name(row.kind)},
                                {"name", row.name},
                                {"instructions", figure_json(row.instructions)},
                                {"calls", figure_json(row.calls)}});
            auto& one = windows[std::string(window_key(number))];
            one = {{"instructions", figure_json(window.instructions)},
                   {"rows", std::move(rows)},
                   {"same", window.same}};
            if (window.idle_ns) {
                one["idle_ns"] = figure_json(*window.idle_ns);
                one["covered"] = window.covered;
            }
        }
        out["arms"].push_back(
            {{"arm", arm.arm}, {"pairs", arm.pairs}, {"windows", std::move(windows)}});
    }
    return out;
}

} // namespace rig
