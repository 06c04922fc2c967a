// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/workloads/mapping.h"

#include "guest/arch.h"

#include <cstdio>
#include <cstring>
#include <sys/mman.h>

namespace rig::guest {

std::uintptr_t slot_address(const WorkloadParams& params, unsigned n) {
    return kWorkloadBase + (params.address_slot + n) * kSlot;
}

char* map_at(std::uintptr_t address, std::size_t length) {
    void* p = ::mmap(reinterpret_cast<void*>(address), length, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return p == MAP_FAILED ? nullptr : static_cast<char*>(p);
}

void touch(char* region, const WorkloadParams& params) {
    for (unsigned table = 0; table < params.tables; ++table)
        for (unsigned page = 0; page < params.pages_per_table; ++page)
            region[table * kTableSpan + page * kPage] = 1;
}

bool prepare_common(const WorkloadParams& params, WorkloadReport& report) {
    std::memset(report.call_ns, 0, params.iterations * sizeof report.call_ns[0]);
    if (params.tables * kTableSpan > kSlot - kTableSpan) {
        std::snprintf(report.error, sizeof report.error,
                      "%u tables do not fit in a slot, want at most 511", params.tables);
        return false;
    }
    if (params.ballast_pages) {
        void* ballast = ::mmap(nullptr, params.ballast_pages * kPage, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (ballast == MAP_FAILED) {
            return complain(report, "mmap ballast");
        }
    }
    return true;
}

std::uintptr_t anchor_address(std::uintptr_t slot) {
    return slot + kSlot - kTableSpan;
}

bool drop_anchor(std::uintptr_t slot, WorkloadReport& report) {
    char* anchor = map_at(anchor_address(slot), kPage);
    if (anchor)
        *anchor = 1;
    else
        complain(report, "mmap anchor");
    return anchor != nullptr;
}

} // namespace rig::guest
