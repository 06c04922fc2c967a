// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {

const Workload& pmd_unshare() {
    static const Workload workload = [] {
        auto out = page_table_workload(
            "pmd_unshare", "unmaps hugetlb mappings that share page tables, again and again",
            "page tables no longer shared after each call", "huge pages touched under each table",
            timed_system_call("munmap"));
        // All tables that one call unshares are flushed together.
        out.hits_per_call = [](const WorkloadSpec&) -> std::uint64_t { return 1; };
        return out;
    }();
    return workload;
}

} // namespace rig::workloads
