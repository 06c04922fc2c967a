// SPDX-License-Identifier: GPL-2.0-or-later
// Errors as values. `Blame` is part of the type so that a fault of the rig or of the host can never
// be taken for a sample or a verdict about a kernel: only Blame::Kernel and Blame::Guest may ever
// count against the code under test.
#pragma once

#include <filesystem>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace rig {

enum class Blame {
    Spec,   // the experiment file or the command line: mend the input (exit 2)
    Host,   // this machine, its tools or rig itself: retry or mend the host (exit 3)
    Kernel, // the kernel under test: it did not build, panicked, stalled (exit 1)
    Guest,  // the agent, perf or the workload inside the guest: nothing was tested (exit 4)
};

struct Error {
    Blame blame = Blame::Host;
    std::string message;       // names the object, what was found, and what is accepted
    std::filesystem::path log; // where the evidence lies; empty if there is none
    std::string kind{};        // of a boot that is no sample: how it ended, "rcu-stall" (ending.h)
    std::string complaint{}; // of such a boot: what its kernel complained of first, whatever ended
                             // the boot; "" if nothing
    std::string arm{};       // whose boot that was
};

template<class T> using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(Blame blame, std::string message,
                                  std::filesystem::path log = {}) {
    return tl::unexpected<Error>(Error{blame, std::move(message), std::move(log), {}, {}, {}});
}

// What a guest sent cannot be used.
inline tl::unexpected<Error> guest_error(std::string message) {
    return fail(Blame::Guest, std::move(message));
}

// Exit codes of every rig command; see ARCHITECTURE.md.
enum class Exit { AsExpected = 0, Broken = 1, Usage = 2, Host = 3, Inconclusive = 4 };

constexpr Exit exit_for(Blame blame) {
    switch (blame) {
    case Blame::Spec:
        return Exit::Usage;
    case Blame::Host:
        return Exit::Host;
    case Blame::Kernel:
        return Exit::Broken;
    case Blame::Guest:
        return Exit::Inconclusive;
    }
    return Exit::Host;
}

constexpr const char* name(Blame blame) {
    switch (blame) {
    case Blame::Spec:
        return "spec";
    case Blame::Host:
        return "host";
    case Blame::Kernel:
        return "kernel";
    case Blame::Guest:
        return "guest";
    }
    return "host";
}

// Propagates the error of a Result-returning expression: `RIG_TRY(x, f());` declares x or returns
// the error.
#define RIG_CONCAT_(a, b) a##b
#define RIG_CONCAT(a, b) RIG_CONCAT_(a, b)
#define RIG_TRY_(tmp, var, expr)                                                                   \
    auto tmp = (expr);                                                                             \
    if (!tmp) return tl::unexpected<::rig::Error>(std::move(tmp.error()));                         \
    auto& var = *tmp
#define RIG_TRY(var, expr) RIG_TRY_(RIG_CONCAT(rig_try_, __LINE__), var, expr)
#define RIG_CHECK(expr)                                                                            \
    do {                                                                                           \
        if (auto rig_status = (expr); !rig_status)                                                 \
            return tl::unexpected<::rig::Error>(std::move(rig_status.error()));                    \
    } while (0)

} // namespace rig
