// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/cpu_binding.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <stop_token>
#include <thread>
#include <unistd.h>

namespace rig {
namespace {

int only_cpu_of(pthread_t thread) {
    cpu_set_t set;
    if (::pthread_getaffinity_np(thread, sizeof set, &set) != 0 || CPU_COUNT(&set) != 1) return -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &set)) return cpu;
    return -1;
}

// Threads with the names of QEMU's vCPU threads; a thread with another name is not bound.
TEST(HostCpu, PinsVcpusByTheNamesOfTheirThreads) {
    cpu_set_t allowed;
    ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
    std::vector<int> cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
    const std::vector<int> wanted{cpus.back(), cpus.front()};
    const auto named = [](const char* name) {
        std::jthread thread([](const std::stop_token& stop) {
            while (!stop.stop_requested())
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
        });
        ::pthread_setname_np(thread.native_handle(), name);
        return thread;
    };
    auto one = named("CPU 1/TCG"), io = named("IO mon_iothread");
    EXPECT_FALSE(pin_vcpus(::getpid(), wanted)) << "vCPU 0 is not there yet";
    auto zero = named("CPU 0/KVM");
    EXPECT_TRUE(pin_vcpus(::getpid(), wanted));
    EXPECT_EQ(only_cpu_of(zero.native_handle()), wanted[0]);
    EXPECT_EQ(only_cpu_of(one.native_handle()), wanted[1]);
    if (cpus.size() > 1) {
        EXPECT_EQ(only_cpu_of(io.native_handle()), -1);
    }
    EXPECT_FALSE(pin_vcpus(::getpid(), {1 << 20, 1 << 20})) << "no host has that CPU";
}

TEST(HostCpu, VcpusGetCpusOfTheirOwnOnlyWhereOneIsLeft) {
    EXPECT_EQ(cpus_of_vcpus(2, {4, 5, 6}), (std::vector<int>{4, 5}));
    EXPECT_TRUE(cpus_of_vcpus(3, {4, 5, 6}).empty());
    EXPECT_TRUE(cpus_of_vcpus(1, {}).empty());
}

TEST(HostCpu, GuestsSpreadOverThoseTheyAreGiven) {
    const HostCpu one({5, 7}), two({5, 7}), three({9});
    EXPECT_EQ(one.number(), 5);
    EXPECT_EQ(two.number(), 7);
    EXPECT_EQ(three.number(), 9);
}

} // namespace
} // namespace rig
