// SPDX-License-Identifier: GPL-2.0-or-later
// `rig build`, `rig boot` and `rig shell`: they make kernels and single boots, and compare nothing.
#pragma once

#include "rig/cli/command.h"

#include <stop_token>

namespace rig {

Result<CommandOutput> build_command(const CommandLine&, const CommonOptions&, const World&);
Result<CommandOutput> boot_command(const CommandLine&, const CommonOptions&, const World&,
                                   std::stop_token);
Result<CommandOutput> shell_command(const CommandLine&, const CommonOptions&, const World&,
                                    std::stop_token);

} // namespace rig
