// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/protocol/system_call.h"

#include "guest/protocol/thread_groups.h"

#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace rig::guest {
namespace {

using Kind = CallArgument::Kind;

TEST(SystemCall, NamesHaveTheNumbersOfThisArchitecture) {
    EXPECT_EQ(system_call_number("membarrier"), SYS_membarrier);
    EXPECT_EQ(system_call_number("madvise"), SYS_madvise);
    // Not on arm64 and riscv64.
    EXPECT_FALSE(system_call_number("open"));
    EXPECT_FALSE(system_call_number(""));
    EXPECT_FALSE(system_call_number("membarrie"));
}

TEST(SystemCall, CallsAfterWhichThereIsNoNextOneAreRefused) {
    for (const char* name : {"exit", "exit_group", "execve", "clone3", "rt_sigreturn", "reboot"})
        EXPECT_FALSE(why_not_looped(name).empty()) << name;
    EXPECT_EQ(why_not_looped("membarrier"), "");
}

TEST(SystemCall, ArgumentsAreNumbersFlagsAndThingsOfTheCaller) {
    const auto number = [](const char* text) {
        const auto argument = parse_call_argument(text);
        EXPECT_TRUE(argument && argument->kind == Kind::Number) << text;
        return argument ? argument->number : -99;
    };
    EXPECT_EQ(number("0"), 0);
    EXPECT_EQ(number("-1"), -1);
    EXPECT_EQ(number("0x10"), 16);
    EXPECT_EQ(number("0xffffffffffffffff"), -1); // all 64 bits of an address
    EXPECT_EQ(number("MADV_DONTNEED"), 4);
    EXPECT_EQ(number("O_RDWR|O_CREAT"), O_RDWR | O_CREAT);
    EXPECT_EQ(number("MEMBARRIER_CMD_PRIVATE_EXPEDITED"), 8);
    EXPECT_EQ(parse_call_argument("@region")->kind, Kind::Region);
    EXPECT_EQ(parse_call_argument("@region+0x1000")->number, 4096);
    EXPECT_EQ(parse_call_argument("@file")->kind, Kind::File);
    EXPECT_EQ(parse_call_argument("@next_cpu")->kind, Kind::NextCpu);
    EXPECT_EQ(parse_call_argument("text:/tmp/x")->text, "/tmp/x");
    for (const char* text :
         {"", "x", "1x", "0x", "-", "--1", "9223372036854775808", "MADV_", "O_RDWR|", "|O_RDWR",
          "O_RDWR|4", "@", "@region+", "@region-1", "@region+-1", "@files", "/tmp/x"})
        EXPECT_FALSE(parse_call_argument(text)) << text;
}

TEST(SystemCall, ErrorsHaveNames) {
    EXPECT_EQ(error_number("EAGAIN"), EAGAIN);
    EXPECT_EQ(error_name(EPERM), "EPERM");
    EXPECT_EQ(error_name(4000), "4000");
    EXPECT_FALSE(error_number("EAGAI"));
    EXPECT_FALSE(error_number("eagain"));
}

TEST(SystemCall, ListsOfCpusNameEachOnce) {
    EXPECT_EQ(parse_cpu_list("0-3,5"), (std::vector<unsigned>{0, 1, 2, 3, 5}));
    EXPECT_EQ(parse_cpu_list("2,0"), (std::vector<unsigned>{2, 0}));
    for (const char* text :
         {"", ",", "1,", "3-1", "0-", "-1", "a", "0,0", "0-2,1", "1 2", "5000", "0x1"})
        EXPECT_FALSE(parse_cpu_list(text)) << text;
}

TEST(SystemCall, EveryThreadCanKeepLatencies) {
    EXPECT_EQ(kept_latencies(1), 65536u);
    EXPECT_EQ(kept_latencies(kMaxThreads) * kMaxThreads, 1u << 20);
    EXPECT_EQ(kept_latencies(0), 65536u);
    EXPECT_EQ(error_counter("callers", "EAGAIN"), "callers_eagain");
    EXPECT_EQ(calls_counter(thread_name("callers", 2)), "callers_2_calls");
}

} // namespace
} // namespace rig::guest
