// SPDX-License-Identifier: GPL-2.0-or-later
// Binds guests to host CPUs, and measures how long they had to wait for one.
#pragma once

#include <map>
#include <mutex>
#include <sys/types.h>
#include <vector>

namespace rig {

// The host CPU for a guest under the virtual clock: the one with the fewest guests among `among`
// (empty: among those that this process may use).
//
// QEMU's main loop takes part in the virtual time. It runs expired timers if it gets to them before
// the vCPUs' thread does, which cuts that thread's turn short. And it advances the clock when all
// vCPUs idle, by what it sees of their instruction count at that moment. Only the vCPUs' thread
// wakes it, at moments that are the same in every replay; but the host decides when it then runs,
// and so two boots differ. On the same CPU and with a real-time priority it runs at once, or as
// soon as the vCPUs' thread releases QEMU's lock. The main loop needs little time; the vCPUs'
// thread needs much, and keeps its ordinary priority. Without the right to real-time priority
// (CAP_SYS_NICE) the shared CPU must be enough: it is on an idle host, but not always on a busy
// one.
class HostCpu {
 public:
    explicit HostCpu(const std::vector<int>& among = {});
    ~HostCpu();
    HostCpu(const HostCpu&) = delete;
    HostCpu& operator=(const HostCpu&) = delete;

    int number() const { return cpu_; } // -1: unknown
    // Call it in the child, between fork and exec. Binds the process that becomes QEMU's main loop.
    void bind() const;

 private:
    static inline std::mutex mutex;
    static inline std::map<int, unsigned> guests;
    int cpu_ = -1;
};

// Wall clock: one CPU for each vCPU, taken from those given to a guest, if at least one more is
// left for QEMU's main loop. Else none: the host's scheduler then places the vCPUs on the given
// CPUs.
std::vector<int> cpus_of_vcpus(unsigned vcpus, const std::vector<int>& given);
// Binds a thread, and those that it starts later; 0: the calling thread. Async-signal-safe.
bool bind_to(pid_t thread, const std::vector<int>& cpus);
// Binds each thread that QEMU names "CPU n/KVM" or "CPU n/TCG" (-name debug-threads=on) to its CPU.
// False if not all of them exist yet.
bool pin_vcpus(pid_t qemu, const std::vector<int>& cpus);

// Time for which a thread of the process was ready to run while the host ran something else: of all
// its threads the longest time.
double starved_seconds(pid_t pid);

} // namespace rig
