// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/spec_parser.h"
#include "rig/testing/spec_project.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

class WorkloadParameters : public SpecProject {
 protected:
    Result<Spec> with(const std::string& text) const {
        return parse_spec(std::string(minimal_spec) + text, file());
    }
    // Its one line names the place, what was found and what is wanted.
    void refused(const std::string& text, const std::vector<std::string>& parts) const {
        const auto spec = with(text);
        ASSERT_FALSE(spec) << text;
        EXPECT_EQ(spec.error().fault_domain, FaultDomain::Spec);
        EXPECT_TRUE(spec.error().message.starts_with(file().string() + ":"));
        for (const auto& part : parts)
            EXPECT_NE(spec.error().message.find(part), std::string::npos)
                << spec.error().message << "\nlacks " << part;
    }
};

constexpr const char* kCallers = R"([workload]
name = "threads"
iterations = 10
[[workload.group]]
name = "callers"
threads = 2
cpus = "0-1"
call = "membarrier"
args = ["MEMBARRIER_CMD_PRIVATE_EXPEDITED", 0, 0]
calls = 20
)";

std::string changed(const std::string& from, const std::string& to) {
    std::string text = kCallers;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST_F(WorkloadParameters, GroupsOfThreadsAreRead) {
    const auto spec = with(std::string(kCallers) + R"([[workload.group]]
name = "waiters"
cpus = "1"
policy = "fifo"
priority = 10
call = "madvise"
args = ["@region", 4096, "MADV_DONTNEED"]
region_kib = 64
region_of = "group"
touch_pages = 4
pause_us = 100
errors = ["EAGAIN", "EINTR"]
prepare = "getppid"
until = "callers"
[metrics.calls]
counter = "callers_calls"
expect = "exactly"
values = { ipi = 800 }
[metrics.again]
counter = "waiters_eagain"
expect = "report"
[metrics.time]
timing = "callers_1"
expect = "report"
)");
    ASSERT_TRUE(spec) << spec.error().message;
    const auto groups = spec->workload.tables("group");
    ASSERT_EQ(groups.size(), 2u);
    EXPECT_EQ(groups[0].text("name"), "callers");
    EXPECT_EQ(groups[0].number("calls"), 20u);
    EXPECT_EQ(groups[0].words("args"),
              (std::vector<std::string>{"MEMBARRIER_CMD_PRIVATE_EXPEDITED", "0", "0"}));
    EXPECT_EQ(groups[0].text("policy"), "other"); // defaults
    EXPECT_EQ(groups[0].text("region_of"), "thread");
    EXPECT_EQ(groups[1].number("threads"), 1u);
    EXPECT_EQ(groups[1].text("until"), "callers");
    EXPECT_EQ(groups[1].words("errors"), (std::vector<std::string>{"EAGAIN", "EINTR"}));
    EXPECT_EQ(spec->metrics[2].custom->kind, CustomMetric::Kind::Timing);
    EXPECT_EQ(spec->metrics[2].custom->what, "callers_1");
}

TEST_F(WorkloadParameters, AGroupWithACommandNeedsNoCall) {
    const auto spec = with(changed("call = \"membarrier\"\nargs = "
                                   "[\"MEMBARRIER_CMD_PRIVATE_EXPEDITED\", 0, 0]\n",
                                   "command = [\"/bin/true\"]\n"));
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_TRUE(has_children(spec->workload));
}

TEST_F(WorkloadParameters, WhatAGroupCannotDoIsRefusedWithItsPlace) {
    refused("[workload]\nname = \"threads\"\n", {"missing workload.group"});
    refused("[workload]\nname = \"munmap\"\n[[workload.group]]\nname = \"x\"\n",
            {"workload.group", "workload.name = \"threads\""});
    refused(changed("threads = 2", "thread = 2"),
            {"unknown key workload.group[0].thread", "\"threads\""});
    refused(changed("name = \"callers\"", "name = \"Callers\""), {"name", "a-z 0-9"});
    refused(changed("cpus = \"0-1\"\n", ""), {"missing workload.group[0].cpus"});
    refused(changed("cpus = \"0-1\"", "cpus = \"1-0\""), {"cpus", "\"0-3\""});
    refused(changed("cpus = \"0-1\"", "cpus = \"0-99\""), {"cpus", "below guest.vcpus = 4"});
    refused(changed("\"membarrier\"", "\"membarriers\""), {"call", "a system call that"});
    refused(changed("\"membarrier\"", "\"open\""), {"call", "\"openat\""});
    refused(changed("\"membarrier\"", "\"execve\""), {"replaces the workload"});
    refused(changed("EXPEDITED\", 0", "EXPEDITED\", \"FLAG\""), {"args", "\"FLAG\"", "@region"});
    refused(changed("EXPEDITED\", 0", "EXPEDITED\", 0.5"), {"args", "a whole number"});
    refused(changed("0, 0]", "0, 0, 0, 0, 0, 0]"), {"args", "at most 6"});
    refused(changed("calls = 20", "calls = 7000"), {"calls", "in all 10 rounds"});
    refused(changed("calls = 20\n", ""), {"calls", "or until"});
    refused(changed("calls = 20", "calls = 20\nuntil = \"callers\""), {"until", "left out"});
    refused(changed("calls = 20", "until = \"callers\""), {"until", "has a number of calls"});
    refused(changed("calls = 20", "until = \"others\""), {"until", "another group"});
    refused(changed("calls = 20", "calls = 20\npolicy = \"fifo\""), {"priority", "1 to 99"});
    refused(changed("calls = 20", "calls = 20\npriority = 3"), {"priority", "policy = \"fifo\""});
    refused(changed("calls = 20", "calls = 20\npolicy = \"deadline\""), {"policy", "other, fifo"});
    refused(changed("calls = 20", "calls = 20\ncommand = [\"/bin/true\"]"), {"command"});
    refused(changed("call = \"membarrier\"\n", ""), {"call", "or command"});
    refused(changed("calls = 20", "calls = 20\nerrors = [\"EWHAT\"]"), {"errors", "\"EAGAIN\""});
    refused(changed("calls = 20", "calls = 20\nerrors = [\"EINTR\", \"EINTR\"]"),
            {"errors", "once"});
    refused(changed("0, 0]", "\"@region\", 0]"), {"region_kib", "uses a region"});
    refused(changed("calls = 20", "calls = 20\nregion_kib = 8"), {"region_kib", "nothing uses"});
    refused(changed("0, 0]", "\"@region+8192\", 0]\nregion_kib = 8"), {"args", "an offset below"});
    refused(changed("0, 0]", "\"@region\", 0]\nregion_kib = 8\ntouch_pages = 3"),
            {"touch_pages", "the 2 pages"});
    refused(changed("0, 0]", "\"@file\", 0]"), {"file", "is an argument"});
    refused(changed("calls = 20", "calls = 20\nfile = \"/tmp/x\""), {"file", "no argument"});
    refused(changed("calls = 20", "calls = 20\nprepare_args = [1]"), {"prepare_args"});
    refused(std::string(kCallers) + "[[workload.group]]\nname = \"callers\"\ncpus = \"0\"\n"
                                    "call = \"getppid\"\ncalls = 1\n",
            {"group[1].name", "no other group"});
    refused(std::string(kCallers) + "[metrics.x]\ncounter = \"callers_eagain\"\nexpect = "
                                    "\"report\"\n",
            {"what workload \"threads\" counts: callers_calls, callers_errors"});
    refused(std::string(kCallers) + "[metrics.x]\ntiming = \"caller\"\nexpect = \"report\"\n",
            {"what workload \"threads\" times: callers, callers_0, callers_1"});
    refused("[metrics.x]\ntiming = \"callers\"\nexpect = \"report\"\n",
            {"workload \"munmap\" times nothing itself"});
}

TEST_F(WorkloadParameters, BystandersOfEachKindAreRead) {
    auto spec = with("[workload]\nbystander_mode = \"user\"\nbystander_cpus = \"2-3\"\n"
                     "[workload.caller_bystander]\ncpu = 1\nperiod_us = 200\n");
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->workload.bystander_mode, BystanderMode::User);
    EXPECT_EQ(spec->workload.bystander_cpus, "2-3");
    ASSERT_TRUE(spec->workload.caller_bystander);
    EXPECT_EQ(spec->workload.caller_bystander->cpu, 1u);
    EXPECT_EQ(spec->workload.caller_bystander->period_us, 200u);
    EXPECT_EQ(spec->workload.caller_bystander->priority, 50u);
    EXPECT_FALSE(with("")->workload.caller_bystander);
    // The caller's goes without the others.
    EXPECT_TRUE(with("[workload]\nbystanders = false\n[workload.caller_bystander]\n"));

    refused("[workload]\nbystander_mode = \"spin\"\n", {"bystander_mode", "user"});
    refused("[workload]\nbystander_cpus = \"1-4\"\n", {"bystander_cpus", "below guest.vcpus = 4"});
    refused("[workload]\nbystanders = false\nbystander_cpus = \"1\"\n", {"bystander_cpus"});
    refused("[workload]\nbystander_mode = \"user\"\nbystander_period_us = 100\n",
            {"bystander_period_us", "nothing sleeps"});
    refused("[workload.caller_bystander]\ncpus = 1\n", {"caller_bystander.cpus", "\"cpu\""});
    refused("[workload.caller_bystander]\ncpu = 4\n", {"caller_bystander.cpu", "0..3"});
    refused("[workload.caller_bystander]\npriority = 0\n", {"priority", "1..99"});
}

TEST_F(WorkloadParameters, MoreWorkInUserSpaceIsNoRegression) {
    const auto expect = [&](const std::string& what) {
        return with("[workload]\nbystander_mode = \"user\"\n[metrics.bystander_user_work]\n" +
                    what);
    };
    EXPECT_TRUE(expect("expect = \"unchanged\"\nwithin = 0.1\n"));
    EXPECT_TRUE(expect("expect = \"report\"\n"));
    EXPECT_TRUE(expect("expect = \"rises\"\nratio = 1.1\n"));
    const auto not_worse = expect("expect = \"not-worse\"\nwithin = 0.1\n");
    ASSERT_TRUE(not_worse);
    EXPECT_TRUE(higher_is_better(not_worse->metrics.back()));
    for (const char* wrong : {"expect = \"falls\"\n", "expect = \"at-most\"\nratio = 2\n"}) {
        const auto spec = expect(wrong);
        ASSERT_FALSE(spec) << wrong;
        EXPECT_NE(spec.error().message.find("of a rate more is better"), std::string::npos)
            << spec.error().message;
    }
}

} // namespace
} // namespace rig
