// SPDX-License-Identifier: GPL-2.0-or-later
// The experiment of a stored run, for code that reads the run. spec_of() in run_info.h is for code
// that runs boots of it.
#pragma once

#include "rig/base/error.h"
#include "rig/results/run_info.h"

namespace rig {

// The spec as it was run: `info.spec_text` with boots, seed, vCPUs and clock of this run. Needs no
// files, so a run is readable anywhere, even without its project and the files that the spec names.
Result<Spec> stored_spec_of(const RunInfo& info);

} // namespace rig
