// SPDX-License-Identifier: GPL-2.0-or-later
// The command `rig try`: from a series of patches to a comparison in one line (rig/trial/trial.h).
#pragma once

#include "rig/cli/command.h"
#include "rig/experiment/environment.h"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace rig {

struct TryOptions {
    std::string series; // a file, a folder, "-" or a range; empty with `worktree`
    bool worktree = false, plan_only = false;
    std::filesystem::path directory, folder; // -C; where the experiment's folder goes
    std::string name, base, run, workload, fault, target, arch;
    std::vector<std::filesystem::path> prerequisites;
    std::vector<std::string> options, not_worse;
    std::optional<unsigned> vcpus, boots, iterations;
};

// Declares the subcommand. `options` must still exist when `app` parses.
CLI::App* declare_try(CLI::App& app, TryOptions& options);

// The report of the comparison. If no changed line ran, it is followed by the ways that lead to the
// changed functions.
Result<CommandOutput> try_command(const TryOptions& options, const CommonOptions& common,
                                  const Environment& environment, std::stop_token stop);

} // namespace rig
