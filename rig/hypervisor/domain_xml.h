// SPDX-License-Identifier: GPL-2.0-or-later
// A boot as libvirt wants it described. Pure. The machine is that of qemu_argv() in every device,
// address and table: the test `libvirt` compares the samples of both byte by byte.
#pragma once

#include "rig/hypervisor/hypervisor.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace rig {

// What is not the guest's but this host's and this moment's.
struct DomainPlace {
    std::string name;     // unique among the domains of the connection
    std::string emulator; // "/usr/bin/qemu-system-x86_64"
    int host_cpu = -1;    // all of the guest's threads keep to this one; -1: to none
    uid_t uid = 0;        // as whom QEMU runs: the one who owns the files
    gid_t gid = 0;
    std::vector<int> wall_cpus{}; // under the wall clock all threads keep to these, and vCPU i to
                                  // the i-th if there are more than vCPUs (cpus_of_vcpus)
    bool elsewhere = false; // on another host: QEMU runs as libvirt's own user for guests, to whom
                            // libvirt gives the files; uid and gid mean nothing
};

std::string domain_xml(const BootRequest& request, const DomainPlace& place);

} // namespace rig
