// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/bystanders.h"

#include "guest/arch.h"
#include "guest/workloads/workload.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace rig::guest {

struct Bystanders::Control {
    std::atomic<bool> recording;
    std::atomic<unsigned> ready;
};

namespace {

void* share(std::size_t bytes) {
    void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return p == MAP_FAILED ? nullptr : p;
}

void pin(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    ::sched_setaffinity(0, sizeof set, &set);
}

// Keeps its CPU from ever being idle, at the lowest priority, so that it delays nothing else. At
// the pause between its short pieces of work a single-threaded emulator switches to the next CPU;
// without the pause each turn would last until some timer expires.
[[noreturn]] void keep_busy() {
    constexpr unsigned kPiece = 500; // about 3 us
    ::setpriority(PRIO_PROCESS, 0, 19);
    for (;;) {
        volatile unsigned work = kPiece;
        while (work > 0)
            work = work - 1;
        relax();
    }
}

} // namespace

bool Bystanders::start(unsigned cpus, unsigned period_us, unsigned burst_iterations, bool busy) {
    control_ = static_cast<Control*>(share(sizeof(Control)));
    if (!control_) return false;
    for (unsigned cpu = 1; cpu < cpus; ++cpu) {
        auto* log = static_cast<BystanderLog*>(share(sizeof(BystanderLog)));
        if (!log) return false;
        logs_.push_back(log);
    }
    pid_ = ::fork();
    if (pid_ < 0) return false;
    if (pid_ > 0) {
        constexpr int kPatience = 10000; // 10 s of guest time
        for (int waited = 0; control_->ready.load() + 1 < cpus; ++waited) {
            if (waited == kPatience || ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
                errno = ETIMEDOUT;
                return false;
            }
            ::usleep(1000);
        }
        return true;
    }
    ::prctl(PR_SET_NAME, "bystander");
    ::prctl(PR_SET_TIMERSLACK,
            1); // the default slack of 50 us would hide the latency that is measured
    std::vector<std::thread> threads;
    for (unsigned cpu = 1; busy && cpu < cpus; ++cpu)
        threads.emplace_back([cpu] {
            pin(cpu);
            keep_busy();
        });
    for (unsigned cpu = 1; cpu < cpus; ++cpu)
        threads.emplace_back([this, cpu, period_us, burst_iterations] {
            pin(cpu);
            ::prctl(PR_SET_TIMERSLACK, 1);
            BystanderLog& log = *logs_[cpu - 1];
            control_->ready.fetch_add(1);
            const std::uint64_t period = period_us * 1000ull;
            // Stagger the threads over the period, so that they do not all wake at once.
            std::uint64_t next = (monotonic_ns() / period + 2) * period + cpu * period / 16;
            for (;;) {
                sleep_until_ns(next);
                const std::uint64_t woke = monotonic_ns();
                volatile unsigned work = burst_iterations;
                while (work > 0)
                    work = work - 1;
                const std::uint64_t done = monotonic_ns();
                if (control_->recording.load(std::memory_order_relaxed)) {
                    if (log.count < kMaxBystanderSamples) {
                        log.wakeup_ns[log.count] = woke - next;
                        log.burst_ns[log.count] = done - woke;
                        ++log.count;
                    } else {
                        ++log.dropped;
                    }
                }
                do
                    next += period;
                while (next <= done);
            }
        });
    for (auto& thread : threads)
        thread.join();
    ::_exit(0);
}

void Bystanders::record(bool on) {
    if (control_) control_->recording.store(on);
}

void Bystanders::stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

} // namespace rig::guest
