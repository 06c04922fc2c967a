// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/libvirt_uri.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

TEST(LibvirtUri, WithoutTransportAndHostItIsThisHost) {
    for (const char* local :
         {"qemu:///system", "qemu:///system?socket=/run/x/libvirt-sock", "qemu+unix:///system",
          "qemu:///session", "qemu://", "qemu://?x=1", "alias"})
        EXPECT_FALSE(is_remote_uri(local)) << local;
}

TEST(LibvirtUri, AnyOtherTransportOrHostIsAnother) {
    for (const char* remote :
         {"qemu+ssh://root@lab/system", "qemu+ssh:///system", "qemu+libssh2://lab/system",
          "qemu+libssh://lab/system", "qemu+tcp://127.0.0.1:16509/system", "qemu+tls://lab/system",
          "qemu+ext:///system?command=x", "qemu://lab/system", "qemu+unix://lab/system",
          "qemu://lab"})
        EXPECT_TRUE(is_remote_uri(remote)) << remote;
}

} // namespace
} // namespace rig
