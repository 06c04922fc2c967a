// SPDX-License-Identifier: GPL-2.0-or-later
// Samples and proofs -> what differs, and whether that is as declared. Pure: the same input gives
// the same verdict.
//
// Every arm is compared with the first (the baseline). Under the virtual clock boots are paired by
// index, since they share a perturbation seed; under the wall clock they are two independent
// samples. Each interval covers 95 % on its own; verdicts on bounds are corrected for their number,
// see bound_tests.h.
#pragma once

#include "rig/analysis/comparison.h"
#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"

#include <vector>

namespace rig {

// Exit: Inconclusive if a proof failed, a proof set is missing or a judged metric is not in the
// samples; else Broken if anything is broken or regressed; else AsExpected; but Inconclusive when
// not one declared expectation was decided. The closing line counts those that were not. A kernel
// splat that no arm declares is Broken before all else, and so is a declared one that did not come
// (splat_verdict.h); declared ones alone are an expectation that holds. `shared_cpus`: boots waited
// for CPUs that other boots had. That time is in both arms of a ratio and pulls it towards 1, so
// that no bound on a time counts as held: undecided. What is beyond its bound all the same stays
// broken. `every_boot`: with the warm-up boots, whose splats are judged and whose figures are not;
// nullptr: there are none.
Comparison compare(const Spec& spec, const std::vector<Sample>& samples,
                   std::vector<ArmChecks> checks, const std::vector<Sample>* every_boot = nullptr,
                   bool shared_cpus = false);

} // namespace rig
