// SPDX-License-Identifier: GPL-2.0-or-later
// Sets up perf and kprobes according to the plan. The host composes events and
// filters; this code knows no kernel function by name.
#pragma once

#include "guest/workloads/fork_own.h"

#include <nlohmann/json.hpp>
#include <string>
#include <sys/types.h>
#include <vector>

namespace rig::guest {

// Starts a program, with stdout and stderr in files (which may be the same). -1: see errno. If the
// program cannot be executed, the exit code is 127.
pid_t spawn(const std::vector<std::string>& argv, const std::string& out, const std::string& err);

// One perf process. It starts disabled and is controlled through perf's control FIFO.
class PerfProcess {
 public:
    // `args` follow "perf"; the options for the control FIFO are added. False: `error` contains
    // perf's message.
    bool start(const std::string& name, std::vector<std::string> args, std::string& error);
    // `verb` is enable or disable. Waits for perf's acknowledgement.
    bool command(const std::string& verb, std::string& error);
    bool stop(std::string& error); // ends it and waits; false unless its exit code is 0
    std::string stderr_path() const { return "/tmp/" + name_ + ".err"; }

 private:
    bool gave_up(std::string& error);
    std::string name_;
    pid_t pid_ = -1;
    int control_ = -1, ack_ = -1;
};

// While this object exists, /proc/kallsyms shows no addresses, so that perf record skips it.
// Otherwise perf reads all of it twice before it starts. The lists of kprobes and modules show no
// addresses either, even for root. Perf warns on stderr that there is no "reference relocation
// symbol", which does not matter, since the kernel is not relocated.
class KernelPointersHidden {
 public:
    explicit KernelPointersHidden(bool wanted);
    ~KernelPointersHidden();
    KernelPointersHidden(const KernelPointersHidden&) = delete;
    KernelPointersHidden& operator=(const KernelPointersHidden&) = delete;

 private:
    std::string before_; // the setting before; empty if nothing was changed
};

// "-e EVENT --filter FILTER" for every entry of plan["stat"] or plan["record"]. $PID is replaced by
// the workload's pid, $LAST by the highest id of its threads, and $CHILDREN by the lowest pid of a
// process that it starts (fork_own.h).
std::vector<std::string> event_arguments(const nlohmann::json& events, const OwnTasks& tasks);

// Events of the plan (subsystem:name) that the kernel does not have.
std::vector<std::string> missing_events(const nlohmann::json& plan);

// Keeps probes as breakpoints. The handler of an optimised probe runs with interrupts enabled, and
// a probed handler of an IPI that arrives within it is not counted (nmissed). Also, optimising
// probes stops every CPU in the middle of the workload (do_sync_core).
void disable_probe_optimization();

// Writes the plan's lines to kprobe_events. False: `error` names the line.
bool define_probes(const nlohmann::json& lines, std::string& error);

// Runs a program to its end, with stdout and stderr in files. Returns the wait status.
int run_to_file(const std::vector<std::string>& argv, const std::string& out,
                const std::string& err);

} // namespace rig::guest
