// SPDX-License-Identifier: GPL-2.0-or-later
// The commands `rig dashboard` (all runs as a static site) and `rig serve` (the run in progress).
#pragma once

#include "rig/cli/command.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

namespace rig {

struct SiteOptions {
    std::filesystem::path out; // folder of the site
    unsigned pages = 50;       // number of report pages to make, for the newest runs without one
    std::uint16_t port = 8642; // 0: any free port
};

// Updates the index and replaces the site in line.out as a whole. FaultDomain::Spec if that folder
// contains something that is not a site of rig, or if this rig was built without pages.
Result<CommandOutput> dashboard_command(const SiteOptions& line, const CommonOptions& common,
                                        Progress& progress, std::stop_token stop);

// Serves on loopback until `stop` (Ctrl-C). Calls `say` with the address as soon as it answers.
Result<CommandOutput> serve_command(const SiteOptions& line, const CommonOptions& common,
                                    const std::function<void(const std::string& address)>& say,
                                    std::stop_token stop);

} // namespace rig
