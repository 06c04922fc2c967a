// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/fault_counts.h"

#include "rig/guest_output/metric.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using nlohmann::json;

class FaultCountsTest : public ::testing::Test {
 protected:
    FaultCountsTest() {
        FaultSpec pages, slabs;
        pages.function = "tlb_remove_table";
        slabs.point = "failslab";
        slabs.function = "getname_flags";
        spec_.faults_listed = true;
        spec_.faults = {pages, slabs};
        plan_.symbols = SymbolTable::parse("ffffffff81000100 T tlb_remove_table\n"
                                           "ffffffff81000200 T getname_flags\n"
                                           "ffffffff81000300 T kmem_cache_alloc_noprof\n"
                                           "ffffffff81000400 T do_faccessat\n"
                                           "ffffffff81000500 T should_fail_alloc_page\n"
                                           "ffffffff81000600 T alloc_pages_noprof\n"
                                           "ffffffff81000700 T x\n",
                                           "System.map")
                            .value();
        plan_.faults = plan_faults(spec_, *plan_.symbols).value();
    }
    static TraceEvent failure(const char* event, std::vector<std::uint64_t> chain, int tid = 9) {
        TraceEvent out{
            .time_ns = 1, .cpu = 0, .tid = tid, .event = event, .trace = "", .callchain = {}};
        for (const auto address : chain)
            out.callchain.push_back({0xffffffff81000000ull + address, ""});
        return out;
    }

    Spec spec_;
    GuestPlan plan_;
    Sample sample_;
};

TEST_F(FaultCountsTest, InjectionsAreCountedByPointAndTogether) {
    const json pass{{"faults",
                     {{"fail_page_alloc", {{"times_before", 100}, {"times_after", 88}}},
                      {"failslab", {{"times_before", 100}, {"times_after", 60}}}}}};
    const auto sum = fill_injections(sample_, pass, plan_, spec_, &FaultCounts::timed_injections);
    ASSERT_TRUE(sum) << sum.error().message;
    EXPECT_EQ(*sum, 52u);
    EXPECT_EQ(sample_.faults.at("fail_page_alloc").timed_injections, 12u);
    EXPECT_EQ(sample_.faults.at("failslab").timed_injections, 40u);
    EXPECT_EQ(sample_.faults.at("failslab").injections, 0u);
    EXPECT_THROW(
        (void)fill_injections(sample_, {{"faults", {}}}, plan_, spec_, &FaultCounts::injections),
        json::exception);
}

TEST_F(FaultCountsTest, ControlTimesThatRiseAreNoCount) {
    const json pass{{"faults",
                     {{"fail_page_alloc", {{"times_before", 1}, {"times_after", 1}}},
                      {"failslab", {{"times_before", 1}, {"times_after", 2}}}}}};
    const auto sum = fill_injections(sample_, pass, plan_, spec_, &FaultCounts::injections);
    ASSERT_FALSE(sum);
    EXPECT_EQ(sum.error().message, "failslab/times rose from 1 to 2");
}

TEST_F(FaultCountsTest, FailuresAreFoundByPointSiteAndRange) {
    Trace trace;
    trace.events = {failure("rig:alloc_failed", {0x610, 0x110}),
                    failure("rig:slab_failed", {0x310, 0x210, 0x410}),
                    failure("rig:slab_failed", {0x310, 0x410}), // not below getname_flags()
                    failure("rig:slab_failed", {0x310, 0x210}), failure("rig:target", {0x110})};
    const auto status = fill_failures(sample_, trace, plan_, spec_);
    ASSERT_TRUE(status) << status.error().message;
    const auto& slabs = sample_.faults.at("failslab");
    EXPECT_EQ(slabs.by_site,
              (std::map<std::string, std::uint64_t>{{"getname_flags", 2}, {"do_faccessat", 1}}));
    EXPECT_EQ(slabs.below, 2u);
    EXPECT_EQ(sample_.faults.at("fail_page_alloc").by_site,
              (std::map<std::string, std::uint64_t>{{"tlb_remove_table", 1}}));
    EXPECT_EQ(sample_.injections_by_site.at("getname_flags"), 2u);
}

// riscv64: the return has no stack, the entry before it has. Each point has its own.
TEST_F(FaultCountsTest, TheStackAtTheEntryIsOfTheSamePointAndThread) {
    spec_.kernel.arch = "riscv64";
    Trace trace;
    trace.events = {failure("rig:slab", {0x310, 0x210}, 8), failure("rig:slab", {0x310, 0x410}),
                    failure("rig:alloc", {0x610, 0x110}), failure("rig:slab_failed", {})};
    ASSERT_TRUE(fill_failures(sample_, trace, plan_, spec_));
    EXPECT_EQ(sample_.faults.at("failslab").by_site,
              (std::map<std::string, std::uint64_t>{{"do_faccessat", 1}}));
    EXPECT_EQ(sample_.faults.at("failslab").below, 0u);
}

TEST_F(FaultCountsTest, AStoredSampleHasTheSameCounts) {
    sample_.run_clock = "virtual";
    sample_.accelerator = "tcg";
    EXPECT_FALSE(to_json(sample_).contains("faults")); // samples of [fault] stay as they were
    sample_.faults["failslab"] = {4, 3, 2, 1, {{"getname_flags", 2}}};
    sample_.faults["fail_futex"] = {1, 1, 1, 1, {}};
    const auto text = to_json(sample_);
    const auto again = sample_from_json(text);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->faults, sample_.faults);
    auto other = text;
    other["faults"][0]["point"] = "fail_everything";
    EXPECT_FALSE(sample_from_json(other));
    other = text;
    other["faults"][0]["point"] = "failslab"; // as [1]
    const auto twice = sample_from_json(other);
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().message, "sample.faults: 'failslab' is there twice");
    other = text;
    other["faults"][0]["more"] = 1;
    EXPECT_FALSE(sample_from_json(other));
}

TEST_F(FaultCountsTest, FailuresElsewhereDoNotPredictIpis) {
    sample_.cpus_online = 4;
    sample_.exercised.injections = 120;
    sample_.exercised.target_hits = 40;
    EXPECT_EQ(predicted_sync(sample_), 360u);
    sample_.faults["failslab"].injections = 80;
    sample_.faults["fail_page_alloc"].injections = 40;
    EXPECT_EQ(predicted_sync(sample_), 120u);
}

} // namespace
} // namespace rig
