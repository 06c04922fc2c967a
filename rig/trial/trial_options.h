// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel options of a trial: those that compile the change, and those that only the patched
// kernel can have, because the series adds them.
#pragma once

#include "rig/kernel/changed_lines.h"
#include "rig/kernel/kernel.h"
#include "rig/trial/trial.h"

namespace rig {

// Derives the options that compile the changed files and lines, and sets those of plan.experiment:
// what the tree without the series cannot have becomes an option of the patched arm.
// FaultDomain::Spec for a series that touches no file of the tree; other errors as options_for().
// `spec` is the plan's.
Status derive_options(TrialPlan& plan, const Spec& spec, const Environment& environment);

// Once both kernels are built: the options in which they really differ, if the series changes
// Kconfig files.
void name_differing_options(TrialPlan& plan, const Kernel& base, const Kernel& patched);

// The lines of the changed files that are in the tree after the change, for options_for(). Pure.
std::map<std::string, TouchedLines> touched_lines(const std::vector<ChangedFile>& files);

// Moves the options that `before` (the tree without the series, name -> value of what is on) has
// not as requested, and `after` has, to the patched arm, and sets config_differs to what else
// differs. Pure.
void split_options(TrialExperiment& experiment, const std::map<std::string, std::string>& before,
                   const std::map<std::string, std::string>& after);

} // namespace rig
