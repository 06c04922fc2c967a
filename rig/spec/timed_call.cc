#include "rig/spec/timed_call.h"

namespace rig {
namespace {

MeasuredCall system_call(const std::string& name) {
    return {name, "syscalls:sys_enter_" + name, "syscalls:sys_exit_" + name, "", false, true};
}

MeasuredCall function_call(const std::string& function) {
    return {function, "rig:call", "rig:call_return", function, true, false};
}

} // namespace

MeasuredCall iteration_of(const WorkloadSpec& workload) {
    // The last one to let go of an address space tears it down there, in the context of the process that exits.
    if (workload.name == "exit") return function_call("exit_mmap");
    // The workload does nothing but wait for the command it started.
    if (workload.name == "command") {
        auto call = system_call("wait4");
        call.name = "the command";
        return call;
    }
    return system_call(workload.name == "collapse" ? "madvise" : "munmap");
}

MeasuredCall call_of(const WorkloadSpec& workload) {
    if (workload.name == "command" && !workload.call.empty()) return function_call(workload.call);
    return iteration_of(workload);
}

std::uint64_t expected_tables(const WorkloadSpec& workload) {
    if (workload.name == "command") return 0; // nobody counts them
    return std::uint64_t{workload.iterations} * workload.tables;
}

std::optional<std::uint64_t> hits_per_call(const WorkloadSpec& workload) {
    if (workload.name == "collapse") return workload.tables;
    if (workload.name == "pmd_unshare") return 1;
    return std::nullopt;
}

bool has_children(const WorkloadSpec& workload) {
    return workload.name == "exit" || workload.name == "command";
}

} // namespace rig
