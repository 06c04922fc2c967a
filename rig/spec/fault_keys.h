// SPDX-License-Identifier: GPL-2.0-or-later
// Reads [fault] and [[fault]]. All errors are those of SpecTable.
#pragma once

#include "rig/spec/spec.h"
#include "rig/spec/toml_reader.h"

namespace rig {

// Sets `faults` and `faults_listed` if the file has the key. `spec.faults` holds the defaults of
// [fault] with the standard point.
Status read_faults(const SpecTable& root, Spec& spec);

} // namespace rig
