// SPDX-License-Identifier: GPL-2.0-or-later
// Judges, for one arm, an expectation that bounds a ratio. A decision needs two things: an interval
// of the ratio that does not contain the bound, and a rank test against that bound whose p-value
// passes Holm's correction. Anything else is undecided. Pure.
//
// There are three kinds of claim: a figure is beyond its bound (a false alarm if untrue), a figure
// keeps its bound (a false clearance if untrue; with two bounds both tests must reject: TOST), a
// figure improved. Each kind is a family of its own over all bounded (metric, arm) pairs of a run.
// Per family, the probability of at least one untrue claim is at most family_error.
#pragma once

#include "rig/analysis/comparison.h"
#include "rig/spec/spec.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace rig {

// The values of an arm and of the baseline, paired by boot index or as two samples. All must be >=
// 0, since ratios are formed.
struct Contrast {
    std::vector<double> values, base;
    bool paired = false;
};
// If paired: only boot indices that both sides have.
Contrast contrast(const ArmMetric& arm, const ArmMetric& base, bool paired);

// Estimates, the test of "no change" and the effect size; nullopt if a side has no value or no boot
// index is common.
std::optional<Change> change_between(const Contrast& contrast);

// The uncorrected tests of `expect`; nullopt if `expect` bounds no ratio or if there are no values.
std::optional<BoundTest> test_bound(const MetricSpec& expect, const Contrast& contrast);

// Whether `expect` bounds the ratio to the baseline. All kinds do, except exact values and metrics
// that are only reported.
bool bounds_a_ratio(const MetricSpec& expect);

inline constexpr double no_upper_bound = std::numeric_limits<double>::infinity();
// The ratios {low, high} between which `expect` holds; low 0 means no lower bound, infinity no
// upper one. `expect` must bound a ratio.
std::pair<double, double> bounds_of(const MetricSpec& expect);

// Applies Holm's correction over the whole family.
void correct(const std::vector<BoundTest*>& family);

// Describes the expectation: "at most ×7500", "unchanged within 1 %".
std::string declared(const MetricSpec& expect);

// Sets the arm's verdict and its reason from its change and its corrected test. If either is
// missing, the verdict is inconclusive.
void decide(const MetricSpec& expect, ArmMetric& arm);

// The smallest number of boots per arm with which `family` comparisons can be decided at all.
std::size_t boots_needed(std::size_t family, bool paired);

} // namespace rig
