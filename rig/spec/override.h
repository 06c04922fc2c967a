// SPDX-License-Identifier: GPL-2.0-or-later
// `--set KEY=VALUE`, and `set` in suites: replaces one value of an experiment file before it is
// read, so that a variant needs no file of its own. An overridden value passes the same checks as
// one in the file; its errors name the override instead of the file.
//
// A key is dotted: "guest.vcpus", "arm.reviewed.series" (an arm is found by its name). A value is
// TOML; a bare word that is not valid TOML is taken as text.
#pragma once

#include "rig/spec/older_keys.h"
#include "rig/spec/spec.h"
#include "rig/spec/toml_reader.h"

#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Parses "KEY=VALUE" from a command line. FaultDomain::Spec if there is no '=' or the key is empty.
Result<SpecOverride> parse_override(std::string_view text);

// Applies the overrides in order, and creates missing tables. FaultDomain::Spec if a value is not
// valid TOML, if a key leads through something other than a table, or if there is no such arm. Keys
// under older names (older_keys.h) are renamed in the table and appended to `older`.
Status apply_overrides(toml::table& root, const std::vector<SpecOverride>& overrides,
                       std::vector<OlderKey>& older);

} // namespace rig
