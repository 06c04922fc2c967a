// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {

const Workload& crash() {
    static const Workload workload{
        .name = "crash",
        .purpose = "dies of a signal: rig's own test of what it makes of that",
        .parameters = table_parameters("as with munmap", "as with munmap"),
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
