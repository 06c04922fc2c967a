// SPDX-License-Identifier: GPL-2.0-or-later
// The commands `rig build`, `rig boot` and `rig shell`. They build kernels and make single boots,
// and compare nothing.
#pragma once

#include "rig/cli/command.h"

#include <stop_token>

namespace rig {

Result<CommandOutput> build_command(const CommandOptions&, const CommonOptions&,
                                    const Environment&);
Result<CommandOutput> boot_command(const CommandOptions&, const CommonOptions&, const Environment&,
                                   std::stop_token);
Result<CommandOutput> shell_command(const CommandOptions&, const CommonOptions&, const Environment&,
                                    std::stop_token);

} // namespace rig
