// SPDX-License-Identifier: GPL-2.0-or-later
// CommandRunner on Boost.Process v2.
//
// The program runs in its own session, with /dev/null as stdin, stdout and stderr on one pipe,
// default signal handling and no inherited descriptors. If it times out or the stop token fires,
// its process group gets SIGTERM and, three seconds later, SIGKILL. Nothing in that group outlives
// run(): stragglers are killed when the program ends. A process that left the group but keeps the
// pipe open is waited for at most 0.2 s. If rig itself dies, the program gets SIGTERM.
#pragma once

#include "rig/host/command_runner.h"

#include <stop_token>

namespace rig {

// Thread-safe: concurrent calls of run() share nothing.
class BoostCommandRunner : public CommandRunner {
 public:
    explicit BoostCommandRunner(std::stop_token stop = {}) : stop_(std::move(stop)) {}
    Result<CommandResult> run(const Command& command) override;

 private:
    std::stop_token stop_;
};

} // namespace rig
