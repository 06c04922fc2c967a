// SPDX-License-Identifier: GPL-2.0-or-later
// Reads [metrics] of an experiment file: expectations about built-in metrics, and metrics that the
// file defines itself.
#pragma once

#include "rig/spec/spec.h"
#include "rig/spec/toml_reader.h"

namespace rig {

// Must be called last: metrics refer to the arms, background commands, vCPUs and workload of the
// file.
Status read_metrics(const SpecTable& table, Spec& spec);

} // namespace rig
