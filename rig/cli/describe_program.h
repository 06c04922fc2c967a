// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "rig/help/program_help.h"

namespace CLI {
class App;
}

namespace rig {

// The commands and options that CLI11 knows, without hidden ones.
ProgramHelp describe_program(const CLI::App& app);

} // namespace rig
