// SPDX-License-Identifier: GPL-2.0-or-later
// The names of what failed in a run. Two runs that both failed need not have failed for the same
// reason. Pure.
#pragma once

#include "rig/run_index/run_record.h"

#include <set>
#include <string>
#include <vector>

namespace rig {

// One expectation that failed, with all arms in which it failed.
struct Failure {
    // One of: a metric; "splat: TITLE" for an undeclared splat; "run: KIND" for a run that the
    // kernel ended (boot_outcome.h); "run: no boot" if a run has no boot, for example because a
    // kernel does not build; "run: broken" for a failure that the record does not name (a control
    // that did not fail).
    std::string expectation;
    std::vector<std::string> arms; // sorted; empty for a run
    bool operator==(const Failure&) const = default;
};

// The failures of a run, sorted by expectation: at least one if the run failed, else none. Metrics
// count only if all validity checks passed.
std::vector<Failure> failures_of(const RunRecord& run);

// `failure`, reduced to the arms in which `other` has the same expectation. An empty Failure if
// none is left.
Failure common(const Failure& failure, const std::vector<Failure>& other);
Failure without(const Failure& failure, const std::set<std::string>& arms);

// Whether `failure` is about a metric, or about a run that completed. Not so for splats and for
// runs that the kernel ended.
bool says_figures(const Failure& failure);

// Whether `run` shows that the expectation holds, in every arm of `failure`. Never true for a run
// with a failed validity check, nor for a metric that the run does not decide.
bool holds(const Failure& failure, const RunRecord& run);

// "sync_ipis in ipi, reviewed".
std::string in_words(const Failure& failure);

} // namespace rig
