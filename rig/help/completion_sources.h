// SPDX-License-Identifier: GPL-2.0-or-later
// Where completion finds experiments, runs, arms and metrics: on this machine's disk.
#pragma once

#include "rig/help/completion.h"

namespace rig {

// Experiments: configs/*.toml in the working folder or, without that folder, those that come with
// rig, and *.toml in the working folder. Reads only names and TOML; runs nothing.
CompletionSources completion_sources();

} // namespace rig
