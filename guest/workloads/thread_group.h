// SPDX-License-Identifier: GPL-2.0-or-later
// The groups of threads of the workload "threads", as the plan describes them.
#pragma once

#include "guest/protocol/system_call.h"

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rig::guest {

// A system call by name, with its number on this architecture. number < 0: none.
struct NamedCall {
    std::string name = {};
    long number = -1;
    std::vector<CallArgument> arguments = {};
};

struct ThreadGroup {
    std::string name;
    unsigned threads = 1;
    std::vector<unsigned> cpus;            // thread i runs on the i-th of them, modulo their number
    int policy = 0;                        // SCHED_OTHER and so on
    int priority = 0;                      // of SCHED_FIFO and SCHED_RR, else 0
    NamedCall call = {};                   // made again and again, or
    std::vector<std::string> command = {}; // run again and again
    NamedCall prepare = {};                // made once by each thread, before the window opens
    unsigned calls = 0;                    // of each thread in a round; 0: until `until` has ended
    std::size_t until = 0;                 // index of another group
    unsigned pause_us = 0;                 // between two calls of a thread
    std::vector<int> errors = {};          // with which the call may fail
    std::size_t region_bytes = 0;          // memory of each thread, or of the group
    bool region_of_group = false;
    unsigned touch_pages = 0; // written before each call, evenly spread over the region
    std::string file = {};    // opened by each thread; "" = none

    unsigned cpu_of(unsigned thread) const { return cpus[thread % cpus.size()]; }
};

// The plan's list of groups. Throws std::runtime_error if a value is not understood, and
// nlohmann::json::exception if one is missing or has another type.
std::vector<ThreadGroup> read_groups(const nlohmann::json& list);

} // namespace rig::guest
