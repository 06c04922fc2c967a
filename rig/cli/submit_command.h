// SPDX-License-Identifier: GPL-2.0-or-later
// The command `rig submit`: sends a run to a KCIDB server.
#pragma once

#include "rig/cli/command.h"

#include <filesystem>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace rig {

struct SubmitOptions {
    std::string run;   // see find_run()
    std::string url;   // of the server
    bool send = false; // without, the JSON is only printed
    std::optional<std::string> origin;
    std::string token_env = "RIG_KCIDB_TOKEN"; // unless there is a file
    std::filesystem::path token_file, ca_file;
};

// Declares the subcommand. `options` must still exist when `app` parses.
CLI::App* declare_submit(CLI::App& app, SubmitOptions& options);

// Without `send`: the JSON that would be sent, and a warning that nothing was. With it: what the
// server answered. FaultDomain::Spec: a wrong URL or origin, no run, or http to another host, where
// anybody on the way could read the token. FaultDomain::Host: no token, no answer, or a status that
// is not 2xx.
Result<CommandOutput> submit_command(const SubmitOptions& options, const CommonOptions& common);

} // namespace rig
