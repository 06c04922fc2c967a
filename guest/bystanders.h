// SPDX-License-Identifier: GPL-2.0-or-later
// Bystanders: threads of a separate process. They share no page table with the workload, so that
// everything they notice is disturbance. There are three kinds.
//
// Sleeping bystanders, one on each of the CPUs `cpus`: each sleeps until an absolute time, records
// how late it woke, then does a fixed piece of work and records its duration. They sleep most of
// the time, so that their CPUs are idle. In the mode Busy, a second thread on each of these CPUs
// computes at the lowest priority: the CPU is then never idle, needs no wake-up, and is interrupted
// in the middle of something.
//
// In the mode User the thread on each of these CPUs computes at the lowest priority and never
// enters the kernel by itself. It counts its pieces of work and, with a counter that user space can
// read, finds the longest time that it did not run.
//
// The caller's bystander sleeps and wakes on the CPU of a caller, at a real-time priority.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace rig::guest {

constexpr unsigned kMaxBystanderSamples = 65536; // per CPU; later wake-ups are only counted

struct BystanderLog {
    std::uint32_t count = 0;   // samples kept
    std::uint32_t dropped = 0; // wake-ups beyond kMaxBystanderSamples
    std::uint64_t wakeup_ns[kMaxBystanderSamples];
    std::uint64_t burst_ns[kMaxBystanderSamples];
};

// Of a bystander in user space.
struct UserLog {
    std::uint64_t work = 0;      // pieces of work
    std::uint64_t gap_ticks = 0; // the longest time between the ends of two pieces
};

struct BystanderPlan {
    std::vector<unsigned> cpus;
    enum class Mode { Sleep, Busy, User } mode = Mode::Sleep;
    unsigned period_us = 1000, burst_iterations = 0;
    struct Caller {
        bool wanted = false;
        unsigned cpu = 0, period_us = 1000, priority = 50; // of SCHED_FIFO
    } caller = {};
};

class Bystanders {
 public:
    // Forks the process with its threads and waits until they run. Nothing is started if the plan
    // has neither CPUs nor a caller's bystander. False: see errno.
    bool start(const BystanderPlan& plan);
    void record(bool on); // samples are recorded only while on
    void stop();          // ends and reaps the process

    const BystanderPlan& plan() const { return plan_; }
    // Of the n-th of the plan's CPUs. log(): mode Sleep or Busy; user_log(): mode User.
    const BystanderLog& log(std::size_t n) const { return *logs_[n]; }
    const UserLog& user_log(std::size_t n) const { return *user_logs_[n]; }
    // The duration of so many ticks, by CLOCK_MONOTONIC over the time while recording was on.
    std::uint64_t ticks_to_ns(std::uint64_t ticks) const;
    // How long recording was on; 0 if no bystander is in user space.
    std::uint64_t recorded_ns() const { return to_.ns > from_.ns ? to_.ns - from_.ns : 0; }
    const BystanderLog& caller_log() const { return *caller_log_; }

 private:
    struct Control;
    struct Instant {
        std::uint64_t ticks = 0, ns = 0;
    };
    bool wait_until_ready(unsigned threads);
    BystanderPlan plan_ = {};
    Control* control_ = nullptr;
    std::vector<BystanderLog*> logs_ = {};
    std::vector<UserLog*> user_logs_ = {};
    BystanderLog* caller_log_ = nullptr;
    Instant from_ = {}, to_ = {};
    pid_t pid_ = -1;
};

} // namespace rig::guest
