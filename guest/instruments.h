// SPDX-License-Identifier: GPL-2.0-or-later
// perf, kprobes and fault injection as the plan asks for them. The host composes events and
// filters; nothing here knows a kernel function by name.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <sys/types.h>
#include <vector>

namespace rig::guest {

// Starts a program with its stdout and stderr in files (which may be one). -1: errno tells; 127 is
// its exit code if it cannot be executed.
pid_t spawn(const std::vector<std::string>& argv, const std::string& out, const std::string& err);

// One perf process, opened disabled and steered through perf's own control fifo.
class PerfProcess {
 public:
    // `args` follow "perf"; control options are added. False: `error` tells, with perf's own words.
    bool start(const std::string& name, std::vector<std::string> args, std::string& error);
    bool command(const std::string& verb,
                 std::string& error); // enable | disable; waits for perf's ack
    bool stop(std::string& error);    // ends it and waits; false unless it exited with 0
    std::string stderr_path() const { return "/tmp/" + name_ + ".err"; }

 private:
    bool gave_up(std::string& error);
    std::string name_;
    pid_t pid_ = -1;
    int control_ = -1, ack_ = -1;
};

// While it lives /proc/kallsyms shows no addresses, and perf record, which else reads all of it
// twice before it starts, passes it over. So do the lists of kprobes and modules, for root as well.
// Perf says on its stderr that it has no "reference relocation symbol": nothing here moves.
class KernelPointersHidden {
 public:
    explicit KernelPointersHidden(bool wanted);
    ~KernelPointersHidden();
    KernelPointersHidden(const KernelPointersHidden&) = delete;
    KernelPointersHidden& operator=(const KernelPointersHidden&) = delete;

 private:
    std::string before_; // what the kernel came up with; empty if nothing was changed
};

// "-e EVENT --filter FILTER" for every entry of plan["stat"] or plan["record"], with $PID replaced
// by the workload's and $CHILDREN by the least pid of a process it starts (fork_own.h).
std::vector<std::string> event_arguments(const nlohmann::json& events, pid_t workload);

// Events of the plan (subsystem:name) the kernel does not have.
std::vector<std::string> missing_events(const nlohmann::json& plan);

// Probes stay breakpoints. The handler of an optimised one runs with interrupts on, and a probed
// handler of an IPI that arrives within it is not counted (nmissed); and optimising them stops
// every CPU in the middle of the workload (do_sync_core).
void disable_probe_optimization();

// Writes the plan's lines to kprobe_events. False: `error` names the line.
bool define_probes(const nlohmann::json& lines, std::string& error);

// Writes attributes under fail_page_alloc in order, then reads each back into `readback`.
bool arm_faults(const nlohmann::json& fault, pid_t workload, nlohmann::json& readback,
                std::string& error);
bool read_fault_times(long long& times);
void disarm_faults();

// Runs a program to its end; its stdout and stderr go to files. Returns the wait status.
int run_to_file(const std::vector<std::string>& argv, const std::string& out,
                const std::string& err);

} // namespace rig::guest
