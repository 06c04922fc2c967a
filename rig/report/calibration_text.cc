// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/calibration_text.h"

#include "rig/base/text.h"
#include "rig/report/figures.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

json as_json(const Rate& rate) {
    return {{"hits", rate.hits},
            {"trials", rate.trials},
            {"low", rate.interval.low},
            {"high", rate.interval.high}};
}

json as_json(const Estimate& estimate) {
    json out = {{"value", estimate.value}, {"n", estimate.n}, {"low", nullptr}, {"high", nullptr}};
    if (estimate.interval)
        out["low"] = estimate.interval->low, out["high"] = estimate.interval->high;
    return out;
}

std::string share(const Rate& rate) {
    return fmt::format("{:5.1f} % [{:.1f}, {:.1f}]",
                       100.0 * static_cast<double>(rate.hits) / static_cast<double>(rate.trials),
                       100 * rate.interval.low, 100 * rate.interval.high);
}

} // namespace

std::string calibration_text(const Calibration& c) {
    std::string out =
        fmt::format("{} clock, {} boots a side, {}\n\n", c.clock, c.boots,
                    c.paired ? "paired by seed" : "unpaired (Mann-Whitney, Hodges-Lehmann)");
    if (c.replays)
        out +=
            fmt::format("Replays: the same image and seed booted twice\n  {} of {} pairs are the "
                        "same in every byte{}\n\n",
                        c.replays->identical, c.replays->pairs,
                        c.replays->first.empty() ? "" : "; first difference: " + c.replays->first);
    out += fmt::format("False alarms: {} comparisons of the baseline with itself, resampled from "
                       "{} real boots; they share boots, so\n"
                       "that their intervals are narrower than those of as many runs would be\n",
                       c.family.trials, c.pool);
    out += fmt::format("  {:<24} {:>24}   {}\n", "metric", "alarms [95 %]", "nominal at this n");
    for (const auto& one : c.alarms)
        out += fmt::format("  {:<24} {:>24}   {:.2f} %{}\n", one.metric, share(one.rate),
                           100 * one.nominal, one.too_high() ? "  TOO HIGH" : "");
    out +=
        fmt::format("  {:<24} {:>24}   {:.2f} %{}\n\n", "any, after Holm", share(c.family),
                    100 * family_error, c.family.interval.low > family_error ? "  TOO HIGH" : "");
    out +=
        fmt::format("Planted effects: {} comparisons each, resampled from the arm's real boots\n",
                    c.family.trials);
    out += fmt::format("  {:<16} {:<22} {:>9}  {:>12}  {:>22}  {:>22}\n", "arm", "metric", "effect",
                       "difference", "found risen [95 %]", "found fallen [95 %]");
    for (const auto& one : c.detections)
        out += fmt::format(
            "  {:<16} {:<22} {}  {:>12.6g}  {:>22}  {:>22}\n", one.arm, one.metric,
            std::string(9 - std::min<std::size_t>(9, display_width(factor(one.ratio.value))), ' ') +
                factor(one.ratio.value),
            one.difference.value, share(one.rose), share(one.fell));
    return out;
}

json calibration_json(const Calibration& c) {
    json out = {{"clock", c.clock},
                {"paired", c.paired},
                {"boots", c.boots},
                {"pool", c.pool},
                {"alarms", json::array()},
                {"family", as_json(c.family)},
                {"family_error", family_error},
                {"detections", json::array()},
                {"replays", nullptr},
                {"exit", static_cast<int>(c.exit())}};
    if (c.replays)
        out["replays"] = {{"pairs", c.replays->pairs},
                          {"identical", c.replays->identical},
                          {"first", c.replays->first}};
    for (const auto& one : c.alarms)
        out["alarms"].push_back({{"metric", one.metric},
                                 {"rate", as_json(one.rate)},
                                 {"nominal", one.nominal},
                                 {"too_high", one.too_high()}});
    for (const auto& one : c.detections)
        out["detections"].push_back({{"arm", one.arm},
                                     {"metric", one.metric},
                                     {"ratio", as_json(one.ratio)},
                                     {"difference", as_json(one.difference)},
                                     {"rose", as_json(one.rose)},
                                     {"fell", as_json(one.fell)}});
    return out;
}

} // namespace rig
