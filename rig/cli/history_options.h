// SPDX-License-Identifier: GPL-2.0-or-later
// Declares the options of the subcommands that work on stored runs: list, show, diff, prune, index,
// dashboard, serve.
#pragma once

#include "rig/cli/history_commands.h"
#include "rig/cli/site_command.h"

namespace CLI {
class App;
}

namespace rig {

// Help text of an argument that names a run; find_run() accepts exactly these.
inline constexpr const char* kRun = "Run: folder, id, unambiguous beginning of an id, or latest";

// The app owns them. parsed() is true for the one that was given on the command line.
struct HistoryCommands {
    CLI::App *list = nullptr, *show = nullptr, *diff = nullptr, *prune = nullptr, *index = nullptr;
    CLI::App *dashboard = nullptr, *serve = nullptr;
};

// `app` writes into `history` and `site` when it parses, so both must still exist then.
HistoryCommands declare_history_options(CLI::App& app, HistoryOptions& history, SiteOptions& site);

} // namespace rig
