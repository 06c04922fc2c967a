// SPDX-License-Identifier: GPL-2.0-or-later
// `rig doctor` and `rig cache`: they look at this machine and at what rig keeps on it.
#pragma once

#include "rig/cli/command.h"

namespace rig {

Result<CommandOutput> doctor_command(const CommonOptions&, const World&);
Result<CommandOutput> cache_command(const CommandLine&, const CommonOptions&, const World&);

} // namespace rig
