// SPDX-License-Identifier: GPL-2.0-or-later
// Options and their values under the names they had before: they still work, and one line says what
// they are called now. docs/reference/renamed.md lists them.
#pragma once

#include <string>
#include <vector>

namespace rig {

struct NewerWords {
    std::vector<std::string> words; // of the command line, without the program, by today's names
    std::string deprecation;        // one line for stderr; empty if no older name was used
};
// Words behind "--" stay as they are.
NewerWords with_newer_names(const std::vector<std::string>& words);

} // namespace rig
