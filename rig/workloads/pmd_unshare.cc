// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {

const Workload& pmd_unshare() {
    static const Workload workload{
        .name = "pmd_unshare",
        .purpose = "unmaps hugetlb mappings that share page tables, again and again",
        .parameters = table_parameters("page tables no longer shared after each call",
                                       "huge pages touched under each table"),
        .iteration = timed_system_call("munmap"),
        .work = "tables",
        .work_claim = "freed every table",
        .work_per_call = tables_per_call,
        .hits_per_call = [](const WorkloadSpec&) -> std::uint64_t {
            return 1;
        }, // tables unshared by one call are flushed together
        .hint = page_table_hint,
        .hint_options = page_table_options(),
    };
    return workload;
}

} // namespace rig::workloads
