// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/capacity.h"

#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using rig::testing::TempTree;
constexpr std::uint64_t kGib = 1ull << 30;

class HostCapacityTest : public ::testing::Test {
 protected:
    void SetUp() override {
        tree_.put(
            "proc/meminfo",
            "MemTotal:       24683520 kB\nMemFree:         1 kB\nMemAvailable:   20971520 kB\n");
    }
    TempTree tree_;
};

TEST_F(HostCapacityTest, WithoutControlGroupsItIsTheMachine) {
    const auto host = host_capacity(tree_.path());
    EXPECT_EQ(host.memory, 20 * kGib);
    EXPECT_EQ(host.memory_limit, "MemAvailable");
    EXPECT_FALSE(host.quota);
    EXPECT_FALSE(host.cpus.empty());
}

// The tightest limit of this group and those above it counts; page cache does not count as used.
TEST_F(HostCapacityTest, VersionTwo) {
    tree_.put("proc/self/cgroup", "0::/a/b\n");
    tree_.put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    tree_.put("sys/fs/cgroup/a/cpu.max", "250000 100000\n");
    tree_.put("sys/fs/cgroup/a/b/memory.max", "max\n");
    tree_.put("sys/fs/cgroup/a/b/memory.current", "4096\n");
    tree_.put("sys/fs/cgroup/a/memory.max", "8589934592\n");
    tree_.put("sys/fs/cgroup/a/memory.current", "3221225472\n");
    tree_.put("sys/fs/cgroup/a/memory.stat", "anon 1\nfile 2147483648\ninactive_file 1073741824\n");
    auto host = host_capacity(tree_.path());
    ASSERT_TRUE(host.quota);
    EXPECT_DOUBLE_EQ(*host.quota, 2.5);
    EXPECT_EQ(host.memory, 6 * kGib);
    EXPECT_EQ(host.memory_limit, "memory.max of the control group /a");
    tree_.put("sys/fs/cgroup/a/memory.current",
              "9589934592\n"); // above its limit: 0 left, not a negative number
    tree_.put("sys/fs/cgroup/a/memory.stat", "");
    EXPECT_EQ(host_capacity(tree_.path()).memory, 0u);
}

TEST_F(HostCapacityTest, VersionOne) {
    tree_.put("proc/self/cgroup", "4:memory:/box\n2:cpu,cpuacct:/\n1:name=systemd:/\n");
    tree_.put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "150000\n");
    tree_.put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    tree_.put("sys/fs/cgroup/memory/memory.limit_in_bytes",
              "2147483648\n"); // inside a container the group's own folder is the mount
    tree_.put("sys/fs/cgroup/memory/memory.usage_in_bytes", "1073741824\n");
    tree_.put("sys/fs/cgroup/memory/memory.stat", "total_inactive_file 536870912\n");
    const auto host = host_capacity(tree_.path());
    ASSERT_TRUE(host.quota);
    EXPECT_DOUBLE_EQ(*host.quota, 1.5);
    EXPECT_EQ(host.memory, 3 * kGib / 2);
    tree_.put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    tree_.put("sys/fs/cgroup/memory/memory.limit_in_bytes",
              "9223372036854771712\n"); // version 1 writes this for "no limit"
    const auto free = host_capacity(tree_.path());
    EXPECT_FALSE(free.quota);
    EXPECT_EQ(free.memory, 20 * kGib);
}

TEST_F(HostCapacityTest, WhatCannotBeReadLimitsNothingButMemoryThatNobodyTells) {
    tree_.put("proc/self/cgroup", "0::/../../outside\n:\nnonsense\n");
    EXPECT_EQ(host_capacity(tree_.path()).memory, 20 * kGib);
    tree_.put("proc/meminfo", "");
    EXPECT_EQ(host_capacity(tree_.path()).memory, 0u) << "which pack() refuses";
}

} // namespace
} // namespace rig
