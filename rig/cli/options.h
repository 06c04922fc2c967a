// SPDX-License-Identifier: GPL-2.0-or-later
// Declares every option of the program and where its value goes. Decides nothing.
#pragma once

#include "rig/cli/bisect_command.h"
#include "rig/cli/command.h"
#include "rig/cli/compare_command.h"
#include "rig/cli/engine_option.h"
#include "rig/cli/history_options.h"
#include "rig/cli/lines_command.h"
#include "rig/cli/nightly_command.h"
#include "rig/cli/pack_command.h"
#include "rig/cli/submit_command.h"
#include "rig/cli/triage_command.h"
#include "rig/cli/try_command.h"
#include "rig/host/cpu_placement.h"
#include "rig/slurm/slurm_task.h"

#include <string>

namespace CLI {
class App;
}

namespace rig {

struct ProgramOptions {
    CommonOptions common;
    std::string colour = "auto"; // auto, always or never
    std::string cache_dir;       // empty: default_cache_dir()
    std::string read_only_cache; // see read_only_caches()
    HostShare share;
    std::string connect; // see choose_libvirt()
    CommandOptions line;
    EngineOptions engine_line;
    BisectCommandOptions bisection;
    VerdictOptions verdict_line;
    HistoryOptions history;
    SiteOptions site;
    NightlyOptions nightly_line;
    TaskOptions task;
    TriageOptions triage_line;
    LinesOptions lines;
    TryOptions trial;
    PackCommandOptions packing;
    SubmitOptions submission;
    std::string init_name; // of the experiment that rig init writes
};

// The app owns them. parsed() is true for the one that was given on the command line.
struct Subcommands {
    CLI::App *compare = nullptr, *build = nullptr, *boot = nullptr, *shell = nullptr,
             *report = nullptr, *explain = nullptr;
    CLI::App *exporting = nullptr, *calibrate = nullptr, *bisect = nullptr, *verdict = nullptr,
             *nightly = nullptr;
    CLI::App *build_task = nullptr, *boot_task = nullptr, *doctor = nullptr, *cache = nullptr,
             *triage = nullptr, *lines = nullptr, *trial = nullptr, *init = nullptr,
             *schema = nullptr;
    HistoryCommands history;
    PackCommands packing;
    CLI::App* submit = nullptr;
};

// `app` writes into `options` when it parses, so `options` must still exist then.
Subcommands declare_options(CLI::App& app, ProgramOptions& options);

} // namespace rig
