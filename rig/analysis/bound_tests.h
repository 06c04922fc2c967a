// SPDX-License-Identifier: GPL-2.0-or-later
// How one expectation that bounds a ratio is judged in one arm. A decision needs two things: the
// interval of the ratio clear of the bound, and a rank test against that very bound whose p
// survives Holm's correction. Whatever has not both is undecided. Pure.
//
// Three claims can be made, and each is a family of its own over all bounded (metric, arm) pairs of
// a run: that a figure is beyond its bound (a false alarm if untrue), that it keeps its bound (a
// false clearance if untrue; with two bounds both tests must reject: TOST), that it became better.
// For each family the chance of one untrue claim or more is at most family_error.
#pragma once

#include "rig/analysis/comparison.h"
#include "rig/spec/spec.h"

#include <string>
#include <utility>
#include <vector>

namespace rig {

// Values against base, paired by boot index or as two samples. Ratios: both >= 0.
struct Contrast {
    std::vector<double> values, base;
    bool paired = false;
};
// Paired: only indices that both sides have.
Contrast contrast(const ArmMetric& arm, const ArmMetric& base, bool paired);

// Estimates, the test of no change and the effect size; nullopt if a side has no value or no index
// is common.
std::optional<Change> change_between(const Contrast& contrast);

// The tests of `expect` without the correction; nullopt for an expectation that bounds no ratio, or
// for no values.
std::optional<BoundTest> test_bound(const MetricSpec& expect, const Contrast& contrast);

// Does `expect` bound the ratio to the baseline? All do but exact values and what is only shown.
bool bounds_a_ratio(const MetricSpec& expect);

// Between which ratios `expect` holds: {low, high}; low 0: none. For one that bounds a ratio.
std::pair<double, double> bounds_of(const MetricSpec& expect);

// Holm's correction over all of them.
void correct(const std::vector<BoundTest*>& family);

// The expectation in words: "at most ×7500", "unchanged within 1 %".
std::string declared(const MetricSpec& expect);

// Sets the arm's verdict and why from its change and its corrected test. Neither: inconclusive.
void decide(const MetricSpec& expect, ArmMetric& arm);

// The fewest boots per arm with which `family` comparisons can be decided at all.
std::size_t boots_needed(std::size_t family, bool paired);

} // namespace rig
