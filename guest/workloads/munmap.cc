// SPDX-License-Identifier: GPL-2.0-or-later
// Each call unmaps a fresh mapping that spans `tables` page tables. An anchor page in the same 1
// GiB slot stays mapped, so that the kernel frees exactly that many PTE tables. With more than
// eight pages in all, the call also needs a page batch (tlb_next_batch), an allocation that must
// not fail. With tables = 0 each call unmaps one page next to the anchor, whose table stays: such
// calls free no page table, and serve as a negative control.
#include "guest/workloads/mapping.h"

#include <sys/mman.h>

namespace rig::guest {
namespace {

void prepare_munmap(const WorkloadParams& params, WorkloadReport& report) {
    if (prepare_common(params, report)) drop_anchor(slot_address(params), report);
}

void run_munmap(const WorkloadParams& params, WorkloadReport& report) {
    const bool beside_anchor = params.tables == 0;
    const std::size_t length = beside_anchor ? kPage : params.tables * kTableSpan;
    const std::uintptr_t address =
        beside_anchor ? anchor_address(slot_address(params)) + kPage : slot_address(params);
    at_pace(params, [&](unsigned i) {
        char* region = map_at(address, length);
        if (!region) return complain(report, "mmap");
        touch(region, params);
        if (beside_anchor) *region = 1;
        const std::uint64_t before = monotonic_ns();
        if (::munmap(region, length) != 0) return complain(report, "munmap");
        report.call_ns[i] = monotonic_ns() - before;
        report.calls = i + 1;
        report.tables_freed += params.tables;
        return true;
    });
}

} // namespace

extern const Workload kMunmap;
const Workload kMunmap{"munmap", prepare_munmap, run_munmap};

} // namespace rig::guest
