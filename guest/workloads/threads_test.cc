// SPDX-License-Identifier: GPL-2.0-or-later
// Runs groups of threads on this host, in a process of their own as in the guest.
#include "guest/workloads/workload.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rig::guest {

extern const Workload kThreads;

namespace {

using nlohmann::json;

json group(const std::string& name, const json& changes) {
    json out = {{"name", name},
                {"threads", 1},
                {"cpus", "0"},
                {"policy", "other"},
                {"priority", 0},
                {"call", ""},
                {"args", json::array()},
                {"command", json::array()},
                {"calls", 0},
                {"until", ""},
                {"pause_us", 0},
                {"errors", json::array()},
                {"region_kib", 0},
                {"region_of", "thread"},
                {"touch_pages", 0},
                {"file", ""},
                {"prepare", ""},
                {"prepare_args", json::array()}};
    out.update(changes);
    return out;
}

struct Ran {
    json workload;
    std::string error;
    std::uint64_t work = 0;
    unsigned rounds = 0, threads = 0;
};

Ran run(const std::vector<json>& groups, unsigned rounds) {
    static WorkloadParams params;
    params = {};
    params.iterations = rounds;
    params.groups = read_groups(json(groups));
    std::string error;
    EXPECT_TRUE(kThreads.share(params, error)) << error;
    void* shared = ::mmap(nullptr, sizeof(WorkloadReport), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto& report = *new (shared) WorkloadReport;
    const pid_t pid = ::fork();
    if (pid == 0) {
        kThreads.prepare(params, report);
        if (!report.error[0]) kThreads.run(params, report);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
    Ran out{{}, report.error, report.tables_freed, report.calls, report.threads};
    out.workload["counters"] = json::object();
    kThreads.results(params, out.workload);
    ::munmap(shared, sizeof(WorkloadReport));
    return out;
}

TEST(ThreadsWorkload, EveryThreadMakesItsCallsInEveryRound) {
    const auto ran =
        run({group("callers", {{"threads", 3},
                               {"call", "madvise"},
                               {"args", json::array({"@region", "4096", "MADV_DONTNEED"})},
                               {"region_kib", 64},
                               {"touch_pages", 4},
                               {"calls", 5}}),
             group("others", {{"call", "getppid"}, {"pause_us", 50}, {"until", "callers"}})},
            4);
    ASSERT_EQ(ran.error, "");
    EXPECT_EQ(ran.rounds, 4u);
    EXPECT_EQ(ran.threads, 4u);
    EXPECT_EQ(ran.work, 60u); // without those of the group that makes as many as it can
    const auto& counters = ran.workload.at("counters");
    EXPECT_EQ(counters.at("callers_calls"), 60);
    EXPECT_EQ(counters.at("callers_errors"), 0);
    for (const char* thread : {"callers_0", "callers_1", "callers_2"}) {
        EXPECT_EQ(counters.at(std::string(thread) + "_calls"), 20);
        EXPECT_EQ(ran.workload.at("timings").at(thread).size(), 20u) << thread;
    }
    EXPECT_GE(counters.at("others_calls"), 4); // at least one in each round
    EXPECT_EQ(counters.at("others_calls"), ran.workload.at("timings").at("others_0").size());
}

TEST(ThreadsWorkload, DeclaredErrorsAreCountedAndHaveNoLatency) {
    const auto ran = run({group("callers", {{"call", "close"},
                                            {"args", json::array({"-1"})},
                                            {"errors", json::array({"EINTR", "EBADF"})},
                                            {"calls", 7}})},
                         2);
    ASSERT_EQ(ran.error, "");
    const auto& counters = ran.workload.at("counters");
    EXPECT_EQ(counters.at("callers_calls"), 14);
    EXPECT_EQ(counters.at("callers_errors"), 14);
    EXPECT_EQ(counters.at("callers_ebadf"), 14);
    EXPECT_EQ(counters.at("callers_eintr"), 0);
    EXPECT_TRUE(ran.workload.at("timings").at("callers_0").empty());
}

// The control: a call that fails with another error is no result.
TEST(ThreadsWorkload, AnyOtherErrorEndsIt) {
    const auto ran = run(
        {group("callers", {{"call", "close"}, {"args", json::array({"-1"})}, {"calls", 7}})}, 2);
    EXPECT_EQ(ran.error, "group callers: close failed with EBADF in call 1 of thread 0, which its "
                         "errors do not list");
    EXPECT_LE(ran.rounds, 1u);
}

TEST(ThreadsWorkload, WhatCannotBePreparedEndsItBeforeTheFirstRound) {
    const auto prepared = run({group("callers", {{"call", "getppid"},
                                                 {"calls", 1},
                                                 {"prepare", "close"},
                                                 {"prepare_args", json::array({"-1"})}})},
                              1);
    EXPECT_EQ(prepared.error, "group callers: close: Bad file descriptor");
    EXPECT_EQ(prepared.rounds, 0u);
    const auto opened = run({group("callers", {{"call", "fsync"},
                                               {"args", json::array({"@file"})},
                                               {"file", "/no/such/folder/file"},
                                               {"calls", 1}})},
                            1);
    EXPECT_EQ(opened.error, "group callers: /no/such/folder/file: No such file or directory");
}

TEST(ThreadsWorkload, APlanThatIsNotUnderstoodIsRefused) {
    const auto refused = [](const json& changes) {
        json one = group("callers", {{"call", "getppid"}, {"calls", 1}});
        one.update(changes);
        EXPECT_THROW(read_groups(json::array({one})), std::runtime_error) << changes;
    };
    refused({{"call", "no_such_call"}});
    refused({{"args", json::array({"@nothing"})}});
    refused({{"cpus", "3-1"}});
    refused({{"policy", "deadline"}});
    refused({{"errors", json::array({"EWHATEVER"})}});
    refused({{"call", ""}});
    refused({{"command", json::array({"/bin/true"})}});
    refused({{"calls", 0}, {"until", "others"}});
    refused({{"calls", 0}, {"until", "callers"}}); // it has no number of calls itself
    refused({{"threads", kMaxThreads + 1}});
    EXPECT_THROW(read_groups(json::array()), std::runtime_error);
    EXPECT_NO_THROW(
        read_groups(json::array({group("callers", {{"call", "getppid"}, {"calls", 1}})})));
}

} // namespace
} // namespace rig::guest
