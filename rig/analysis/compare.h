// SPDX-License-Identifier: GPL-2.0-or-later
// Compares samples and judges them against the declared expectations and validity checks. Pure: the
// same input gives the same verdict.
//
// Every arm is compared with the first one, the baseline. Under the virtual clock boots are paired
// by index, since they share a perturbation seed. Under the wall clock they are two independent
// samples. Each single interval covers 95 %; verdicts on bounds are corrected for the number of
// comparisons, see bound_tests.h.
#pragma once

#include "rig/analysis/comparison.h"
#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"

#include <vector>

namespace rig {

// Determines Comparison::exit, in this order:
// - Fail if a kernel splatted without a declaration, or if a declared splat did not occur although
//   all validity checks passed (splat_verdict.h).
// - Inconclusive if a validity check failed or is missing, or if a judged metric is not in the
//   samples.
// - Fail if any expectation is broken or regressed.
// - Pass if no expectation on a metric is declared but splats are, and all are as declared.
// - Inconclusive if an undecided expectation is doubtful(), or if none holds.
// - Pass.
// The closing line counts the undecided expectations.
//
// `shared_cpus`: boots waited for CPUs that other boots used. That time is in both arms of a ratio
// and pulls it towards 1, so no bound on a time counts as held: it is undecided. A figure beyond
// its bound still counts as broken. `every_boot` includes the warm-up boots, whose splats are
// judged but whose figures are not; nullptr if there are none.
Comparison compare(const Spec& spec, const std::vector<Sample>& samples,
                   std::vector<ArmChecks> checks, const std::vector<Sample>* every_boot = nullptr,
                   bool shared_cpus = false);

} // namespace rig
