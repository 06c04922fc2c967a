// SPDX-License-Identifier: GPL-2.0-or-later
// `rig dashboard` and `rig serve`: all runs as a static site, and the one that is being made as it
// grows.
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
    unsigned pages = 50;       // of the newest runs, so many that have no page are given one
    std::uint16_t port = 8642; // 0: any free one
};

// Brings the index up to date and replaces the site in line.out as a whole. FaultDomain::Spec if
// that folder holds something that is no site of rig's, or if this rig was built without pages.
Result<CommandOutput> dashboard_command(const SiteOptions& line, const CommonOptions& common,
                                        Progress& progress, std::stop_token stop);

// On loopback until `stop` (Ctrl-C); `say` is told the address once it answers.
Result<CommandOutput> serve_command(const SiteOptions& line, const CommonOptions& common,
                                    const std::function<void(const std::string& address)>& say,
                                    std::stop_token stop);

} // namespace rig
