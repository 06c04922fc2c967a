// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {

const Workload& munmap() {
    static const Workload workload{
        .name = "munmap",
        .purpose = "unmaps a mapping that fills whole page tables, again and again",
        .parameters = table_parameters("page tables freed by each call; 0: a call that frees none",
                                       "pages touched under each table"),
        .iteration = timed_system_call("munmap"),
        .work = "tables",
        .work_claim = "freed every table",
        .work_per_call = tables_per_call,
        .hint = page_table_hint,
        .hint_options = page_table_options(),
    };
    return workload;
}

} // namespace rig::workloads
