// SPDX-License-Identifier: GPL-2.0-or-later
// The experiment of a stored run, for whoever reads the run. spec_of() in run_info.h gives the same
// to whoever makes boots of it.
#pragma once

#include "rig/base/error.h"
#include "rig/results/run_info.h"

namespace rig {

// The spec as it was run: `info.spec_text` with boots, seed, vCPUs and clock of this run in force.
// It needs no file: a run can be read wherever it lies, when its project and what the spec names
// are gone.
Result<Spec> stored_spec_of(const RunInfo& info);

} // namespace rig
