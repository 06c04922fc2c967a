// SPDX-License-Identifier: GPL-2.0-or-later
// Another caller that keeps the IPI. hugetlb mappings of the same file share PMD tables, and
// unsharing a table must wait for its lockless walkers. A second process keeps the file mapped.
// Each call unmaps the workload's own mapping of `tables` whole GiB of it, and so unshares that
// many PMD tables, leaving one sharer. huge_pmd_unshare_flush() runs once per call and waits once,
// regardless of the number of tables.
//
// The number of page faults shows that tables are shared: a page that the other process has touched
// causes none.
#include "guest/files.h"
#include "guest/workloads/mapping.h"

#include <csignal>
#include <cstdio>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rig::guest {
namespace {

constexpr std::size_t kHugePage = kTableSpan;
constexpr const char* kPool = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";

int file = -1;
pid_t holder = -1;

std::size_t length(const WorkloadParams& params) {
    return params.tables * kSlot;
}

// Maps the whole range, aligned to the reach of a PMD table. Pages are taken from the pool when
// they are touched.
char* map_file(const WorkloadParams& params) {
    void* p =
        ::mmap(reinterpret_cast<void*>(slot_address(params)), length(params),
               PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, file, 0);
    return p == MAP_FAILED ? nullptr : static_cast<char*>(p);
}

void touch_pages(char* region, const WorkloadParams& params) {
    for (unsigned table = 0; table < params.tables; ++table)
        for (unsigned page = 0; page < params.pages_per_table; ++page)
            region[table * kSlot + page * kHugePage] = 1;
}

[[noreturn]] void hold(const WorkloadParams& params, int ready) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    char* region = map_file(params);
    if (region) touch_pages(region, params); // SIGBUS if the pool is too small
    if (!region || ::write(ready, "r", 1) != 1) ::_exit(1);
    for (;;)
        ::pause();
}

void prepare_pmd_unshare(const WorkloadParams& params, WorkloadReport& report) {
    if (!prepare_common(params, report)) return;
    if (params.pages_per_table < 2) {
        std::snprintf(report.error, sizeof report.error,
                      "pages_per_table = %u, want at least 2 to see that tables are shared",
                      params.pages_per_table);
        return;
    }
    const auto pages = std::to_string(params.tables * params.pages_per_table);
    std::string got;
    if (!write_file(kPool, pages) || !read_file(kPool, got) || got != pages + "\n") {
        std::snprintf(report.error, sizeof report.error, "no pool of %s huge pages: %s",
                      pages.c_str(),
                      got.empty() ? "no hugetlb in this kernel" : "too little memory");
        return;
    }
    int ready[2];
    char byte = 0;
    file = ::memfd_create("shared", MFD_HUGETLB | MFD_CLOEXEC);
    if (file < 0 || ::ftruncate(file, static_cast<off_t>(length(params))) != 0 ||
        ::pipe(ready) != 0) {
        complain(report, "hugetlb file");
        return;
    }
    holder = ::fork();
    if (holder == 0) hold(params, ready[1]);
    ::close(ready[1]);
    if (holder < 0 || ::read(ready[0], &byte, 1) != 1)
        complain(report, "process that shares the mapping");
    ::close(ready[0]);
}

long minor_faults() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

bool share_and_unmap(const WorkloadParams& params, WorkloadReport& report, unsigned call) {
    char* region = map_file(params);
    if (!region) return complain(report, "mmap");
    const long before = minor_faults();
    touch_pages(region, params);
    // Only the first touch below each table faults, which then shares the table.
    if (const long faults = minor_faults() - before; faults != static_cast<long>(params.tables)) {
        std::snprintf(report.error, sizeof report.error,
                      "%ld faults on %u x %u pages, want one for each table: they are not shared",
                      faults, params.tables, params.pages_per_table);
        return false;
    }
    const std::uint64_t start = monotonic_ns();
    if (::munmap(region, length(params)) != 0) return complain(report, "munmap");
    report.call_ns[call] = monotonic_ns() - start;
    report.calls = call + 1;
    report.tables_freed += params.tables;
    return true;
}

void run_pmd_unshare(const WorkloadParams& params, WorkloadReport& report) {
    at_pace(params, [&](unsigned i) { return share_and_unmap(params, report, i); });
    // Release the pages to the pool, for the next pass.
    ::kill(holder, SIGKILL);
    ::waitpid(holder, nullptr, 0);
}

} // namespace

extern const Workload kPmdUnshare;
const Workload kPmdUnshare{"pmd_unshare", prepare_pmd_unshare, run_pmd_unshare};

} // namespace rig::guest
