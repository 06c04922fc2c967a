// SPDX-License-Identifier: GPL-2.0-or-later
// The keys of an experiment file (spec/experiment_keys.h) as the page of the reference and as a
// JSON schema. Pure.
#pragma once

#include <string>

namespace rig {

// The part of docs/reference/experiment-file.md from "## Top level" to the last key. Ends in one
// line break.
std::string reference_of_keys();

// A JSON schema (draft 2020-12) of an experiment file, with today's names of the keys. It knows
// keys, types, ranges and choices of each table. rig also checks what the keys mean together, and
// that files exist: what the schema accepts, rig may refuse.
std::string schema_of_keys();

} // namespace rig
