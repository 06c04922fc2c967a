// SPDX-License-Identifier: GPL-2.0-or-later
// Bystanders: one thread on every CPU but the workload's, in a separate process. They share no page
// table with the workload, so that everything they notice is disturbance. Each sleeps until an
// absolute time, records how late it woke, then does a fixed piece of work and records its
// duration. They sleep most of the time, so that their CPUs are idle. With `busy`, a second thread
// on each of these CPUs computes at the lowest priority: the CPU is then never idle, needs no
// wake-up, and is interrupted in the middle of something.
#pragma once

#include <cstdint>
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

class Bystanders {
 public:
    // Forks the process, with a thread on each of the CPUs 1..cpus-1; `cpus` is the number of
    // online CPUs. False: see errno.
    bool start(unsigned cpus, unsigned period_us, unsigned burst_iterations, bool busy);
    void record(bool on); // samples are recorded only while on
    void stop();          // ends and reaps the process
    const BystanderLog& log(unsigned cpu) const { return *logs_[cpu - 1]; }
    unsigned cpus() const { return static_cast<unsigned>(logs_.size()) + 1; }

 private:
    struct Control;
    Control* control_ = nullptr;
    std::vector<BystanderLog*> logs_;
    pid_t pid_ = -1;
};

} // namespace rig::guest
