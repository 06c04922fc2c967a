// SPDX-License-Identifier: GPL-2.0-or-later
// Describes a boot as a libvirt domain. Pure. The machine equals that of qemu_argv() in every
// device, address and firmware table: the test suite `libvirt` compares the samples of both byte by
// byte.
#pragma once

#include "rig/hypervisor/hypervisor.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace rig {

// The properties of a domain that depend on the host and on this start, not on the guest.
struct DomainPlace {
    std::string name;     // unique among the domains of the connection
    std::string emulator; // "/usr/bin/qemu-system-x86_64"
    int host_cpu = -1;    // all threads of the guest are bound to it; -1: not bound
    uid_t uid = 0;        // QEMU's user: the owner of the files
    gid_t gid = 0;
    // Wall clock: all threads are bound to these CPUs. If there are more of them than vCPUs, vCPU i
    // is bound to the i-th (cpus_of_vcpus).
    std::vector<int> wall_cpus{};
    // The guest runs on another host. QEMU then runs as libvirt's own user for guests, and libvirt
    // gives the files to that user; uid and gid are ignored.
    bool elsewhere = false;
};

std::string domain_xml(const BootRequest& request, const DomainPlace& place);

} // namespace rig
