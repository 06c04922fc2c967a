// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/trial/trial_place.h"

#include "rig/base/files.h"
#include "rig/base/home.h"

#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

namespace rig {
namespace fs = std::filesystem;

Result<fs::path> place_for(const std::string& name) {
    std::error_code error;
    if (::access(fs::is_directory(name, error) ? name.c_str() : ".", W_OK) == 0) return name;
    const char* data = std::getenv("XDG_DATA_HOME");
    const auto home = home_folder();
    if (data && *data) return fs::path(data) / "rig" / name;
    if (!home.empty()) return home / ".local" / "share" / "rig" / name;
    return fail(FaultDomain::Host,
                fmt::format("the current folder cannot be written in, and there is no home: set "
                            "XDG_DATA_HOME, or name another place for {}",
                            name));
}

Status ignore_in_git(const fs::path& folder) {
    return write_atomically(folder / ".gitignore", "# Made by rig try\n*\n");
}

Status make_ignored(const fs::path& folder) {
    std::error_code error;
    if (fs::exists(folder, error)) return {};
    fs::create_directories(folder, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot make {}: {}", folder.string(), error.message()));
    return ignore_in_git(folder);
}

} // namespace rig
