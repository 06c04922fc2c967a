// Each call unmaps a fresh mapping that spans `tables` page tables, so the kernel frees exactly that many PTE tables.
// An anchor page in the same 1 GiB slot stays mapped: without it the PMD and PUD tables would be freed as well and the
// prediction would depend on where the mapping lies. With more than eight pages in all, the call also needs a page
// batch (tlb_next_batch), the allocation that must not be made to fail.
#include "guest/workloads/workload.h"

#include <cstdio>
#include <cstring>
#include <cerrno>
#include <sys/mman.h>

namespace rig::guest {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kTableSpan = 2u << 20; // one PTE table maps 512 pages
constexpr std::uintptr_t kBase = 0x100000000000; // far from the binary, the stack and mmap_base
constexpr std::uintptr_t kSlot = 1u << 30;

void complain(WorkloadReport& report, const char* what) {
    std::snprintf(report.error, sizeof report.error, "%s: %s", what, std::strerror(errno));
}

char* map_at(std::uintptr_t address, std::size_t length) {
    void* p = ::mmap(reinterpret_cast<void*>(address), length, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return p == MAP_FAILED ? nullptr : static_cast<char*>(p);
}

std::uintptr_t slot_of(const WorkloadParams& params) { return kBase + params.address_slot * kSlot; }

void prepare(const WorkloadParams& params, WorkloadReport& report) {
    std::memset(report.call_ns, 0, params.iterations * sizeof report.call_ns[0]);
    if (params.tables * kTableSpan > kSlot - kTableSpan) {
        std::snprintf(report.error, sizeof report.error, "%u tables do not fit in a slot, want at most 511", params.tables);
        return;
    }
    if (params.ballast_pages) {
        void* ballast = ::mmap(nullptr, params.ballast_pages * kPage, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (ballast == MAP_FAILED) return complain(report, "mmap ballast");
    }
    char* anchor = map_at(slot_of(params) + kSlot - kTableSpan, kPage);
    if (!anchor) return complain(report, "mmap anchor");
    *anchor = 1;
}

void run(const WorkloadParams& params, WorkloadReport& report) {
    const std::size_t length = params.tables * kTableSpan;
    const std::uint64_t start = monotonic_ns() + params.start_offset_us * 1000ull;
    sleep_until_ns(start);
    for (unsigned i = 0; i < params.iterations; ++i) {
        if (params.pace_us) sleep_until_ns(start + i * (params.pace_us * 1000ull));
        char* region = map_at(slot_of(params), length);
        if (!region) return complain(report, "mmap");
        for (unsigned table = 0; table < params.tables; ++table)
            for (unsigned page = 0; page < params.pages_per_table; ++page) region[table * kTableSpan + page * kPage] = 1;
        const std::uint64_t before = monotonic_ns();
        if (::munmap(region, length) != 0) return complain(report, "munmap");
        report.call_ns[i] = monotonic_ns() - before;
        report.calls = i + 1;
        report.tables_freed += params.tables;
    }
}

} // namespace

extern const Workload kMunmap;
const Workload kMunmap{"munmap", prepare, run};

} // namespace rig::guest
