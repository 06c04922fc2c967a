// SPDX-License-Identifier: GPL-2.0-or-later
// guest.vcpus, guest.numa, guest.passes, and what follows from them.
#include "rig/spec/load_spec.h"
#include "rig/spec/spec_parser.h"
#include "rig/testing/spec_project.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

class GuestSize : public SpecProject {
 protected:
    Result<Spec> with(const std::string& text) const {
        return parse_spec(std::string(minimal_spec) + text, file());
    }
    void refused(const std::string& text, const std::string& words) const {
        const auto spec = with(text);
        ASSERT_FALSE(spec) << text;
        EXPECT_NE(spec.error().message.find(words), std::string::npos) << spec.error().message;
    }
};

TEST_F(GuestSize, MemoryFollowsTheVcpusUnlessTheFileSays) {
    EXPECT_EQ(with("")->guest.memory_mib, 512u);
    EXPECT_EQ(with("[guest]\nvcpus = 16\n")->guest.memory_mib, 512u);
    EXPECT_EQ(with("[guest]\nvcpus = 64\n")->guest.memory_mib, 2048u);
    EXPECT_EQ(with("[guest]\nvcpus = 64\nmemory_mib = 1024\n")->guest.memory_mib, 1024u);
    EXPECT_FALSE(with("[guest]\nvcpus = 16\n")->guest.is_large());
    EXPECT_TRUE(with("[guest]\nvcpus = 17\n")->guest.is_large());
    EXPECT_TRUE(with("[guest]\nnuma = 2\n")->guest.is_large());
}

TEST_F(GuestSize, NodesAreEqual) {
    EXPECT_EQ(with("[guest]\nvcpus = 6\nnuma = 2\n")->guest.numa, 2u);
    refused("[guest]\nvcpus = 6\nnuma = 4\n",
            "bad guest.numa: 4, want a divisor of guest.vcpus = 6");
    refused("[guest]\nnuma = 2\nmemory_mib = 513\n", "a divisor of guest.memory_mib = 513");
    refused("[guest]\nnuma = 9\n", "bad guest.numa: 9, want 1..8");
}

// What the file says is read for the number of vCPUs that the command line gives.
TEST_F(GuestSize, TheCommandLinesVcpusAreThoseOfTheFile) {
    std::ofstream(file()) << minimal_spec << "[workload]\nbystander_cpus = \"1-3\"\n";
    Overrides line;
    line.vcpus = 32;
    const auto spec = load_with_overrides(file(), line);
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->guest.vcpus, 32u);
    EXPECT_EQ(spec->guest.memory_mib, 1024u);
    EXPECT_TRUE(spec->overrides.empty()) << "it is stored apart";
    line.vcpus = 2;
    const auto fewer = load_with_overrides(file(), line);
    ASSERT_FALSE(fewer);
    EXPECT_NE(fewer.error().message.find("CPUs below guest.vcpus = 2"), std::string::npos)
        << fewer.error().message;
}

TEST_F(GuestSize, WithoutTheLatencyPassNothingIsExpectedOfIt) {
    const std::string count = "[guest]\npasses = \"count\"\n";
    EXPECT_EQ(with("")->guest.passes, Passes::Both);
    EXPECT_EQ(with(count)->guest.passes, Passes::Count);
    refused("[guest]\npasses = \"timed\"\n", "one of both, count");
    EXPECT_TRUE(with(count + "[metrics.target_latency]\nexpect = \"report\"\n"));
    EXPECT_TRUE(with(count + "[metrics.total_ipis]\nexpect = \"falls\"\n"));
    EXPECT_TRUE(with("[metrics.target_latency]\nexpect = \"falls\"\n"));
    for (const char* metric :
         {"target_latency", "call_latency", "bystander_wakeup", "bystander_work_time",
          "bystander_user_gap", "caller_bystander_worst"})
        refused(count + "[metrics." + metric + "]\nexpect = \"falls\"\n",
                "guest.passes = \"both\": the latency pass measures it");
    refused(count + "[metrics.mine]\nlatency_of = \"f\"\nexpect = \"falls\"\n", "latency pass");
    refused(count + "[metrics.target_latency]\nexpect = \"report\"\nat_least = 5\n", "at_least");
}

} // namespace
} // namespace rig
