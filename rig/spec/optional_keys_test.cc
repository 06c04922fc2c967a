// SPDX-License-Identifier: GPL-2.0-or-later
// Keys that most experiments do not have: rates, requirements, commands around the workload, and
// kernel options of one arm.
#include "rig/spec/spec_parser.h"
#include "rig/testing/spec_project.h"

namespace rig {
namespace {

class OptionalKeys : public SpecProject {
 protected:
    Spec read(const std::string& text) {
        auto spec = parse_spec(text, file());
        EXPECT_TRUE(spec) << spec.error().message;
        return spec.value_or(Spec{});
    }
    void expect_error(const std::string& text, const std::string& words) {
        const auto spec = parse_spec(text, file());
        ASSERT_FALSE(spec) << words;
        EXPECT_EQ(spec.error().fault_domain, FaultDomain::Spec);
        EXPECT_NE(spec.error().message.find(words), std::string::npos) << spec.error().message;
    }
    // good_spec has pace_us = 0, as a rate of iterations needs.
    static std::string with_metric(const std::string& lines) {
        return std::string(good_spec) + "[metrics.throughput]\n" + lines;
    }
};

const std::string kRate = "counter = \"iterations\"\nper = \"second\"\n";

TEST_F(OptionalKeys, ARateIsACounterPerSecond) {
    for (const auto& [lines, ratio] :
         {std::pair{"expect = \"rises\"\n", 0.0}, {"expect = \"rises\"\nratio = 1.2\n", 1.2}}) {
        const auto spec = read(with_metric(kRate + lines));
        ASSERT_EQ(spec.metrics.size(), 5u);
        const auto& metric = spec.metrics.back();
        EXPECT_EQ(metric.kind, ExpectKind::Rises);
        EXPECT_EQ(metric.ratio, ratio);
        EXPECT_TRUE(metric.custom->per_second);
        EXPECT_EQ(metric.custom->what, kIterationsCounter);
        EXPECT_TRUE(higher_is_better(metric));
    }
    for (const char* expect : {"expect = \"not-worse\"\nwithin = 0.05\n",
                               "expect = \"unchanged\"\nwithin = 0.05\n", "expect = \"report\"\n"})
        EXPECT_TRUE(higher_is_better(read(with_metric(kRate + expect)).metrics.back())) << expect;
    for (const auto& metric : read(std::string(good_spec)).metrics)
        EXPECT_FALSE(higher_is_better(metric)) << metric.name;
}

TEST_F(OptionalKeys, OfRatesMoreIsBetterAndOfNothingElse) {
    expect_error(
        replaced(good_spec, "\"report\"", "\"rises\""),
        "only of a counter with per = \"second\" and of bystander_user_work is more better");
    for (const char* expect : {"expect = \"falls\"\n", "expect = \"at-most\"\nratio = 2\n",
                               "expect = \"exactly\"\nvalues = { ipi = 1, reviewed = 1 }\n"})
        expect_error(with_metric(kRate + expect), "of a rate more is better");
    expect_error(with_metric(kRate + "expect = \"not-worse\"\nwithin = 0.6\n"), "0..0.5");
    for (const char* ratio : {"1", "0.9"})
        expect_error(with_metric(kRate + "expect = \"rises\"\nratio = " + ratio + "\n"),
                     "the least rise");
    expect_error(with_metric(kRate + "expect = \"rises\"\nwithin = 0.1\n"),
                 "within goes with another expectation");
    expect_error(with_metric("event = \"csd:csd_queue_cpu\"\nper = \"second\"\n"
                             "expect = \"report\"\n"),
                 "it goes with counter");
    expect_error(with_metric("counter = \"iterations\"\nexpect = \"report\"\n"),
                 "with per = \"second\" also iterations");
    expect_error(with_metric("counter = \"iterations\"\nper = \"minute\"\nexpect = \"report\"\n"),
                 "\"second\"");
    // A pace decides how many iterations there are in a second, whatever the kernel does.
    expect_error(
        replaced(with_metric(kRate + "expect = \"rises\"\n"), "pace_us = 0", "pace_us = 50000"),
        "workload.pace_us = 0");
    const auto race = [](const char* counter) {
        return "[metrics.throughput]\ncounter = \"" + std::string(counter) +
               "\"\nper = \"second\"\nexpect = \"rises\"\n";
    };
    const std::string spec = std::string(minimal_spec) + "[workload]\nname = \"gup_race\"\n";
    EXPECT_EQ(read(spec + "pace_us = 0\n" + race("walks")).metrics.size(), 1u);
    expect_error(spec + race("walks"), "workload.pace_us = 0");
    expect_error(spec + "pace_us = 0\n" + race("corruptions"), "of corruptions more is worse");
}

TEST_F(OptionalKeys, OfThreads) {
    const auto threads = [](const std::string& errors, const std::string& further) {
        return std::string(minimal_spec) +
               "[workload]\nname = \"threads\"\npace_us = 0\n[[workload.group]]\nname = \"mine\"\n"
               "cpus = \"0\"\ncall = \"getppid\"\ncalls = 1\n" +
               errors + further;
    };
    const auto rate = [](const char* counter) {
        return "[metrics.throughput]\ncounter = \"" + std::string(counter) +
               "\"\nper = \"second\"\nexpect = \"rises\"\n";
    };
    const std::string errors = "errors = [\"EAGAIN\"]\n";
    EXPECT_EQ(read(threads("", rate("mine_calls"))).metrics.size(), 1u);
    for (const char* counter :
         {"mine_calls", "mine_errors", "mine_eagain", "mine_0_calls", "iterations"})
        expect_error(threads(errors, rate(counter)), "that failed, and of a rate more is better");
    expect_error(threads("", "[metrics.bystander_interrupts]\nexpect = \"report\"\n"),
                 "want metrics with event and cpu");
    expect_error(threads("", "[target]\nfunction = \"futex_wait\"\n"),
                 "the barrier between the rounds of the threads enters it too");
}

TEST_F(OptionalKeys, TheNameOfWhatAWorkloadsCheckFindsIsTaken) {
    expect_error(
        std::string(good_spec) +
            "[metrics.failed_checks]\ncalls_of = \"synchronize_rcu\"\nexpect = \"report\"\n",
        "bad name metrics.failed_checks, want another");
}

TEST_F(OptionalKeys, Requirements) {
    const auto& required =
        read(std::string(good_spec) +
             "[requires]\ncpu_flags = [\"invlpgb\"]\nfiles = [\"/sys/kernel/mm/ksm/run\"]\n"
             "tracepoints = [\"csd:csd_queue_cpu\"]\noptions = { PREEMPT_RT = true }\nvcpus = 8\n")
            .required;
    EXPECT_EQ(required.cpu_flags, (std::vector<std::string>{"invlpgb"}));
    EXPECT_EQ(required.options, (std::map<std::string, std::string>{{"PREEMPT_RT", "y"}}));
    EXPECT_EQ(required.vcpus, 8u);
    EXPECT_EQ(required.of_guest(), (std::vector<std::pair<std::string, std::string>>{
                                       {"CPU flag", "invlpgb"},
                                       {"file", "/sys/kernel/mm/ksm/run"},
                                       {"tracepoint", "csd:csd_queue_cpu"}}));
    EXPECT_FALSE(required.empty());
    EXPECT_TRUE(read(std::string(good_spec)).required.empty());
    for (const auto& [lines, words] :
         {std::pair{"", "nothing is required"},
          {"cpu_flag = [\"x\"]\n", "did you mean \"cpu_flags\""},
          {"cpu_flags = [\"INVLPGB\"]\n", "as /proc/cpuinfo spells it"},
          {"files = [\"sys/x\"]\n", "the absolute path of a file in the guest"},
          {"tracepoints = [\"csd\"]\n", "subsystem:event"},
          {"options = { CONFIG_SMP = \"y\" }\n", "without CONFIG_"},
          {"vcpus = 0\n", "vcpus"}})
        expect_error(std::string(good_spec) + "[requires]\n" + lines, words);
}

TEST_F(OptionalKeys, CommandsAroundTheWorkload) {
    const auto with = [](const std::string& line) {
        return replaced(good_spec, "iterations = 21\n", "iterations = 21\n" + line);
    };
    const auto& workload = read(with("setup = [\"/bin/busybox\", \"true\"]\n"
                                     "check = [\"/bin/busybox\", \"test\", \"-e\", \"/tmp/x\"]\n"
                                     "teardown = [\"/bin/busybox\", \"rm\", \"/tmp/x\"]\n"))
                               .workload;
    EXPECT_EQ(workload.setup, (std::vector<std::string>{"/bin/busybox", "true"}));
    EXPECT_EQ(workload.check.size(), 4u);
    EXPECT_EQ(workload.teardown.back(), "/tmp/x");
    for (const char* key : {"setup", "check", "teardown"})
        for (const char* bad : {"[]", "[\"true\"]"})
            expect_error(with(fmt::format("{} = {}\n", key, bad)),
                         "an absolute path in the guest, and arguments");
}

TEST_F(OptionalKeys, OptionsOfAnArm) {
    const auto spec =
        read(replaced(good_spec, "marker = \"synchronize_rcu\"\n",
                      "marker = \"synchronize_rcu\"\n[arm.options]\nDEBUG_VM = true\nHZ = 250\n"));
    EXPECT_TRUE(spec.arms[0].options.empty());
    EXPECT_EQ(spec.arms[1].options,
              (std::map<std::string, std::string>{{"DEBUG_VM", "y"}, {"HZ", "250"}}));
    expect_error(replaced(good_spec, "marker = \"synchronize_rcu\"\n",
                          "marker = \"synchronize_rcu\"\noptions = { HZ = \"m\" }\n"),
                 "rig builds no modules");
    expect_error(replaced(prebuilt_spec, "config = \"images/config\"\n",
                          "config = \"images/config\"\noptions = { HZ = 250 }\n"),
                 "a prebuilt image has the options that it was built with");
}

} // namespace
} // namespace rig
