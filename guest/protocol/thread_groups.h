// SPDX-License-Identifier: GPL-2.0-or-later
// What host and agent agree on about the workload "threads": limits and names. This code accesses
// nothing of the host.
#pragma once

#include <string>

namespace rig::guest {

inline constexpr unsigned kMaxGroups = 8;
inline constexpr unsigned kMaxThreads = 64; // of all groups together
inline constexpr unsigned kMaxErrors = 8;   // declared errors of a group

// Latencies that are kept of each thread in a pass. A thread that makes more calls is an error.
constexpr unsigned kept_latencies(unsigned threads) {
    constexpr unsigned all = 1u << 20, most = 1u << 16;
    return threads == 0 || all / threads > most ? most : all / threads;
}

// Names of counters and timings: "callers_calls", "callers_errors", "callers_eagain" and, of a
// thread, "callers_0_calls" and "callers_0".
inline std::string thread_name(const std::string& group, unsigned thread) {
    return group + "_" + std::to_string(thread);
}
inline std::string calls_counter(const std::string& who) {
    return who + "_calls";
}
inline std::string errors_counter(const std::string& group) {
    return group + "_errors";
}
inline std::string error_counter(const std::string& group, std::string error) {
    for (auto& letter : error)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return group + "_" + error;
}

} // namespace rig::guest
