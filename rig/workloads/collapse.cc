// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {

const Workload& collapse() {
    static const Workload workload = [] {
        auto out = page_table_workload(
            "collapse", "replaces page tables by huge pages with MADV_COLLAPSE, again and again",
            "page tables replaced by each call", "pages touched under each table",
            timed_system_call("madvise"));
        // Each collapsed table is flushed on its own.
        out.hits_per_call = tables_per_call;
        return out;
    }();
    return workload;
}

} // namespace rig::workloads
