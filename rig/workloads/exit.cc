// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {

const Workload& exit() {
    static const Workload workload{
        .name = "exit",
        .purpose = "starts a process that fills page tables and exits, again and again",
        .parameters =
            table_parameters("page tables that the child fills", "pages touched under each table"),
        // The last one to let go of an address space tears it down there, in the context of the
        // process that exits.
        .iteration = timed_function("exit_mmap"),
        .starts_processes = true,
        .work = "tables",
        .work_claim = "freed every table",
        .work_per_call = tables_per_call,
        .hint = page_table_hint,
        .hint_options = page_table_options(),
    };
    return workload;
}

} // namespace rig::workloads
