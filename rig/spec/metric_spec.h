// SPDX-License-Identifier: GPL-2.0-or-later
// The [metrics] of an experiment file: which are known, which it defines itself, and what it
// declares about each.
#pragma once

#include "rig/spec/spec.h"
#include "rig/spec/toml_reader.h"

namespace rig {

// After everything else of the file: metrics name its arms, background commands, vCPUs and
// workload.
Status read_metrics(const SpecTable& table, Spec& spec);

} // namespace rig
