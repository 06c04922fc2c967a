// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/sweeps.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <map>
#include <optional>

namespace rig {
namespace {

// Numbers by key, one of which may vary: "guest.vcpus" -> 4, "fault.times" -> 36.
using Numbers = std::map<std::string, double>;

struct Setting {
    Numbers numbers;
    std::vector<std::string> texts; // overrides that set no number
};

std::optional<double> number_of(std::string_view text) {
    double value = 0;
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stopped != end) return {};
    return value;
}

Setting setting_of(const RunRecord& run) {
    Setting setting;
    setting.numbers["guest.vcpus"] = run.vcpus;
    for (const auto& one : run.overrides) {
        const auto equals = one.find('=');
        const auto value =
            equals == one.npos ? std::nullopt : number_of(std::string_view(one).substr(equals + 1));
        if (value)
            setting.numbers[one.substr(0, equals)] = *value;
        else
            setting.texts.push_back(one);
    }
    return setting;
}

bool same_kernels(const RunRecord& one, const RunRecord& other) {
    const auto equal = [](const ArmRecord& a, const ArmRecord& b) {
        return a.arm == b.arm && a.image_sha256 == b.image_sha256;
    };
    return std::equal(one.arms.begin(), one.arms.end(), other.arms.begin(), other.arms.end(),
                      equal);
}

// The one key in which they differ. "" if there is none or more than one, or if only one of them
// overrides a key: the experiment's own number is not known here.
std::string difference(const Setting& one, const Setting& other) {
    if (one.texts != other.texts || one.numbers.size() != other.numbers.size()) return "";
    std::string key;
    for (auto a = one.numbers.begin(), b = other.numbers.begin(); a != one.numbers.end();
         ++a, ++b) {
        if (a->first != b->first) return "";
        if (a->second == b->second) continue;
        if (!key.empty()) return "";
        key = a->first;
    }
    return key;
}

} // namespace

std::vector<Plot> sweeps_of(const RunRecord& run, const std::vector<RunRecord>& others,
                            const std::vector<MetricResult>& metrics) {
    if (!run.proven()) return {};
    const auto own = setting_of(run);
    std::map<std::string, std::map<double, const RunRecord*>> sweeps; // by key and value
    for (const auto& other : others) {
        if (other.id == run.id || other.experiment != run.experiment || other.clock != run.clock ||
            other.accelerator != run.accelerator)
            continue;
        if (!other.proven() || !same_kernels(run, other) || other.host_boot != run.host_boot)
            continue;
        const auto setting = setting_of(other);
        const auto key = difference(own, setting);
        if (key.empty()) continue;
        auto& at = sweeps[key][setting.numbers.at(key)];
        if (!at || at->started < other.started) at = &other;
    }
    std::vector<Plot> plots;
    for (auto& [key, values] : sweeps) {
        values[own.numbers.at(key)] = &run;
        for (const auto& metric : metrics) {
            if (std::none_of(metric.arms.begin(), metric.arms.end(),
                             [](const ArmMetric& arm) { return !arm.declared.empty(); }))
                continue;
            Plot plot{metric.info.label, key, metric.info.unit, {}};
            for (const auto& [value, of] : values)
                for (const auto& figure : of->metrics)
                    if (figure.metric == metric.info.name && figure.median && figure.minimum &&
                        figure.maximum)
                        plot.rows.push_back({fmt::format("{:g}", value),
                                             figure.arm,
                                             {*figure.minimum, *figure.median, *figure.maximum}});
            if (std::any_of(plot.rows.begin(), plot.rows.end(),
                            [&](const PlotRow& row) { return row.x != plot.rows.front().x; }))
                plots.push_back(std::move(plot));
        }
    }
    return plots;
}

} // namespace rig
