// SPDX-License-Identifier: GPL-2.0-or-later
// The commands that hand a run over to somebody else: `rig pack`, `rig replay`, and `rig show` of a
// pack.
#pragma once

#include "rig/cli/command.h"
#include "rig/experiment/environment.h"
#include "rig/pack/replay_pack.h"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace CLI {
class App;
}

namespace rig {

struct PackCommandOptions {
    std::string run;           // for pack; see find_run()
    std::filesystem::path out; // for pack; empty: <run-id>.rigpack
    bool without_kernels = false;
    std::filesystem::path file;    // for replay
    std::optional<unsigned> boots; // for replay
};

struct PackCommands {
    CLI::App *pack = nullptr, *replay = nullptr;
};

// Declares the subcommands. `options` must still exist when `app` parses.
PackCommands declare_pack(CLI::App& app, PackCommandOptions& options);

Result<CommandOutput> pack_command(const PackCommandOptions& options, const CommonOptions& common,
                                   const Environment& environment);
// Exit::Pass: all samples have the recorded bytes; Exit::Fail: one has not.
Result<CommandOutput> replay_command(const PackCommandOptions& options, const CommonOptions& common,
                                     const Environment& environment, std::stop_token stop);

// What a pack contains, and the record of its run as `rig show RUN` prints it, computed from the
// samples. Unpacks only the run, into a private folder that is gone on return.
Result<CommandOutput> show_pack(const std::filesystem::path& file, const CommonOptions& common);

std::string replay_text(const PackReplay& replay);
std::string replay_json(const PackReplay& replay);

} // namespace rig
