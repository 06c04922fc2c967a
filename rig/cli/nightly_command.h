// SPDX-License-Identifier: GPL-2.0-or-later
// The command `rig nightly`: the real dependencies of a night (nightly.h), its systemd units, and
// closing an incident by hand.
#pragma once

#include "rig/cli/command.h"
#include "rig/experiment/environment.h"
#include "rig/nightly/bisector.h"
#include "rig/nightly/nightly.h"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace rig {

struct NightlyOptions {
    std::filesystem::path config = "configs/nightly.toml";
    std::string since; // date or git revision
    bool fresh = false;
    std::optional<unsigned> close; // number of an incident
    std::string why;
    bool install_units = false, system = false;
    std::string on_calendar = "*-*-* 01:00";
    std::filesystem::path metrics_file; // replaces that of the configuration
    std::filesystem::path root;         // prefix of the path of the units; empty: /
};

// `bisect` searches for the commit behind a change.
Result<CommandOutput> nightly_command(const NightlyOptions& line, const CommonOptions& common,
                                      const Environment& environment, const Bisector& bisect,
                                      std::stop_token stop);

} // namespace rig
