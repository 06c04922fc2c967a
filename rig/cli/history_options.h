// SPDX-License-Identifier: GPL-2.0-or-later
// This module declares the options of the subcommands on runs that were made: list, show, diff,
// prune, index, dashboard, serve.
#pragma once

#include "rig/cli/history_commands.h"
#include "rig/cli/site_command.h"

namespace CLI {
class App;
}

namespace rig {

// What names a run, in words.
inline constexpr const char* kRun =
    "a run's folder, its id, an unambiguous beginning of that, or latest";

// They belong to the app; the one that was given says so by parsed().
struct HistoryCommands {
    CLI::App *list = nullptr, *show = nullptr, *diff = nullptr, *prune = nullptr, *index = nullptr;
    CLI::App *dashboard = nullptr, *serve = nullptr;
};

// `app` writes into `history` and `site` when it parses: both stay where they are until then.
HistoryCommands declare_history_options(CLI::App& app, HistoryOptions& history, SiteOptions& site);

} // namespace rig
