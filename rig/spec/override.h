// SPDX-License-Identifier: GPL-2.0-or-later
// `--set KEY=VALUE` and the suites' `set`: one value of an experiment file replaced before it is
// read, so that a variant needs no file of its own. An overridden value passes the same checks as
// one in the file; its errors name the override in place of the file.
//
// A key is dotted: "guest.vcpus", "arm.reviewed.series" (an arm is found by its name). A value is
// TOML; a bare word that is none is taken as text.
#pragma once

#include "rig/spec/older_keys.h"
#include "rig/spec/spec.h"
#include "rig/spec/toml_reader.h"

#include <string>
#include <string_view>
#include <vector>

namespace rig {

// "KEY=VALUE" as on a command line. FaultDomain::Spec if there is no '=' or the key is empty.
Result<SpecOverride> parse_override(std::string_view text);

// Applies them in order; missing tables on the way are made. FaultDomain::Spec for a value that is
// no TOML, a key that leads through something that is no table, and an arm that is not there.
// Keys under older names (older_keys.h) are renamed in the table, and appended to `older`.
Status apply_overrides(toml::table& root, const std::vector<SpecOverride>& overrides,
                       std::vector<OlderKey>& older);

} // namespace rig
