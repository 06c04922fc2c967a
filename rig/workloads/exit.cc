// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {

const Workload& exit() {
    static const Workload workload = [] {
        // exit_mmap() runs in the context of the process that drops the last reference to the
        // address space: here, the exiting child.
        auto out = page_table_workload(
            "exit", "starts a process that fills page tables and exits, again and again",
            "page tables that the child fills", "pages touched under each table",
            timed_function("exit_mmap"));
        out.starts_processes = true;
        return out;
    }();
    return workload;
}

} // namespace rig::workloads
