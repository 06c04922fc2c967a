// `rig compare`: an experiment, or a suite of them.
#pragma once

#include "rig/cli/command.h"

#include <stop_token>

namespace rig {

Result<CommandOutput> compare_command(const CommandLine&, const CommonOptions&, const World&, std::stop_token);

} // namespace rig
