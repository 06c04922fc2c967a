// `rig nightly`: the real world of a night (nightly.h), its units for systemd, and the closing of an incident by hand.
#pragma once

#include "rig/bisect_request.h"
#include "rig/commands.h"
#include "rig/experiment/world.h"
#include "rig/nightly.h"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace rig {

struct NightlyLine {
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
Result<CommandOutput> nightly_command(const NightlyLine& line, const CommonOptions& common, const World& world, const Bisector& bisect,
                                      std::stop_token stop);

// What changed since a date or a git revision, for each cell: why it is left out, or "".
//
// A date (2026-02-23 or 2026-02-23T10:32:48Z): cells that never ran, and those whose source, patches, configuration, experiment file or rig is
// another than it was before that time, as far as nights have seen it. A revision: cells that follow a tree in which there are commits in
// REV..branch; of others, those whose experiment file, patches or fragments differ from REV in the project's own repository (files that git does not
// track are not seen). A cell in whose repository there is no such revision is left out and says so; Blame::Spec if that is true of all.
Result<std::function<std::string(const NightCell&, const CellFacts&, const CellMemory*)>>
since_filter(const NightConfig& config, const std::string& since, CommandRunner& runner);

// What `facts` of a night are here: the experiment, its identities, the head of its branch.
CellFacts facts_of(const NightConfig& config, const NightCell& cell, const std::string& program, CommandRunner& runner);

} // namespace rig
