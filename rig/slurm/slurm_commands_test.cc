// SPDX-License-Identifier: GPL-2.0-or-later
// Tests with output of Slurm 22.05 from a real cluster of three nodes, and with output that Slurm
// never prints.
#include "rig/slurm/slurm_commands.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace rig {
namespace {

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

TEST(SlurmText, BootsAreAnArrayThatWaitsForTheBuild) {
    SlurmJob job{
        "rig-1", "/w/task", "/top", "/w/log/%A_%a", {"/bin/rig", "boot-task"}, 8, 17, false,
        1,       1024,      9};
    const auto words = sbatch_words(job, {"fast", {"--qos=low"}});
    for (const auto* word :
         {"--array=0-7", "--dependency=afterok:17", "--kill-on-invalid-dep=yes", "--requeue",
          "--cpus-per-task=1", "--mem=1024M", "--time=9", "--partition=fast"})
        EXPECT_TRUE(has(words, word)) << word;
    // The user's options come after those of rig, and the script with its words comes last.
    EXPECT_EQ(std::vector<std::string>(words.end() - 4, words.end()),
              (std::vector<std::string>{"--qos=low", "/w/task", "/bin/rig", "boot-task"}));
    job = {"rig-1", "/w/task", "/top", "/w/log/build", {}, 0, std::nullopt, true, 1, 0, 0};
    const auto build = sbatch_words(job, {});
    EXPECT_TRUE(has(build, "--exclusive"));
    for (const auto& word : build)
        EXPECT_FALSE(word.starts_with("--array") || word.starts_with("--dependency") ||
                     word.starts_with("--time") || word.starts_with("--partition"))
            << word;
}

TEST(SlurmText, ExtraWordsAreSbatchsButNotThoseRigDependsOn) {
    EXPECT_EQ(slurm_extra(" --account=x  -q y ").value(),
              (std::vector<std::string>{"--account=x", "-q", "y"}));
    EXPECT_TRUE(slurm_extra("").value().empty());
    EXPECT_TRUE(slurm_extra("--exclude=n1 --mem-per-cpu=2G -p fast --nice=10"));
    for (const auto* bad : {"--array=1-3", "-a 1", "--depend=afterok:1", "-J me", "--job-name=me",
                            "--no-requeue", "-o x", "nodes"}) {
        const auto refused = slurm_extra(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().fault_domain, FaultDomain::Spec);
        EXPECT_NE(refused.error().message.find("--slurm-args"), std::string::npos);
    }
}

TEST(SlurmText, JobIds) {
    EXPECT_EQ(parse_job_id("17\n").value(), 17u);
    EXPECT_EQ(parse_job_id("17;cluster\n").value(), 17u);
    EXPECT_EQ(parse_job_id("sbatch: warning: something\n17\n").value(), 17u);
    for (const auto* bad :
         {"", "sbatch: error: x\n", "Submitted batch job 17\n", "17x\n", "99999999999999\n"}) {
        ASSERT_FALSE(parse_job_id(bad)) << bad;
        EXPECT_EQ(parse_job_id(bad).error().fault_domain, FaultDomain::Host);
    }
}

TEST(SlurmText, ARefusalIsTheCommandLinesOrTheClusters) {
    EXPECT_EQ(blame_of_refusal("sbatch: error: invalid partition specified: nope\nsbatch: error: "
                               "Batch job submission failed: Invalid partition name specified\n"),
              FaultDomain::Spec);
    EXPECT_EQ(blame_of_refusal("sbatch: unrecognized option '--bogus'\n"), FaultDomain::Spec);
    EXPECT_EQ(blame_of_refusal("sbatch: error: Memory specification can not be satisfied\nsbatch: "
                               "error: Batch job submission failed: Requested node "
                               "configuration is not available\n"),
              FaultDomain::Spec);
    EXPECT_EQ(blame_of_refusal("sbatch: error: Invalid --time specification\n"), FaultDomain::Spec);
    EXPECT_EQ(blame_of_refusal("sbatch: error: Batch job submission failed: Unable to contact "
                               "slurm controller (connect failure)\n"),
              FaultDomain::Host);
    EXPECT_EQ(blame_of_refusal(""), FaultDomain::Host);
}

TEST(SlurmText, ARefusalForTheNumberOfJobsIsTold) {
    EXPECT_TRUE(over_a_limit("sbatch: error: AssocMaxSubmitJobLimit\nsbatch: error: Batch job "
                             "submission failed: Job violates accounting/QOS policy "
                             "(job submit limit, user's size and/or time limits)\n"));
    EXPECT_TRUE(over_a_limit(
        "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n"));
    EXPECT_FALSE(over_a_limit("sbatch: error: Batch job submission failed: Unable to contact slurm "
                              "controller (connect failure)\n"));
    EXPECT_FALSE(over_a_limit(""));
}

TEST(SlurmText, LinesOfSqueue) {
    EXPECT_EQ(parse_squeue_line("7|4|PENDING||Resources").value(),
              (SlurmTask{7, 4, "PENDING", "", "Resources"}));
    EXPECT_EQ(parse_squeue_line("1|2|RUNNING|n2|None").value(),
              (SlurmTask{1, 2, "RUNNING", "n2", "None"}));
    EXPECT_EQ(parse_squeue_line("6|N/A|RUNNING|n2|None").value(),
              (SlurmTask{6, std::nullopt, "RUNNING", "n2", "None"}));
    EXPECT_EQ(parse_squeue_line("squeue: error: something").value(), std::nullopt);
    EXPECT_EQ(parse_squeue_line(
                  "slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
                  .value(),
              std::nullopt);
    EXPECT_EQ(parse_squeue_line("").value(), std::nullopt);
    for (const auto* bad :
         {"7|4|PENDING|", "7|4|PENDING||Resources|more", "x|4|PENDING||", "7|x|PENDING||", "7|4|||",
          "7|[4-9]|PENDING||Resources", "JOBID PARTITION"}) {
        ASSERT_FALSE(parse_squeue_line(bad)) << bad;
        EXPECT_EQ(parse_squeue_line(bad).error().fault_domain, FaultDomain::Host);
    }
}

TEST(SlurmText, WhatSlurmGaveUpIsToldFromWhatWaits) {
    EXPECT_TRUE((SlurmTask{1, 2, "PENDING", "", "DependencyNeverSatisfied"}.stuck()));
    EXPECT_TRUE((SlurmTask{1, 2, "PENDING", "", "launch failed requeued held"}.stuck()));
    EXPECT_TRUE((SlurmTask{1, 2, "PENDING", "", "JobHoldMaxRequeue"}.stuck()));
    for (const auto* waits :
         {"Dependency", "Resources", "Priority", "BeginTime", "None", "JobHeldUser"})
        EXPECT_FALSE((SlurmTask{1, 2, "PENDING", "", waits}.stuck())) << waits;
}

constexpr const char* kJob =
    "JobId=4 ArrayJobId=1 ArrayTaskId=2 JobName=t.sh UserId=root(0) JobState=NODE_FAIL "
    "Reason=NodeDown Dependency=(null) "
    "Requeue=1 Restarts=1 BatchFlag=1 Reboot=0 ExitCode=0:9 "
    "ReqNodeList=(null) ExcNodeList=(null) NodeList=n3 BatchHost=n3 NumNodes=1\n\n";

TEST(SlurmText, HowATaskEnded) {
    EXPECT_EQ(parse_scontrol_job(kJob), (SlurmEnd{"NODE_FAIL", "n3", "0:9"}));
    EXPECT_EQ(parse_scontrol_job("slurm_load_jobs error: Invalid job id specified\n"),
              std::nullopt);
    EXPECT_EQ(parse_scontrol_job("JobId=4 Nothing=1\n"), std::nullopt);
    EXPECT_EQ(parse_sacct("OUT_OF_MEMORY|0:125|n2\n"), (SlurmEnd{"OUT_OF_MEMORY", "n2", "0:125"}));
    EXPECT_EQ(parse_sacct("CANCELLED by 1000|0:0|n1\n"),
              (SlurmEnd{"CANCELLED by 1000", "n1", "0:0"}));
    EXPECT_EQ(parse_sacct("Slurm accounting storage is disabled\n"), std::nullopt);
    EXPECT_EQ(parse_sacct(""), std::nullopt);
    EXPECT_EQ(in_words(SlurmEnd{"NODE_FAIL", "n3", "0:9"}), "NODE_FAIL, exit 0:9 on n3");
    EXPECT_EQ(in_words(SlurmEnd{}), "how, Slurm does not know any more");
}

TEST(SlurmText, TheSizeOfArrays) {
    EXPECT_EQ(parse_max_array_size("LogTimeFormat = iso8601_ms\nMaxArraySize            = "
                                   "1001\nMaxJobCount             = 25000\n")
                  .value(),
              1001u);
    for (const auto* bad : {"", "MaxJobCount = 5\n", "MaxArraySize            = 0\n",
                            "MaxArraySize            = 1\n"}) {
        ASSERT_FALSE(parse_max_array_size(bad)) << bad;
        EXPECT_EQ(parse_max_array_size(bad).error().fault_domain, FaultDomain::Host);
    }
}

TEST(SlurmText, TheQueueInAFewWords) {
    EXPECT_EQ(queue_text({}), "");
    EXPECT_EQ(queue_text({{1, 0, "RUNNING", "n1", "None"},
                          {1, 1, "RUNNING", "n2", "None"},
                          {1, 2, "PENDING", "", "Resources"}}),
              "2 running on n1, n2; 1 waiting (Resources)");
    EXPECT_EQ(queue_text({{1, 2, "PENDING", "", "Resources"},
                          {1, 3, "PENDING", "", "Priority"},
                          {1, 4, "PENDING", "", "Priority"}}),
              "3 waiting (Priority)");
    EXPECT_EQ(queue_text({{1, 0, "RUNNING", "a", ""},
                          {1, 1, "RUNNING", "b", ""},
                          {1, 2, "RUNNING", "c", ""},
                          {1, 3, "RUNNING", "d", ""}}),
              "4 running on 4 nodes");
}

} // namespace
} // namespace rig
