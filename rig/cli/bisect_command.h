// SPDX-License-Identifier: GPL-2.0-or-later
// The command `rig bisect`.
#pragma once

#include "rig/bisect/run_bisection.h"
#include "rig/cli/command.h"
#include "rig/experiment/environment.h"

#include <functional>
#include <stop_token>
#include <string>

namespace rig {

// `say` is called with one line for people at a time while the bisection runs.
Result<CommandOutput> bisect_command(const BisectCommandOptions&, const CommonOptions&,
                                     const Environment&,
                                     const std::function<void(const std::string&)>& say,
                                     std::stop_token);

} // namespace rig
