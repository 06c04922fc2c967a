// SPDX-License-Identifier: GPL-2.0-or-later
// A caller that keeps the IPI: each call collapses `tables` ranges of small pages into huge ones
// (MADV_COLLAPSE). For each range, collapse_huge_page() unlinks the page table
// (pmdp_collapse_flush()) and then waits for its lockless walkers: once per table, whether or not
// an allocation fails. The kernel must not make the pages huge by itself ("madvise", as in
// configs/kernel/retained.config): then there would be nothing to collapse, and the hits of the
// target would show it.
#include "guest/workloads/mapping.h"

#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

namespace rig::guest {
namespace {

void prepare_collapse(const WorkloadParams& params, WorkloadReport& report) {
    if (prepare_common(params, report)) drop_anchor(slot_address(params), report);
}

void run_collapse(const WorkloadParams& params, WorkloadReport& report) {
    const std::size_t length = params.tables * kTableSpan;
    at_pace(params, [&](unsigned i) {
        char* region = map_at(slot_address(params), length);
        if (!region) return complain(report, "mmap");
        touch(region, params);
        const std::uint64_t before = monotonic_ns();
        // This fails unless every range has become huge.
        if (::madvise(region, length, MADV_COLLAPSE) != 0)
            return complain(report, "madvise MADV_COLLAPSE");
        report.call_ns[i] = monotonic_ns() - before;
        report.calls = i + 1;
        report.tables_freed += params.tables;
        if (::munmap(region, length) != 0) return complain(report, "munmap");
        return true;
    });
}

} // namespace

extern const Workload kCollapse;
const Workload kCollapse{"collapse", prepare_collapse, run_collapse};

} // namespace rig::guest
