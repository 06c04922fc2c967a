// SPDX-License-Identifier: GPL-2.0-or-later
// Accepts the older names of options and of their values, and reports today's names in one line.
// docs/reference/renamed.md lists them.
#pragma once

#include <string>
#include <vector>

namespace rig {

struct NewerWords {
    std::vector<std::string> words; // command line with today's names, without the program
    std::string deprecation;        // one line for stderr; empty if no older name was used
};
// Words after "--" do not change.
NewerWords with_newer_names(const std::vector<std::string>& words);

} // namespace rig
