// SPDX-License-Identifier: GPL-2.0-or-later
// Fault injection as the plan describes it. The host composes the files and their values; this code
// knows no fault point.
#pragma once

#include "guest/workloads/fork_own.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rig::guest {

class FaultInjection {
 public:
    // `plan` is the whole plan: "faults", or "fault" for one point. `debugfs` is where debugfs is
    // mounted, `proc` where the tasks are.
    explicit FaultInjection(const nlohmann::json& plan,
                            const std::string& debugfs = "/sys/kernel/debug",
                            std::string proc = "/proc");

    // Writes what has to be there before the first probe is defined. These functions return false
    // with `error` set if a file cannot be written, or does not contain what was written.
    bool prepare(std::string& error) const;
    // Writes the attributes in order, reads each back, and marks the workload's tasks. What was
    // read is added to `result`.
    bool arm(const OwnTasks& tasks, nlohmann::json& result, std::string& error) const;
    // How many injections each point has left.
    std::vector<long long> times() const;
    void disarm() const;
    // Adds what times() was before and after the workload.
    void report(const std::vector<long long>& before, const std::vector<long long>& after,
                nlohmann::json& result) const;

 private:
    struct Write {
        std::string file, value, reads; // `file` is absolute; `reads` may be empty: anything
        std::string name;               // for messages: "failslab/times"
        std::string attribute;          // "times"
    };
    struct Point {
        std::string name, folder;
        std::vector<Write> first, attributes;
    };
    std::vector<Write> writes_of(const nlohmann::json& list, const Point& point) const;
    static bool write(const Write& one, std::string& read, std::string& error);
    // The object of `result` that belongs to the point.
    nlohmann::json& part_of(nlohmann::json& result, const Point& point) const;

    std::vector<Point> points_;
    bool enabled_ = true, listed_ = false;
    std::string proc_;
};

} // namespace rig::guest
