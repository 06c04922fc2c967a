// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/bound_tests.h"

#include "rig/stats/rank_tests.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <tuple>

namespace rig {
namespace {

// 1010 against 1.01 * 1000 is exactly at the bound: rounding errors of the product must not matter.
constexpr double same_share = 1e-12;

double scaled_difference(double value, double base, double bound) {
    const auto difference = value - bound * base;
    return std::abs(difference) <= same_share * value ? 0 : difference;
}

// Tests `values` against bound * base.
RankTest against(const Contrast& contrast, double bound, AtBound at_bound) {
    if (contrast.paired) {
        std::vector<double> differences;
        for (std::size_t i = 0; i < contrast.values.size(); ++i)
            differences.push_back(scaled_difference(contrast.values[i], contrast.base[i], bound));
        return signed_rank(differences, at_bound).value();
    }
    auto scaled = contrast.base;
    for (auto& one : scaled) {
        const auto same =
            std::find_if(contrast.values.begin(), contrast.values.end(),
                         [&](double value) { return scaled_difference(value, one, bound) == 0; });
        one = same == contrast.values.end() ? bound * one : *same;
    }
    return mann_whitney(contrast.values, scaled, at_bound).value();
}

double min_p(const Contrast& contrast) {
    return contrast.paired ? min_p_signed_rank(contrast.values.size())
                           : min_p_mann_whitney(contrast.values.size(), contrast.base.size());
}

std::string number(double value) {
    return fmt::format("{:.10g}", value);
}

// Sets `verdict`, which the interval supports, if the test of `made` supports it too.
void claim(ArmMetric& arm, const Claim& made, Verdict verdict, std::string why) {
    if (made.adjusted <= family_error) {
        arm.verdict = verdict;
        arm.why = std::move(why);
        return;
    }
    const auto& test = *arm.test;
    arm.verdict = Verdict::Undecided;
    if (test.min_p * static_cast<double>(test.family) > family_error)
        arm.why = fmt::format("{} comparisons cannot be decided with {} boots per arm at {:.0f} % "
                              "together (the least p is {:.2g}): want >= {}",
                              test.family, arm.change->ratio.n, 100 * family_error, test.min_p,
                              boots_needed(test.family, arm.change->paired));
    else
        arm.why = fmt::format("decided on its own (p {:.2g}), but not as one of {} comparisons "
                              "(Holm: {:.2g}, want at most {:.2g})",
                              made.p, test.family, made.adjusted, family_error);
}

// The interval of a ratio.
struct Reach {
    double low = 0, high = 0;
};

// The interval contains a bound of the expectation.
void straddles(const Reach& reach, double bound, ArmMetric& arm) {
    arm.verdict = Verdict::Undecided;
    arm.why = fmt::format("interval ×{:.4g} to ×{:.4g} straddles ×{}", reach.low, reach.high,
                          number(bound));
}

// Expectations of a metric of which less is better.
void decide_lower(const MetricSpec& expect, const BoundTest& test, const Reach& reach,
                  ArmMetric& arm) {
    const auto [low, high] = reach;
    const bool falls = expect.kind == ExpectKind::Falls;
    if (low > test.high) {
        claim(arm, test.worse,
              expect.kind == ExpectKind::AtMost ? Verdict::Broken : Verdict::Regressed,
              fmt::format("interval from ×{:.4g}, want {} ×{}", low, falls ? "below" : "at most",
                          number(test.high)));
    } else if (falls && high < 1) {
        claim(arm, test.better, Verdict::Improved, "");
    } else if (falls && low == 1 && high == 1) {
        arm.verdict = Verdict::Broken;
        arm.why = "it did not fall: the same in every boot";
    } else if (!falls && high <= test.high && low >= test.low) {
        const bool improved =
            expect.kind == ExpectKind::NotWorse && high < 1 && test.better.adjusted <= family_error;
        claim(arm, test.holds,
              improved                               ? Verdict::Improved
              : expect.kind == ExpectKind::AtMost    ? Verdict::AsDeclared
              : expect.kind == ExpectKind::Unchanged ? Verdict::Unchanged
                                                     : Verdict::WithinBound,
              "");
    } else if (high < test.low) {
        claim(
            arm, test.better, Verdict::Broken,
            fmt::format("it fell: interval to ×{:.4g}, want at least ×{}", high, number(test.low)));
    } else {
        straddles(reach, low < test.low && high <= test.high ? test.low : test.high, arm);
    }
}

// "not-worse" and "unchanged" of a rate.
void decide_higher(const MetricSpec& expect, const BoundTest& test, const Reach& reach,
                   ArmMetric& arm) {
    const auto [low, high] = reach;
    if (high < test.low) {
        claim(arm, test.worse, Verdict::Regressed,
              fmt::format("interval to ×{:.4g}, want at least ×{}", high, number(test.low)));
    } else if (low > test.high) {
        claim(arm, test.better, Verdict::Broken,
              fmt::format("it rose: interval from ×{:.4g}, want at most ×{}", low,
                          number(test.high)));
    } else if (low >= test.low && high <= test.high) {
        const bool improved =
            expect.kind == ExpectKind::NotWorse && low > 1 && test.better.adjusted <= family_error;
        claim(arm, test.holds,
              improved                               ? Verdict::Improved
              : expect.kind == ExpectKind::Unchanged ? Verdict::Unchanged
                                                     : Verdict::WithinBound,
              "");
    } else {
        straddles(reach, high > test.high && low >= test.low ? test.high : test.low, arm);
    }
}

void decide_rise(const BoundTest& test, const Reach& reach, ArmMetric& arm) {
    const auto [low, high] = reach;
    if (test.low == 1 && low == 1 && high == 1) {
        arm.verdict = Verdict::Broken;
        arm.why = "it did not rise: the same in every boot";
    } else if (high < test.low) {
        claim(arm, test.worse, high < 1 ? Verdict::Regressed : Verdict::Broken,
              fmt::format("interval to ×{:.4g}, want {} ×{}", high,
                          test.low > 1 ? "at least" : "above", number(test.low)));
    } else if (test.low > 1 ? low >= test.low : low > 1) {
        claim(arm, test.holds, Verdict::Improved, "");
    } else {
        straddles(reach, test.low, arm);
    }
}

} // namespace

Contrast contrast(const ArmMetric& arm, const ArmMetric& base, bool paired) {
    Contrast out{{}, {}, paired};
    for (const auto& boot : arm.boots) {
        if (!paired) out.values.push_back(boot.value);
        for (const auto& other : base.boots)
            if (paired && boot.boot == other.boot)
                out.values.push_back(boot.value), out.base.push_back(other.value);
    }
    if (!paired)
        for (const auto& other : base.boots)
            out.base.push_back(other.value);
    return out;
}

std::optional<Change> change_between(const Contrast& contrast) {
    const auto& [values, base, paired] = contrast;
    auto ratio = paired ? paired_ratio(values, base) : shift_ratio(values, base);
    auto difference = paired ? paired_difference(values, base) : shift(values, base);
    if (!ratio || !difference) return std::nullopt;
    Change change;
    change.paired = paired;
    change.ratio = *ratio;
    change.difference = *difference;
    if (const auto& interval = difference->interval)
        change.direction = interval->low == 0 && interval->high == 0 ? Direction::Same
                           : interval->low > 0                       ? Direction::Rose
                           : interval->high < 0                      ? Direction::Fell
                                                                     : Direction::Unclear;
    change.no_change = against(contrast, 1, AtBound::Nothing);
    change.effect =
        change.no_change.most == 0 ? 0 : 2 * change.no_change.statistic / change.no_change.most - 1;
    return change;
}

bool bounds_a_ratio(const MetricSpec& expect) {
    return expect.kind != ExpectKind::Exactly && expect.kind != ExpectKind::Report;
}

std::pair<double, double> bounds_of(const MetricSpec& expect) {
    switch (expect.kind) {
    case ExpectKind::AtMost:
        return {0, expect.ratio};
    case ExpectKind::NotWorse:
        if (higher_is_better(expect)) return {1 - expect.within, no_upper_bound};
        return {0, 1 + expect.within};
    case ExpectKind::Rises:
        return {std::max(1.0, expect.ratio), no_upper_bound};
    case ExpectKind::Unchanged:
        return {1 - expect.within, 1 + expect.within};
    case ExpectKind::Falls:
    case ExpectKind::Report:
    case ExpectKind::Exactly:
        break;
    }
    return {0, 1};
}

std::optional<BoundTest> test_bound(const MetricSpec& expect, const Contrast& contrast) {
    if (contrast.values.empty() || contrast.base.empty()) return std::nullopt;
    if (expect.kind == ExpectKind::Report || expect.kind == ExpectKind::Exactly)
        return std::nullopt;
    BoundTest test;
    test.higher_is_better = higher_is_better(expect);
    std::tie(test.low, test.high) = bounds_of(expect);
    test.min_p = min_p(contrast);
    // The probabilities of values at a bound or beyond it. A value at the bound still keeps it.
    const auto above = [&](double bound) { return against(contrast, bound, AtBound::Below).above; };
    const auto below = [&](double bound) { return against(contrast, bound, AtBound::Above).below; };
    const bool has_low = test.low > 0, has_high = std::isfinite(test.high);
    const auto beyond_high = [&] { return has_high ? above(test.high) : above(1); };
    const auto beyond_low = [&] { return has_low ? below(test.low) : below(1); };
    test.worse.p = test.higher_is_better ? beyond_low() : beyond_high();
    test.better.p = test.higher_is_better ? beyond_high() : beyond_low();
    test.holds.p = std::max(has_high ? against(contrast, test.high, AtBound::Below).below : 0,
                            has_low ? against(contrast, test.low, AtBound::Above).above : 0);
    // Only a fall satisfies "falls", and only a rise "rises"; one as large as declared will do.
    if (expect.kind == ExpectKind::Falls || (expect.kind == ExpectKind::Rises && test.low == 1))
        test.holds = test.better;
    return test;
}

void correct(const std::vector<BoundTest*>& family) {
    for (auto member : {&BoundTest::worse, &BoundTest::holds, &BoundTest::better}) {
        std::vector<double> p;
        for (const auto* test : family)
            p.push_back((test->*member).p);
        const auto adjusted = holm(p);
        for (std::size_t i = 0; i < family.size(); ++i)
            (family[i]->*member).adjusted = adjusted[i];
    }
    for (auto* test : family)
        test->family = family.size();
}

std::string declared(const MetricSpec& expect) {
    switch (expect.kind) {
    case ExpectKind::AtMost:
        return fmt::format("at most ×{}", number(expect.ratio));
    case ExpectKind::NotWorse:
        return fmt::format("not worse within {} %", number(100 * expect.within));
    case ExpectKind::Unchanged:
        return fmt::format("unchanged within {} %", number(100 * expect.within));
    case ExpectKind::Falls:
        return "falls";
    case ExpectKind::Rises:
        return expect.ratio > 1 ? fmt::format("rises to at least ×{}", number(expect.ratio))
                                : "rises";
    case ExpectKind::Report:
    case ExpectKind::Exactly:
        break;
    }
    return "";
}

void decide(const MetricSpec& expect, ArmMetric& arm) {
    arm.declared = declared(expect);
    if (!arm.change || !arm.test) {
        arm.verdict = Verdict::Inconclusive;
        if (arm.why.empty()) arm.why = "the baseline does not hold it";
        return;
    }
    const auto& ratio = arm.change->ratio;
    if (!ratio.interval) {
        arm.verdict = Verdict::Undecided;
        arm.why = ratio.why_not;
        return;
    }
    const auto& test = *arm.test;
    const Reach reach{ratio.interval->low, ratio.interval->high};
    if (expect.kind == ExpectKind::Rises)
        decide_rise(test, reach, arm);
    else if (test.higher_is_better)
        decide_higher(expect, test, reach, arm);
    else
        decide_lower(expect, test, reach, arm);
}

std::size_t boots_needed(std::size_t family, bool paired) {
    for (std::size_t n = paired ? 6 : 5;; ++n) // fewer boots give no 95 % interval
        if (static_cast<double>(family) *
                (paired ? min_p_signed_rank(n) : min_p_mann_whitney(n, n)) <=
            family_error)
            return n;
}

} // namespace rig
