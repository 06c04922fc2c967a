// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the changed lines of an experiment are counted, and what is counted in the boots of each
// arm.
#pragma once

#include "rig/analysis/line_evidence.h"
#include "rig/base/error.h"
#include "rig/boot/counts_file.h"
#include "rig/experiment/environment.h"
#include "rig/experiment/prepared.h"
#include "rig/spec/spec.h"

#include <map>
#include <string>

namespace rig {

// Maps the changed lines of every pair of baseline and other arm in the arms' kernels. `why_not` of
// the result says why the lines of this experiment cannot be counted: KVM, another host, no plugin.
// Both are empty if the experiment does not want them counted (target.lines = "off", same_path,
// revisions, one arm).
//
// Error, FaultDomain::Spec: they cannot be counted, and the arms have no marker. Other errors are
// those of map_lines().
Result<LineEvidence> map_changed_lines(const Spec& spec, const Prepared& prepared,
                                       const Machine& machine, const Environment& environment);

// Whether a metric counts the instructions of a function, so that every arm's boots are counted.
bool counts_instructions(const Spec& spec);

// For the boots of each arm that has lines, or functions whose instructions are a metric. Empty:
// none. `kernels` by arm; their System.map is read for such metrics only. FaultDomain::Spec: such
// a metric, and nothing can be counted.
Result<std::map<std::string, InstructionCounting>>
counting_of_arms(const Spec& spec, const std::map<std::string, Kernel>& kernels,
                 const LineEvidence& lines, const Machine& machine, const Environment& environment);

} // namespace rig
