// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {

const Workload& collapse() {
    static const Workload workload{
        .name = "collapse",
        .purpose = "replaces page tables by huge pages with MADV_COLLAPSE, again and again",
        .parameters =
            table_parameters("page tables replaced by each call", "pages touched under each table"),
        .iteration = timed_system_call("madvise"),
        .work = "tables",
        .work_claim = "freed every table",
        .work_per_call = tables_per_call,
        .hits_per_call = tables_per_call, // every table that it collapses is flushed on its own
        .hint = page_table_hint,
        .hint_options = page_table_options(),
    };
    return workload;
}

} // namespace rig::workloads
