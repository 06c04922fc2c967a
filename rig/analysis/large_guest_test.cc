// SPDX-License-Identifier: GPL-2.0-or-later
// What is checked and compared of guests with several NUMA nodes, and of boots without the latency
// pass.
#include "rig/analysis/compare.h"
#include "rig/testing/exercised_fixture.h"
#include "rig/testing/lines_fixture.h"

#include <algorithm>

namespace rig {
namespace {

using namespace rig::fixture;

class LargeGuest : public ExercisedTest {
 protected:
    bool has(const std::string& id) {
        const auto all = checks();
        return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.id == id; });
    }
    // As the boots are without their latency pass.
    void count_only() {
        spec_.guest.passes = Passes::Count;
        lines_.count_only = true;
        for (auto& sample : samples_) {
            sample.exercised.timed_injections = sample.exercised.timed_target_hits = 0;
            sample.target_latency_ns.clear();
            sample.call_latency_ns.clear();
            sample.agent_call_ns.clear();
            sample.bystander_wakeup_ns.clear();
            sample.bystander_work_time_ns.clear();
        }
        for (auto& boot : lines_.boots) {
            for (auto& map : boot.lines)
                for (auto& count : map)
                    if (count) count->latency_pass = 0;
            for (auto& [function, count] : boot.entries)
                count.latency_pass = 0;
        }
    }
};

TEST_F(LargeGuest, ANodeThatTheKernelDoesNotHaveIsFound) {
    EXPECT_FALSE(has("numa_nodes")) << "one node needs no check";
    spec_.guest.numa = 2;
    expect_failing({"numa_nodes"});
    EXPECT_EQ(check("numa_nodes").found, "boot 0: 1 online, want 2 (8 of 8 boots fail)");
    for (auto& sample : samples_)
        sample.nodes_online = 2;
    expect_failing({});
}

TEST_F(LargeGuest, WithoutTheLatencyPassItsChecksAreLeftOut) {
    lines_ = make_lines(spec_);
    expect_failing({});
    EXPECT_TRUE(has("timed_pass"));
    count_only();
    expect_failing({});
    EXPECT_FALSE(has("timed_pass"));
    EXPECT_FALSE(has("clocks_agree"));
    EXPECT_EQ(check("changed_lines").claim, "changed lines ran in the count pass of every boot");
    // The control: the lines must run in the pass that there is.
    for (auto& boot : lines_.boots)
        for (auto& map : boot.lines)
            for (auto& count : map)
                if (count) count->count_pass = 0;
    EXPECT_FALSE(check("changed_lines").passed);
    EXPECT_NE(check("changed_lines").found.find("did not run in the count pass"),
              std::string::npos);
}

TEST_F(LargeGuest, BootsThatShouldHaveALatencyPassAndHaveNoneFail) {
    lines_ = make_lines(spec_);
    count_only();
    spec_.guest.passes = Passes::Both;
    lines_.count_only = false;
    EXPECT_FALSE(check("timed_pass").passed);
    EXPECT_FALSE(check("changed_lines").passed);
}

TEST_F(LargeGuest, WithoutTheLatencyPassOnlyCountsAreCompared) {
    const auto names = [&] {
        std::vector<std::string> out;
        for (const auto& metric : compare(spec_, samples_, {}).metrics)
            out.push_back(metric.info.name);
        return out;
    };
    const auto before = names();
    EXPECT_NE(std::find(before.begin(), before.end(), "call_latency"), before.end());
    count_only();
    for (const auto& name : names())
        EXPECT_EQ(name.find("latency"), std::string::npos) << name;
    EXPECT_FALSE(names().empty());
}

} // namespace
} // namespace rig
