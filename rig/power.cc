#include "rig/power.h"

#include "rig/schedule.h"

namespace rig {
namespace {

constexpr unsigned draws = 100;

// `n` boots of each side, with putting back; of a paired contrast whole pairs.
Contrast draw(const Contrast& from, std::size_t n, std::uint64_t seed) {
    Contrast out{{}, {}, from.paired};
    for (std::size_t i = 0; i < n; ++i) {
        const auto value = mix(seed, 2 * i) % from.values.size();
        out.values.push_back(from.values[value]);
        out.base.push_back(from.paired ? from.base[value] : from.base[mix(seed, 2 * i + 1) % from.base.size()]);
    }
    return out;
}

bool decided(const MetricSpec& expect, const Contrast& contrast, std::size_t family) {
    ArmMetric arm;
    arm.change = change_between(contrast);
    arm.test = test_bound(expect, contrast);
    if (!arm.change || !arm.test) return false;
    for (auto member : {&BoundTest::worse, &BoundTest::holds, &BoundTest::better})
        (*arm.test.*member).adjusted = (*arm.test.*member).p * static_cast<double>(family);
    arm.test->family = family;
    decide(expect, arm);
    return arm.verdict != Verdict::Undecided && arm.verdict != Verdict::Inconclusive;
}

} // namespace

std::optional<std::size_t> boots_for_power(const MetricSpec& expect, const Contrast& contrast, std::size_t family) {
    if (contrast.values.empty() || contrast.base.empty()) return std::nullopt;
    for (std::size_t n = boots_needed(family, contrast.paired); n <= most_boots_asked; n += (n + 3) / 4) {
        unsigned good = 0;
        for (unsigned i = 0; i < draws; ++i) good += decided(expect, draw(contrast, n, mix(n, i)), family);
        if (good >= wanted_power * draws) return n;
    }
    return std::nullopt;
}

} // namespace rig
