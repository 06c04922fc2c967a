// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/calibration.h"

#include "rig/analysis/bound_tests.h"
#include "rig/base/random.h"
#include "rig/guest_output/metric.h"
#include "rig/stats/rank_tests.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace rig {
namespace {

// One metric of one arm: its boots by index. Comparisons draw from these.
using Values = std::vector<BootValue>;
struct MetricValues {
    MetricInfo info;
    std::map<std::string, Values> arms;
};

// Draws without replacement; the same seed gives the same draws on every machine.
class Draws {
 public:
    explicit Draws(std::uint64_t seed) : seed_(seed) {}
    std::vector<std::size_t> some(std::size_t count, std::size_t of) {
        std::vector<std::size_t> all(of);
        for (std::size_t i = 0; i < of; ++i)
            all[i] = i;
        for (std::size_t i = 0; i < count; ++i)
            std::swap(all[i], all[i + mix(seed_, next_++) % (of - i)]);
        all.resize(count);
        return all;
    }

 private:
    std::uint64_t seed_, next_ = 0;
};

// Only metrics that every boot has.
std::vector<MetricValues> values_of(const Spec& spec, const std::vector<const Sample*>& samples) {
    std::vector<MetricValues> out;
    for (const auto& info : metric_infos(spec.metrics)) {
        const bool asked = std::any_of(spec.metrics.begin(), spec.metrics.end(),
                                       [&](const MetricSpec& m) { return m.name == info.name; });
        if (!asked) continue;
        MetricValues one{info, {}};
        bool whole = true;
        for (const auto* sample : samples) {
            const auto value = metric_value(info.name, *sample, spec.target);
            whole = whole && value;
            if (value) one.arms[sample->id.arm].push_back({sample->id.index, *value});
        }
        if (whole) out.push_back(std::move(one));
    }
    return out;
}

// Under the virtual clock a replay is the same boot again and adds nothing to the pool. Under the
// wall clock it is one more boot.
Values baseline_pool(const MetricValues& metric, const Spec& spec, bool paired) {
    auto pool = metric.arms.at(spec.arms.front().name);
    if (!paired)
        if (const auto again = metric.arms.find(replay_of(spec.arms.front().name));
            again != metric.arms.end())
            pool.insert(pool.end(), again->second.begin(), again->second.end());
    return pool;
}

Rate rate(std::size_t hits, std::size_t trials) {
    return {hits, trials, clopper_pearson(hits, trials).value()};
}

void count_alarms(const std::vector<MetricValues>& metrics, const Spec& spec,
                  const CalibrationOptions& options, Calibration& out) {
    Draws draws(mix(options.seed, 0));
    std::vector<std::size_t> alarms(metrics.size(), 0);
    std::size_t families = 0;
    for (unsigned i = 0; i < options.comparisons; ++i) {
        const auto drawn = draws.some(2 * out.boots, out.pool);
        std::vector<double> p;
        for (std::size_t m = 0; m < metrics.size(); ++m) {
            const auto pool = baseline_pool(metrics[m], spec, out.paired);
            Contrast contrast{{}, {}, out.paired};
            for (unsigned boot = 0; boot < out.boots; ++boot) {
                contrast.values.push_back(pool[drawn[boot]].value);
                contrast.base.push_back(pool[drawn[out.boots + boot]].value);
            }
            const auto change = change_between(contrast).value();
            alarms[m] += change.direction == Direction::Rose || change.direction == Direction::Fell;
            p.push_back(change.no_change.two_sided);
        }
        const auto adjusted = holm(p);
        families += std::any_of(adjusted.begin(), adjusted.end(),
                                [](double one) { return one <= family_error; });
    }
    // Use the attained level: ranks are whole numbers, so exactly 5 % is rarely possible.
    std::vector<double> distinct(out.boots);
    for (unsigned boot = 0; boot < out.boots; ++boot)
        distinct[boot] = boot;
    const auto interval =
        out.paired ? median_estimate(distinct)->interval : shift(distinct, distinct)->interval;
    for (std::size_t m = 0; m < metrics.size(); ++m)
        out.alarms.push_back({metrics[m].info.name, rate(alarms[m], options.comparisons),
                              interval ? 1 - interval->coverage : 0});
    out.family = rate(families, options.comparisons);
}

Detection detect(const MetricValues& metric, const std::string& arm, const Spec& spec,
                 const CalibrationOptions& options, const Calibration& out) {
    const auto& planted = metric.arms.at(arm);
    const auto base =
        out.paired ? metric.arms.at(spec.arms.front().name) : baseline_pool(metric, spec, false);
    ArmMetric whole, whole_base;
    whole.boots = planted;
    whole_base.boots = base;
    const auto change = change_between(contrast(whole, whole_base, out.paired)).value();
    Detection detection{arm, metric.info.name, change.ratio, change.difference, {}, {}};
    Draws draws(mix(options.seed, 1));
    std::size_t rose = 0, fell = 0;
    for (unsigned i = 0; i < options.comparisons; ++i) {
        ArmMetric one, other;
        const auto drawn = draws.some(out.boots, planted.size());
        const auto against = out.paired ? drawn : draws.some(out.boots, base.size());
        for (auto boot : drawn)
            one.boots.push_back(planted[boot]);
        for (auto boot : against)
            other.boots.push_back(base[boot]);
        const auto found = change_between(contrast(one, other, out.paired)).value().direction;
        rose += found == Direction::Rose;
        fell += found == Direction::Fell;
    }
    detection.rose = rate(rose, options.comparisons);
    detection.fell = rate(fell, options.comparisons);
    return detection;
}

Replays compare_replays(const Spec& spec, const std::vector<const Sample*>& samples) {
    Replays replays;
    for (const auto* sample : samples)
        for (const auto* again : samples) {
            if (sample->id.arm != spec.arms.front().name ||
                again->id.arm != replay_of(sample->id.arm) || sample->id.index != again->id.index)
                continue;
            ++replays.pairs;
            const auto difference = first_difference(*sample, *again);
            if (difference.empty())
                ++replays.identical;
            else if (replays.first.empty())
                replays.first = fmt::format("boot {}: {}", sample->id.index, difference);
        }
    return replays;
}

} // namespace

std::string replay_of(const std::string& arm) {
    return arm + "-again";
}

Spec with_replay(Spec spec) {
    auto again = spec.arms.front();
    again.name = replay_of(again.name);
    spec.arms.insert(spec.arms.begin() + 1, std::move(again));
    return spec;
}

Exit Calibration::exit() const {
    if (replays && replays->identical != replays->pairs) return Exit::Fail;
    if (family.interval.low > family_error) return Exit::Fail;
    return std::any_of(alarms.begin(), alarms.end(),
                       [](const AlarmRate& one) { return one.too_high(); })
               ? Exit::Fail
               : Exit::Pass;
}

Result<Calibration> calibrate(const Spec& spec, const std::vector<Sample>& all,
                              const CalibrationOptions& options) {
    std::vector<const Sample*> samples;
    for (const auto& sample : all)
        if (!is_warmup(spec, sample)) samples.push_back(&sample);
    if (samples.empty()) return fail(FaultDomain::Spec, "no boot to calibrate with");
    Calibration out;
    out.clock = samples.front()->run_clock;
    out.paired = out.clock == "virtual";
    out.boots = options.boots;
    const auto metrics = values_of(spec, samples);
    if (metrics.empty())
        return fail(FaultDomain::Spec, "no metric of the experiment is in every boot");
    for (const auto& arm : spec.arms)
        if (const auto found = metrics.front().arms.find(arm.name);
            found == metrics.front().arms.end() || found->second.size() < options.boots)
            return fail(
                FaultDomain::Spec,
                fmt::format(
                    "arm '{}' has {} boots, want at least the {} of one side of a comparison",
                    arm.name, found == metrics.front().arms.end() ? 0 : found->second.size(),
                    options.boots));
    out.pool = baseline_pool(metrics.front(), spec, out.paired).size();
    if (out.pool < 2 * std::size_t{options.boots} || options.comparisons == 0)
        return fail(
            FaultDomain::Spec,
            fmt::format("{} different boots of the baseline, want at least {}: two sides of {}",
                        out.pool, 2 * options.boots, options.boots));
    if (out.paired) {
        out.replays = compare_replays(spec, samples);
        if (out.replays->pairs == 0)
            return fail(FaultDomain::Spec, fmt::format("no arm '{}': nothing was replayed",
                                                       replay_of(spec.arms.front().name)));
    }
    count_alarms(metrics, spec, options, out);
    for (std::size_t arm = 1; arm < spec.arms.size(); ++arm)
        if (spec.arms[arm].name != replay_of(spec.arms.front().name))
            for (const auto& metric : metrics)
                out.detections.push_back(detect(metric, spec.arms[arm].name, spec, options, out));
    return out;
}

} // namespace rig
