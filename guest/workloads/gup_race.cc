// SPDX-License-Identifier: GPL-2.0-or-later
// Lockless page-table walkers against munmap(). Each call maps a region, stamps its pages, lets a
// walker on every other CPU access its pages through GUP-fast, and unmaps it meanwhile. With fault
// injection every page table is freed by the fallback, which must wait for walkers that may still
// read it.
//
// The walkers are real users of GUP-fast: vmsplice(2) of a page to a pipe, O_DIRECT writes of a
// page to a RAM disk, and buffers registered with io_uring. What the first two return is read back:
// it must be the stamp of the requested page, or nothing yet. A registered buffer is released
// again. A walk that reads a freed table seldom shows in the data, because GUP-fast checks the
// tables again and backs off. Therefore the kernel should also run with KASAN.
//
// A walker spins in the kernel while it runs, which is expensive on a single-threaded emulator. So
// walkers run from shortly before the unmapping until their calls fail, and sleep in between.
#include "guest/protocol/workload_counters.h"
#include "guest/workloads/mapping.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <thread>
#include <unistd.h>

namespace rig::guest {
namespace {

constexpr std::uint64_t kStamp = 0x5249'4700'0000'0000; // "RIG", address, round
constexpr unsigned kRoundBits = 12;
// A walk takes some 30 us with kernel-patches/6.12/gup-widen.
constexpr std::uint64_t kHeadStartNs = 300'000;
constexpr std::uint64_t kPollNs = 100'000;
constexpr const char* kDisk = "/dev/ram0";

struct Shared {
    std::atomic<unsigned> round{0}; // 0: before the first call
    std::atomic<unsigned> ready{0}, walking{0};
    std::atomic<bool> broken{false}; // a walker failed
    std::atomic<std::uint64_t> walks{0}, corruptions{0};
};
Shared shared;

// The stamp of a page, without the round in which it was written.
std::uint64_t owner(const char* page) {
    return kStamp |
           ((reinterpret_cast<std::uintptr_t>(page) / kPage) << kRoundBits & 0xff'ffff'ffff);
}

void stamp(char* page, unsigned round) {
    const std::uint64_t value = owner(page) | (round & ((1u << kRoundBits) - 1));
    auto* words = reinterpret_cast<volatile std::uint64_t*>(page);
    words[0] = value;
    words[kPage / sizeof value - 1] = value;
}

// Walkers run while pages are being stamped, so a page may still be empty, or only half stamped.
bool belongs(const std::uint64_t* content, const char* page) {
    for (const std::uint64_t word : {content[0], content[kPage / sizeof *content - 1]})
        if (word != 0 && word >> kRoundBits != owner(page) >> kRoundBits) return false;
    return true;
}

enum class Walk { Got, Refused, Broken };

// One user of GUP-fast, with its buffers and files.
class Walker {
 public:
    explicit Walker(unsigned cpu) : cpu_(cpu), user_(static_cast<User>(cpu % 3)) {
        buffer_ = static_cast<std::uint64_t*>(::aligned_alloc(kPage, kPage));
        usable_ = buffer_ && open();
        if (buffer_) buffer_[0] = 0; // touches the page
    }
    bool usable() const { return usable_; }

    Walk walk(char* page) {
        const Walk result = user_ == User::Disk   ? through_disk(page)
                            : user_ == User::Pipe ? through_pipe(page)
                                                  : through_ring(page);
        if (result != Walk::Got) return result;
        shared.walks.fetch_add(1);
        if (user_ != User::Ring && !belongs(buffer_, page)) shared.corruptions.fetch_add(1);
        return result;
    }

 private:
    enum class User : unsigned { Ring, Pipe, Disk };

    bool open() {
        if (user_ == User::Pipe) return ::pipe2(pipe_, O_CLOEXEC) == 0;
        if (user_ == User::Disk) return (disk_ = ::open(kDisk, O_RDWR | O_DIRECT | O_CLOEXEC)) >= 0;
        io_uring_params ring{};
        return (ring_ = static_cast<int>(::syscall(SYS_io_uring_setup, 1, &ring))) >= 0;
    }
    Walk through_ring(char* page) {
        const iovec vector{page, kPage};
        if (::syscall(SYS_io_uring_register, ring_, IORING_REGISTER_BUFFERS, &vector, 1) != 0)
            return errno == EFAULT ? Walk::Refused : Walk::Broken;
        return ::syscall(SYS_io_uring_register, ring_, IORING_UNREGISTER_BUFFERS, nullptr, 0) == 0
                   ? Walk::Got
                   : Walk::Broken;
    }
    Walk through_pipe(char* page) {
        const iovec vector{page, kPage};
        const ssize_t spliced = ::vmsplice(pipe_[1], &vector, 1, 0);
        if (spliced < 0) return errno == EFAULT ? Walk::Refused : Walk::Broken;
        return spliced == kPage && ::read(pipe_[0], buffer_, kPage) == kPage ? Walk::Got
                                                                             : Walk::Broken;
    }
    Walk through_disk(char* page) {
        const off_t at = static_cast<off_t>(cpu_ * kPage);
        if (::pwrite(disk_, page, kPage, at) != kPage)
            return errno == EFAULT ? Walk::Refused : Walk::Broken;
        return ::pread(disk_, buffer_, kPage, at) == kPage ? Walk::Got : Walk::Broken;
    }

    unsigned cpu_;
    User user_;
    bool usable_ = false;
    int disk_ = -1, ring_ = -1, pipe_[2] = {-1, -1};
    std::uint64_t* buffer_ = nullptr;
};

void pin_to(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    ::sched_setaffinity(0, sizeof set, &set);
}

// In each round: walks the pages of the region, in an order of its own, until the region is gone.
void walk_forever(unsigned cpu, const WorkloadParams params) {
    pin_to(cpu);
    Walker walker(cpu);
    if (!walker.usable()) shared.broken = true;
    shared.ready.fetch_add(1);
    unsigned seen = 0;
    std::uint64_t random = params.address_slot * 64 + cpu;
    while (walker.usable()) {
        const unsigned round = shared.round.load();
        if (round == seen) {
            sleep_until_ns(monotonic_ns() + kPollNs);
            continue;
        }
        seen = round;
        shared.walking.fetch_add(1);
        for (Walk last = Walk::Got; last == Walk::Got;) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            const std::uint64_t n = (random >> 33) % (params.tables * params.pages_per_table);
            char* region = reinterpret_cast<char*>(slot_address(params));
            last = walker.walk(region + n / params.pages_per_table * kTableSpan +
                               n % params.pages_per_table * kPage);
            if (last == Walk::Broken) shared.broken = true;
        }
        shared.walking.fetch_sub(1);
    }
}

void prepare_gup_race(const WorkloadParams& params, WorkloadReport& report) {
    if (!prepare_common(params, report) || !drop_anchor(slot_address(params), report)) return;
    const unsigned cpus = static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN));
    // Start the walkers before fault injection is armed: make-it-fail is inherited, and only the
    // allocations of the unmapping thread may fail.
    for (unsigned cpu = 1; cpu < cpus; ++cpu)
        std::thread(walk_forever, cpu, params).detach();
    while (shared.ready.load() + 1 < cpus)
        sleep_until_ns(monotonic_ns() + kPollNs);
    if (shared.broken)
        std::snprintf(report.error, sizeof report.error, "a walker needs pipes, io_uring and %s",
                      kDisk);
}

void run_gup_race(const WorkloadParams& params, WorkloadReport& report) {
    const std::size_t length = params.tables * kTableSpan;
    at_pace(params, [&](unsigned i) {
        while (shared.walking.load() > 0)
            sleep_until_ns(monotonic_ns() + kPollNs);
        char* region = map_at(slot_address(params), length);
        if (!region) return complain(report, "mmap");
        for (unsigned table = 0; table < params.tables; ++table)
            for (unsigned page = 0; page < params.pages_per_table; ++page)
                stamp(region + table * kTableSpan + page * kPage, i);
        shared.round.fetch_add(1);
        sleep_until_ns(monotonic_ns() + kHeadStartNs);
        const std::uint64_t before = monotonic_ns();
        if (::munmap(region, length) != 0) return complain(report, "munmap");
        report.call_ns[i] = monotonic_ns() - before;
        report.calls = i + 1;
        report.tables_freed += params.tables;
        return true;
    });
    while (shared.walking.load() > 0)
        sleep_until_ns(monotonic_ns() + kPollNs);
    report.counters[kWalks] = shared.walks;
    report.counters[kCorruptions] = shared.corruptions;
    if (shared.broken)
        std::snprintf(report.error, sizeof report.error,
                      "a walker was refused for another reason than an unmapped page");
}

} // namespace

extern const Workload kGupRace;
const Workload kGupRace{"gup_race", prepare_gup_race, run_gup_race};

} // namespace rig::guest
