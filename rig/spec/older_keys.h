// SPDX-License-Identifier: GPL-2.0-or-later
// Earlier names of keys and values in experiment files. A file that uses them still loads: its
// table is rewritten to today's names before it is read. docs/reference/renamed.md lists them all.
#pragma once

#include "rig/base/error.h"
#include "rig/spec/toml_reader.h"

#include <string>
#include <vector>

namespace rig {

// An earlier name that a file uses: its place, and today's name.
struct OlderKey {
    std::string place;  // "FILE:LINE", or "--set KEY=VALUE"
    std::string before; // "arm.witness"
    std::string now;    // "arm.marker"
};

// Renames older keys in `root` (metrics, arm.witness, kernel.enable, expect = "may-rise" with
// at_most) and appends each to `found`. FaultDomain::Spec if a table has a key under both names.
Status rename_older_keys(toml::table& root, std::vector<OlderKey>& found);

// The same for a configuration of nightly runs: least_effect.
Status rename_older_night_keys(toml::table& root, std::vector<OlderKey>& found);

// The same for a suite: expect = "as-expected" and "broken" of its runs become "pass" and "fail".
void rename_older_outcomes(toml::table& root, std::vector<OlderKey>& found);

// The same for the parts of a dotted key: {"arm", "reviewed", "witness"} then ends in "marker".
void rename_older_parts(std::vector<std::string>& parts);

// One line for people: "FILE:12: deprecated: arm.witness is now arm.marker (and 3 more older
// names); see docs/reference/renamed.md". "" if there are none.
std::string deprecation(const std::vector<OlderKey>& found);

} // namespace rig
