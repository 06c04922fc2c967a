// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/bystanders.h"

#include "guest/arch.h"
#include "guest/workloads/workload.h"

#include <algorithm>
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
    std::atomic<std::uint64_t> start_ticks; // when recording began
    std::atomic<int> error;                 // errno of a thread that could not start
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

// The same, and looks at the counter after each small piece. The pieces before the recording
// already touch all memory that later ones need, so that no page fault enters the kernel.
[[noreturn]] void stay_in_user_space(const std::atomic<bool>& recording,
                                     const std::atomic<std::uint64_t>& start_ticks,
                                     std::atomic<unsigned>& ready, UserLog& log) {
    constexpr unsigned kPiece = 16, kPieces = 32; // about 0.1 us each
    ::setpriority(PRIO_PROCESS, 0, 19);
    log.work = 0;
    ready.fetch_add(1);
    std::uint64_t last = counter_ticks();
    for (bool before = false;;) {
        const bool on = recording.load();
        for (unsigned i = 0; i < kPieces; ++i) {
            volatile unsigned work = kPiece;
            while (work > 0)
                work = work - 1;
            const std::uint64_t now = counter_ticks();
            // `before`: a gap that lasts until after the end of the recording counts, too.
            if (on || before) {
                const std::uint64_t from = std::max(last, start_ticks.load());
                if (now > from && now - from > log.gap_ticks) log.gap_ticks = now - from;
                if (on) ++log.work;
                before = on;
            }
            last = now;
        }
        relax();
    }
}

// Wakes at its period and calls `then(due, woke)`; returns never.
template<class Then>
[[noreturn]] void wake_again_and_again(std::uint64_t next, std::uint64_t period, Then then) {
    for (;;) {
        sleep_until_ns(next);
        const std::uint64_t done = then(next, monotonic_ns());
        do
            next += period;
        while (next <= done);
    }
}

} // namespace

bool Bystanders::wait_until_ready(unsigned threads) {
    constexpr int kPatience = 10000; // 10 s of guest time
    for (int waited = 0; control_->ready.load() < threads; ++waited) {
        const int error = control_->error.load();
        if (error || waited == kPatience || ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
            errno = error ? error : ETIMEDOUT;
            return false;
        }
        ::usleep(1000);
    }
    return true;
}

bool Bystanders::start(const BystanderPlan& plan) {
    using Mode = BystanderPlan::Mode;
    plan_ = plan;
    if (plan.cpus.empty() && !plan.caller.wanted) return true;
    const bool user = plan.mode == Mode::User;
    control_ = static_cast<Control*>(share(sizeof(Control)));
    if (!control_) return false;
    for (std::size_t i = 0; i < plan.cpus.size(); ++i) {
        void* log = share(user ? sizeof(UserLog) : sizeof(BystanderLog));
        if (!log) return false;
        if (user)
            user_logs_.push_back(static_cast<UserLog*>(log));
        else
            logs_.push_back(static_cast<BystanderLog*>(log));
    }
    if (plan.caller.wanted &&
        !(caller_log_ = static_cast<BystanderLog*>(share(sizeof(BystanderLog)))))
        return false;
    pid_ = ::fork();
    if (pid_ < 0) return false;
    if (pid_ > 0)
        return wait_until_ready(static_cast<unsigned>(plan.cpus.size()) + plan.caller.wanted);
    ::prctl(PR_SET_NAME, "bystander");
    const unsigned stagger =
        plan.cpus.empty() ? 16 : std::max(16u, *std::ranges::max_element(plan.cpus) + 1);
    ::prctl(PR_SET_TIMERSLACK,
            1); // the default slack of 50 us would hide the latency that is measured
    std::vector<std::thread> threads;
    for (const unsigned cpu : plan.mode == Mode::Busy ? plan.cpus : std::vector<unsigned>())
        threads.emplace_back([cpu] {
            pin(cpu);
            keep_busy();
        });
    for (std::size_t n = 0; n < plan.cpus.size(); ++n)
        threads.emplace_back([this, n, user, stagger] {
            const unsigned cpu = plan_.cpus[n];
            pin(cpu);
            if (user)
                stay_in_user_space(control_->recording, control_->start_ticks, control_->ready,
                                   *user_logs_[n]);
            ::prctl(PR_SET_TIMERSLACK, 1);
            BystanderLog& log = *logs_[n];
            control_->ready.fetch_add(1);
            const std::uint64_t period = plan_.period_us * 1000ull;
            // Stagger the threads over the period, so that they do not all wake at once.
            const std::uint64_t first =
                (monotonic_ns() / period + 2) * period + cpu * period / stagger;
            wake_again_and_again(first, period, [&](std::uint64_t due, std::uint64_t woke) {
                volatile unsigned work = plan_.burst_iterations;
                while (work > 0)
                    work = work - 1;
                const std::uint64_t done = monotonic_ns();
                if (control_->recording.load(std::memory_order_relaxed)) {
                    if (log.count < kMaxBystanderSamples) {
                        log.wakeup_ns[log.count] = woke - due;
                        log.burst_ns[log.count] = done - woke;
                        ++log.count;
                    } else {
                        ++log.dropped;
                    }
                }
                return done;
            });
        });
    if (plan.caller.wanted)
        threads.emplace_back([this] {
            const auto& caller = plan_.caller;
            pin(caller.cpu);
            ::prctl(PR_SET_TIMERSLACK, 1);
            sched_param parameters{};
            parameters.sched_priority = static_cast<int>(caller.priority);
            if (::sched_setscheduler(0, SCHED_FIFO, &parameters) != 0) {
                control_->error.store(errno);
                return;
            }
            BystanderLog& log = *caller_log_;
            control_->ready.fetch_add(1);
            const std::uint64_t period = caller.period_us * 1000ull;
            wake_again_and_again((monotonic_ns() / period + 2) * period, period,
                                 [&](std::uint64_t due, std::uint64_t woke) {
                                     if (!control_->recording.load(std::memory_order_relaxed))
                                         return woke;
                                     if (log.count < kMaxBystanderSamples)
                                         log.wakeup_ns[log.count++] = woke - due;
                                     else
                                         ++log.dropped;
                                     return woke;
                                 });
        });
    for (auto& thread : threads)
        thread.join();
    ::_exit(0);
}

void Bystanders::record(bool on) {
    if (!control_) return;
    if (!user_logs_.empty() && on != control_->recording.load()) {
        (on ? from_ : to_) = {counter_ticks(), monotonic_ns()};
        if (on) control_->start_ticks.store(from_.ticks);
    }
    control_->recording.store(on);
}

std::uint64_t Bystanders::ticks_to_ns(std::uint64_t ticks) const {
    if (to_.ticks <= from_.ticks) return 0;
    return static_cast<std::uint64_t>(static_cast<double>(ticks) /
                                      static_cast<double>(to_.ticks - from_.ticks) *
                                      static_cast<double>(to_.ns - from_.ns));
}

void Bystanders::stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

} // namespace rig::guest
