// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel_log.h"

#include "guest/protocol/protocol.h"

#include <gtest/gtest.h>

namespace rig::guest {
namespace {

std::string text_of(std::initializer_list<const char*> records) {
    KernelLogText log;
    for (const auto* record : records)
        log.add(record);
    return log.text();
}

TEST(KernelLog, RecordsBecomeTheConsolesLines) {
    EXPECT_EQ(
        text_of({"6,0,0,-,caller=T0;Linux version 6.12\n",
                 "4,1,12345678,-,caller=C3;WARNING: CPU: 3\n SUBSYSTEM=acpi\n DEVICE=+acpi:x\n"}),
        "[    0.000000][    T0] Linux version 6.12\n[   12.345678][    C3] WARNING: CPU: 3\n");
    EXPECT_EQ(text_of({"6,0,5,-;no caller\n"}), "[    0.000005] no caller\n");
}

TEST(KernelLog, ALineWithinARecordGetsTheSameStamp) {
    EXPECT_EQ(text_of({"4,0,1000000,-,caller=T9;\\x0a======\\x0a tab\\x09 and \\\\ stay\n"}),
              "[    1.000000][    T9] \n[    1.000000][    T9] ======\n[    1.000000][    T9]  "
              "tab\t and \\\\ stay\n");
}

TEST(KernelLog, DebugMessagesAreNotTheConsoles) {
    EXPECT_EQ(text_of({"7,0,0,-;quiet\n", "4,1,0,-;loud\n"}), "[    0.000000] loud\n");
}

// Facility 0 is reserved for the kernel: a program's record in /dev/kmsg has 1, or any other that
// the program chose.
TEST(KernelLog, WhatAProgramWroteIsMarked) {
    EXPECT_EQ(text_of({"4,0,1000000,-,caller=T9;WARNING: mine\n",
                       "12,1,2000000,-,caller=T9;WARNING: a program's\\x0aof two lines\n",
                       "30,2,3000000,-;systemd[1]: hello\n",
                       "15,3,4000000,-;a console at loglevel 8 shows it\n"}),
              "[    1.000000][    T9] WARNING: mine\n"
              "[    2.000000][    T9]<user space> WARNING: a program's\n"
              "[    2.000000][    T9]<user space> of two lines\n"
              "[    3.000000]<user space> systemd[1]: hello\n"
              "[    4.000000]<user space> a console at loglevel 8 shows it\n");
}

TEST(KernelLog, MissingRecordsAreTold) {
    const auto lost = std::string(kLogOverran) + "\n";
    EXPECT_EQ(text_of({"6,5,0,-;begun late\n"}), lost + "[    0.000000] begun late\n");
    EXPECT_EQ(text_of({"6,0,0,-;a\n", "6,2,0,-;c\n", "6,3,0,-;d\n"}),
              "[    0.000000] a\n" + lost + "[    0.000000] c\n[    0.000000] d\n");
}

TEST(KernelLog, GarbageIsNoRecord) {
    EXPECT_EQ(text_of({"", "x", "6,", "6,0", "6,0,0", "6,0,0,-"}), "");
}

} // namespace
} // namespace rig::guest
