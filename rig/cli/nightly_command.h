// SPDX-License-Identifier: GPL-2.0-or-later
// `rig nightly`: the real environment of a night (nightly.h), its units for systemd, and the
// closing of an incident by hand.
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
    std::string since; // a date or a git revision
    bool fresh = false;
    std::optional<unsigned> close; // an incident's number
    std::string why;
    bool install_units = false, system = false;
    std::string on_calendar = "*-*-* 01:00";
    std::filesystem::path root; // of the file system that units are written to; empty: /
};

// `bisect` answers which commit it was.
Result<CommandOutput> nightly_command(const NightlyOptions& line, const CommonOptions& common,
                                      const Environment& environment, const Bisector& bisect,
                                      std::stop_token stop);

} // namespace rig
