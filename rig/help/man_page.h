// SPDX-License-Identifier: GPL-2.0-or-later
// The man pages: rig(1), one for each command, and rig.toml(5). Pure.
#pragma once

#include "rig/help/program_help.h"

#include <map>
#include <string>

namespace rig {

// By file name below the folder of man pages: "man1/rig.1", "man1/rig-compare.1", ...,
// "man5/rig.toml.5".
std::map<std::string, std::string> man_pages(const ProgramHelp& program);

} // namespace rig
