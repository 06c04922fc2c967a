// SPDX-License-Identifier: GPL-2.0-or-later
// What a run that broke has failed, by name: two runs that are both "broken" need not have broken
// the same. Pure.
#pragma once

#include "rig/run_index/run_record.h"

#include <set>
#include <string>
#include <vector>

namespace rig {

// One expectation that did not hold, in all arms in which it did not.
struct Failure {
    // A metric; "splat: TITLE", one that no arm declares; "run: KIND", of a run that the kernel
    // ended (boot_outcome.h), "run: no boot" where it left none, such as a kernel that does not
    // build, and "run: broken" for what the record does not name (a control that did not fail).
    std::string expectation;
    std::vector<std::string> arms; // sorted; none for a run
    bool operator==(const Failure&) const = default;
};

// Empty unless the run is broken; then at least one, by expectation. Metrics count only with all
// proofs held.
std::vector<Failure> failures_of(const RunRecord& run);

// `failure` without the arms in which `other` has no part; without any left, and if it is of
// another expectation: no arms and an empty expectation.
Failure common(const Failure& failure, const std::vector<Failure>& other);
Failure without(const Failure& failure, const std::set<std::string>& arms);

// Is it of a metric, or of a run that came to its end? Not a splat, nor a run that the kernel
// ended.
bool says_figures(const Failure& failure);

// Was it seen to hold, in every arm of it? Never of a run with a failed proof, and not of a metric
// about which the run does not decide.
bool holds(const Failure& failure, const RunRecord& run);

// "sync_ipis in ipi, reviewed".
std::string in_words(const Failure& failure);

} // namespace rig
