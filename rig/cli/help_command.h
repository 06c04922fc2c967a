// SPDX-License-Identifier: GPL-2.0-or-later
// `rig init`, `rig schema`, and what rig writes about itself for its installation: man pages,
// completion, the reference of keys.
#pragma once

#include "rig/cli/command.h"
#include "rig/help/program_help.h"

#include <optional>
#include <string>
#include <vector>

namespace rig {

// Writes a commented experiment. `name` may have a folder and the ending .toml; the file is
// NAME.toml. FaultDomain::Spec if the file exists or its name is no name of an experiment.
Result<CommandOutput> init_command(const std::string& name, const CommonOptions& common);
Result<CommandOutput> schema_command();

// The hidden commands, which begin with "__"; nullopt if `words` have none of them.
//   __complete WORD...   candidates for the last word, see completion_lines()
//   __completion SHELL   the script for bash, zsh or fish
//   __man FOLDER         writes FOLDER/man1/*.1 and FOLDER/man5/rig.toml.5, and removes other
//                        pages of rig that are there
//   __keys               the reference of the keys, see reference_of_keys()
std::optional<Result<CommandOutput>> hidden_help(const ProgramHelp& program,
                                                 const std::vector<std::string>& words);

} // namespace rig
