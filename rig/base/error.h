// SPDX-License-Identifier: GPL-2.0-or-later
// Errors as values. Every error has a `FaultDomain`, so that a fault of rig or of the host can
// never be mistaken for a sample or for a verdict about a kernel. Only FaultDomain::Kernel and
// FaultDomain::Guest may count against the code under test.
#pragma once

#include <filesystem>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace rig {

enum class FaultDomain {
    Spec,   // the experiment file or the command line: fix the input (exit 2)
    Host,   // this machine, its tools or rig itself: retry, or fix the host (exit 3)
    Kernel, // the kernel under test did not build, panicked or stalled (exit 1)
    Guest,  // the agent, perf or the workload in the guest failed: nothing was tested (exit 4)
};

struct Error {
    FaultDomain fault_domain = FaultDomain::Host;
    std::string message;       // names the object, what was found, and what is accepted
    std::filesystem::path log; // the file with the evidence; empty if there is none
    // The next three describe a boot that gave no sample. `kind`: how it ended, such as "rcu-stall"
    // (boot_outcome.h).
    std::string kind{};
    std::string complaint{}; // the first splat of its kernel, whatever ended the boot; "" = none
    std::string arm{};       // the arm to which the boot belongs
};

template<class T> using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(FaultDomain fault_domain, std::string message,
                                  std::filesystem::path log = {}) {
    return tl::unexpected<Error>(
        Error{fault_domain, std::move(message), std::move(log), {}, {}, {}});
}

// Something that a guest sent cannot be used.
inline tl::unexpected<Error> guest_error(std::string message) {
    return fail(FaultDomain::Guest, std::move(message));
}

// Exit codes of every rig command; see docs/reference/exit-codes.md.
enum class Exit { Pass = 0, Fail = 1, Usage = 2, Host = 3, Inconclusive = 4 };

constexpr Exit exit_for(FaultDomain fault_domain) {
    switch (fault_domain) {
    case FaultDomain::Spec:
        return Exit::Usage;
    case FaultDomain::Host:
        return Exit::Host;
    case FaultDomain::Kernel:
        return Exit::Fail;
    case FaultDomain::Guest:
        return Exit::Inconclusive;
    }
    return Exit::Host;
}

constexpr const char* name(FaultDomain fault_domain) {
    switch (fault_domain) {
    case FaultDomain::Spec:
        return "spec";
    case FaultDomain::Host:
        return "host";
    case FaultDomain::Kernel:
        return "kernel";
    case FaultDomain::Guest:
        return "guest";
    }
    return "host";
}

// Unwraps a Result, or returns its error from the calling function: `RIG_TRY(x, f());` declares x.
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
