// SPDX-License-Identifier: GPL-2.0-or-later
// The folders into which a trial writes, if the user names none.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <string>

namespace rig {

// `name` itself if the current folder can be written in, or has it; else NAME in
// $XDG_DATA_HOME/rig, which is ~/.local/share/rig by default. FaultDomain::Host: there is no home
// either.
Result<std::filesystem::path> place_for(const std::string& name);

// Writes a .gitignore into a folder, so that git sees nothing of it: in a kernel tree the next
// trial of the work tree would else take it for a change.
Status ignore_in_git(const std::filesystem::path& folder);
// Makes the folder, ignored, if it is not there.
Status make_ignored(const std::filesystem::path& folder);

} // namespace rig
