// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/vcpu_state.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

// From a guest of QEMU 7.2, shortened: vCPU 0 is idle, vCPU 1 in user space, vCPU 2 halted for
// good.
const std::string kIdle =
    "CPU#0\nRAX=0000000000000000 RBX=0000000000000001\nRIP=ffffffff81a0f61b RFL=00000246 [---Z-P-] "
    "CPL=0 II=0 A20=1 SMM=0 HLT=1\nES =0000 0000000000000000\n";
const std::string kUser =
    "CPU#1\nRIP=0000000000401b3c RFL=00000046 [---Z-P-] CPL=3 II=0 A20=1 SMM=0 HLT=0\n";
const std::string kDead =
    "CPU#2\nRIP=ffffffff81a0f61b RFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\n";

TEST(Registers, SayWhetherEveryCpuResponds) {
    const auto vcpus = vcpus_of(kIdle + kUser + kDead);
    ASSERT_EQ(vcpus.size(), 3u);
    EXPECT_TRUE(vcpus[0].halted && vcpus[0].interrupts && vcpus[0].ring == 0);
    EXPECT_TRUE(!vcpus[1].halted && !vcpus[1].interrupts && vcpus[1].ring == 3);
    EXPECT_TRUE(vcpus[2].halted && !vcpus[2].interrupts);
    EXPECT_EQ(every_vcpu_responds(kIdle + kUser), Responds::Yes);
    EXPECT_EQ(every_vcpu_responds(kIdle + kUser + kDead), Responds::No);
}

// arm64, from qemu-system-aarch64 7.2: EL0; EL1 with interrupts on; EL1 with interrupts masked.
TEST(Registers, OfArm64AreRead) {
    const std::string user =
                          " PC=0000000000401b3c X00=0000000000000000\nPSTATE=60000000 -ZC- EL0t\n",
                      kernel = " PC=ffffffc008010000\nPSTATE=60000005 -ZC- EL1h\n",
                      masked = " PC=ffffffc008010000\nPSTATE=600003c5 -ZC- EL1h\n";
    const auto vcpus = vcpus_of(user + kernel + masked);
    ASSERT_EQ(vcpus.size(), 3u);
    EXPECT_EQ(vcpus[0].ring, 3u);
    EXPECT_TRUE(vcpus[1].ring == 0 && vcpus[1].interrupts);
    EXPECT_TRUE(vcpus[2].ring == 0 && !vcpus[2].interrupts && vcpus[2].may_idle);
    EXPECT_EQ(every_vcpu_responds(user + kernel), Responds::Yes);
    EXPECT_EQ(every_vcpu_responds(user + kernel + masked), Responds::NotTold) << "it idles so";
    EXPECT_EQ(every_vcpu_responds(masked + kDead), Responds::No);
}

// riscv64, from qemu-system-riscv64 7.2 (10.0 prints the same lines): the kernel with interrupts
// on; OpenSBI. The other states are variants of the first.
TEST(Registers, OfRiscv64AreRead) {
    const std::string
        kernel = "CPU#0\n V      =   0\n pc       ffffffff8028f8de\n mhartid  0000000000000000\n "
                 "mstatus  0000000a00000182\n hstatus  0000000200000000\n",
        firmware = "CPU#1\n V      =   0\n pc       0000000080009b04\n mhartid  0000000000000001\n "
                   "mstatus  0000000a00000000\n",
        masked = "CPU#2\n pc       ffffffff8028f8de\n mstatus  0000000a00000180\n",
        user = "CPU#3\n pc       0000000000011b3c\n mstatus  0000000a00000020\n",
        vdso = "CPU#3\n pc       0000003ff7fff800\n mstatus  0000000a00000020\n";
    const auto vcpus = vcpus_of(kernel + firmware + masked + user);
    ASSERT_EQ(vcpus.size(), 4u);
    EXPECT_TRUE(vcpus[0].ring == 0 && vcpus[0].interrupts && !vcpus[0].may_idle);
    EXPECT_TRUE(vcpus[1].ring == 0 && !vcpus[1].interrupts && vcpus[1].may_idle);
    EXPECT_TRUE(vcpus[2].ring == 0 && !vcpus[2].interrupts && vcpus[2].may_idle);
    EXPECT_EQ(vcpus[3].ring, 3u);
    EXPECT_EQ(every_vcpu_responds(kernel + user + vdso), Responds::Yes);
    EXPECT_EQ(every_vcpu_responds(kernel + masked), Responds::NotTold) << "it idles so";
    EXPECT_EQ(every_vcpu_responds(kernel + firmware), Responds::NotTold);
    EXPECT_EQ(every_vcpu_responds("CPU#0\n mstatus  0000000a00000182\n"), Responds::NotTold)
        << "where it is was not told";
}

TEST(Registers, SayWhereEveryCpuIs) {
    const auto x86 = vcpus_of("RSI=0000000000000000 RDI=0000000000000001 RBP=0000000000000002 "
                              "RSP=ffffc90000123d90\n" +
                              kIdle + kUser);
    ASSERT_EQ(x86.size(), 2u);
    EXPECT_EQ(x86[0].pc, 0xffffffff81a0f61b);
    EXPECT_EQ(x86[0].sp, 0xffffc90000123d90);
    EXPECT_EQ(x86[1].pc, 0x401b3cu);
    EXPECT_EQ(x86[1].sp, 0u) << "of another vCPU";
    const auto arm64 = vcpus_of(" PC=ffffffc008010000 X00=0000000000000000\n"
                                "X29=ffffffc00a123df0 X30=ffffffc008010004  SP=ffffffc00a123d90\n"
                                "PSTATE=60000005 -ZC- EL1h\n");
    ASSERT_EQ(arm64.size(), 1u);
    EXPECT_EQ(arm64[0].pc, 0xffffffc008010000);
    EXPECT_EQ(arm64[0].sp, 0xffffffc00a123d90);
    const auto riscv64 =
        vcpus_of(" pc       ffffffff8028f8de\n mstatus  0000000a00000182\n x0/zero  "
                 "0000000000000000 x1/ra   "
                 " ffffffff80003ac0 x2/sp    ff20000000123d90 x3/gp    ffffffff81a0b2a8\n");
    ASSERT_EQ(riscv64.size(), 1u);
    EXPECT_EQ(riscv64[0].pc, 0xffffffff8028f8de);
    EXPECT_EQ(riscv64[0].sp, 0xff20000000123d90);
}

TEST(Registers, OfSomethingElseSayNothing) {
    for (const char* text :
         {"", "QEMU's monitor does not answer\n", "PC=ffff800080010000 X00=0000\n",
          "RFL= CPL= HLT=", " RFL=zz CPL=0 HLT=1"}) {
        EXPECT_TRUE(vcpus_of(text).empty()) << text;
        EXPECT_EQ(every_vcpu_responds(text), Responds::No) << text;
    }
}

} // namespace
} // namespace rig
