// SPDX-License-Identifier: GPL-2.0-or-later
// The commands for stored runs: list them, show one, compare two, and remove old ones.
#pragma once

#include "rig/cli/command.h"
#include "rig/run_index/index.h"
#include "rig/run_index/prune.h"

#include <stop_token>
#include <string>

namespace rig {

struct HistoryOptions {
    std::string run, other; // see find_run()
    RunFilter filter;
    PruneOptions prune;
    bool yes = false;     // prune: really remove
    bool dry_run = false; // prune: do not remove, even with `yes`
    bool rebuild = false;
};

// list and prune update the index first, so that they show the current runs.
Result<CommandOutput> list_command(const HistoryOptions&, const CommonOptions&, Progress&,
                                   std::stop_token);
// Reads the folder of the run, or a pack (show_pack()). Works without an index, and outside of the
// results folder.
Result<CommandOutput> show_command(const HistoryOptions&, const CommonOptions&);
// Succeeds whatever the differences are.
Result<CommandOutput> diff_command(const HistoryOptions&, const CommonOptions&, CommandRunner&);
Result<CommandOutput> prune_command(const HistoryOptions&, const CommonOptions&, Progress&,
                                    std::stop_token);
Result<CommandOutput> index_command(const HistoryOptions&, const CommonOptions&, Progress&,
                                    std::stop_token);

} // namespace rig
