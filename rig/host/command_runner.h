// SPDX-License-Identifier: GPL-2.0-or-later
// A small interface to run a program to its end. The real implementation is BoostCommandRunner;
// tests use testing/fake_command_runner.h. Exit code and signal are kept apart: death by SIGKILL is
// never "exit code 9".
#pragma once

#include "rig/base/error.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rig {

struct Exited {
    int code = 0;
    bool operator==(const Exited&) const = default;
};
struct Signalled {
    int signal = 0;
    bool operator==(const Signalled&) const = default;
};
struct TimedOut {
    bool operator==(const TimedOut&) const = default;
};
struct Cancelled {
    bool operator==(const Cancelled&) const = default;
};

struct Command {
    std::vector<std::string> argv; // argv[0] is looked up in PATH; no shell is involved
    std::filesystem::path cwd;     // empty: the caller's
    std::map<std::string, std::string>
        env;                        // added to the caller's environment, or replacing its values
    std::vector<std::string> unset; // names that are removed from the caller's environment
    std::filesystem::path input;    // file for stdin; empty: /dev/null
    // Stdout and stderr are appended here as they arrive; empty: not kept.
    std::filesystem::path log;
    // Called for each complete line of stdout and stderr, in order.
    std::function<void(std::string_view line)> on_line;
    std::chrono::seconds timeout{3600}; // then the process group gets SIGTERM, and later SIGKILL
};

struct CommandResult {
    std::variant<Exited, Signalled, TimedOut, Cancelled> outcome;
    std::string out;  // stdout and stderr interleaved, the last 1 MiB
    double seconds{}; // wall time

    bool ok() const { return outcome == decltype(outcome){Exited{0}}; }
};

// "exit code 2", "killed by signal 9 (Killed)", "timed out", "cancelled".
std::string describe(const CommandResult& result);

inline constexpr const char* kNoSuchProgram = "no such program in PATH";

class CommandRunner {
 public:
    virtual ~CommandRunner() = default;
    // Fails only if the program could not be started (FaultDomain::Host, naming it; the message
    // ends in kNoSuchProgram if there is no such program). How the program ended is in the result.
    virtual Result<CommandResult> run(const Command& command) = 0;
};

} // namespace rig
