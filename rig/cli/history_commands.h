// SPDX-License-Identifier: GPL-2.0-or-later
// The commands on runs that were made: what there is, what one holds, how two differ, and what may
// go.
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
    bool yes = false;     // prune: really
    bool dry_run = false; // prune: not even with `yes`
    bool rebuild = false;
};

// list and prune bring the index up to date first, so that they tell what is there now.
Result<CommandOutput> list_command(const HistoryOptions&, const CommonOptions&, Progress&,
                                   std::stop_token);
// From the folder itself: works without an index, and outside of the results folder.
Result<CommandOutput> show_command(const HistoryOptions&, const CommonOptions&);
// Succeeds whatever differs.
Result<CommandOutput> diff_command(const HistoryOptions&, const CommonOptions&, CommandRunner&);
Result<CommandOutput> prune_command(const HistoryOptions&, const CommonOptions&, Progress&,
                                    std::stop_token);
Result<CommandOutput> index_command(const HistoryOptions&, const CommonOptions&, Progress&,
                                    std::stop_token);

} // namespace rig
