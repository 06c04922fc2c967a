// SPDX-License-Identifier: GPL-2.0-or-later
// The commands `rig doctor` and `rig cache`: they check this machine and list what rig stores on
// it.
#pragma once

#include "rig/cli/command.h"

namespace rig {

Result<CommandOutput> doctor_command(const CommonOptions&, const Environment&);
Result<CommandOutput> cache_command(const CommandOptions&, const CommonOptions&,
                                    const Environment&);

} // namespace rig
