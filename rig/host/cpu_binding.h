// SPDX-License-Identifier: GPL-2.0-or-later
// Which CPU of the host a guest runs on, and whether it got to run.
#pragma once

#include <map>
#include <mutex>
#include <sys/types.h>
#include <vector>

namespace rig {

// The host CPU that a guest under the virtual clock keeps to: of `among` (empty: of those this
// process may use) the one with the fewest guests.
//
// QEMU's main loop takes part in its virtual time: it runs expired timers if it comes before the
// vCPUs' thread does, whose turn is then cut short, and it moves the clock when all vCPUs idle, by
// what it sees of their instructions at that moment. It is woken by the vCPUs' thread only, at
// moments that are the same in every replay; when it then gets to run is up to the host, and two
// boots differ. On the same CPU and with a real-time priority it runs at once, or as soon as the
// vCPUs' thread lets go of QEMU's lock. It needs little time; the vCPUs' thread, which does not,
// keeps its ordinary priority. Without the right to real-time priority (CAP_SYS_NICE) the CPU alone
// has to do: enough on an idle host, not always on a busy one.
class HostCpu {
 public:
    explicit HostCpu(const std::vector<int>& among = {});
    ~HostCpu();
    HostCpu(const HostCpu&) = delete;
    HostCpu& operator=(const HostCpu&) = delete;

    int number() const { return cpu_; } // -1: unknown
    void bind()
        const; // in the child, between fork and exec: of the process that becomes QEMU's main loop

 private:
    static inline std::mutex mutex;
    static inline std::map<int, unsigned> guests;
    int cpu_ = -1;
};

// Under the wall clock: of the CPUs a guest was given one for each vCPU, if there is one more than
// that, for QEMU's main loop; else none, and the host's scheduler places them among those given.
std::vector<int> cpus_of_vcpus(unsigned vcpus, const std::vector<int>& given);
// Binds a thread, and those it starts from then on; 0: this one. Async-signal-safe.
bool bind_to(pid_t thread, const std::vector<int>& cpus);
// Binds the threads that QEMU names "CPU n/KVM" and "CPU n/TCG" (-name debug-threads=on) each to
// its CPU. False: they are not all there yet.
bool pin_vcpus(pid_t qemu, const std::vector<int>& cpus);

// How long the process's threads were ready to run and the host ran something else, the longest of
// them.
double starved_seconds(pid_t pid);

} // namespace rig
