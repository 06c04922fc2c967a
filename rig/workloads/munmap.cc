// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {

const Workload& munmap() {
    static const Workload workload = page_table_workload(
        "munmap", "unmaps a mapping that fills whole page tables, again and again",
        "page tables freed by each call; 0: a call that frees none",
        "pages touched under each table", timed_system_call("munmap"));
    return workload;
}

} // namespace rig::workloads
