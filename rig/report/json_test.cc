// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/json.h"

#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;
using nlohmann::json;

json render(const Spec& spec, const std::vector<Sample>& samples) {
    // Parse the text, as a program would.
    return json::parse(
        render_json(assemble(spec, make_run(spec), samples, {"careful"}, "results/x")).dump());
}

const json& metric(const json& report, const std::string& name) {
    for (const auto& one : report["metrics"])
        if (one["name"] == name) return one;
    throw std::runtime_error("no metric " + name);
}

TEST(JsonReport, HoldsEveryNumberBehindThePage) {
    auto spec = make_spec();
    spec.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}}),
                    at_most("target_latency", 1000)};
    auto report = render(spec, make_samples(spec));
    EXPECT_EQ(report["experiment"], "batch-alloc-fail");
    EXPECT_EQ(report["baseline"], "ipi");
    EXPECT_EQ(report["method"], "paired by boot index");
    EXPECT_EQ(report["corrected_across_metrics"], true);
    EXPECT_EQ(report["run"]["seed"], 1);
    EXPECT_FALSE(report["run"].contains("spec_text"));
    EXPECT_EQ(report["warnings"], json::array({"careful"}));
    EXPECT_EQ(report["verdict"], json({{"exit", 0},
                                       {"closing", "PASS: 3 hold"},
                                       {"held", 3},
                                       {"unseen", 0},
                                       {"doubtful", 0},
                                       {"failed", 0},
                                       {"undecided", 0},
                                       {"inconclusive", 0}}));
    EXPECT_EQ(report["proofs"].size(), 41u);
    EXPECT_EQ(report["ipis_by_function"][0]["arms"]["reviewed"]["max"], 483);

    const auto& sync = metric(report, "sync_ipis");
    EXPECT_EQ(sync["unit"], "count");
    EXPECT_EQ(sync["arms"][0]["verdict"], "as declared");
    EXPECT_EQ(sync["arms"][0]["change"], nullptr);
    EXPECT_EQ(sync["arms"][1]["change"]["ratio"]["value"], 0);
    EXPECT_EQ(sync["arms"][1]["change"]["direction"], "fell");
    EXPECT_EQ(sync["arms"][1]["boots"][7], json({{"boot", 7}, {"value", 0}}));
    const auto& caller = metric(report, "target_latency");
    EXPECT_EQ(caller["unit"], "ns");
    EXPECT_EQ(caller["per_boot"], "median");
    EXPECT_EQ(caller["arms"][1]["declared"], "at most ×1000");
    EXPECT_EQ(caller["arms"][1]["pooled"]["values"], 640);
    EXPECT_EQ(caller["arms"][1]["change"]["test"], json({{"test", "Wilcoxon signed-rank"},
                                                         {"statistic", 36},
                                                         {"p", 2.0 / 256},
                                                         {"exact", true},
                                                         {"effect", "matched-pairs rank-biserial"},
                                                         {"effect_size", 1}}));
    EXPECT_EQ(caller["arms"][1]["bound_test"]["holds"],
              json({{"p", 1.0 / 256}, {"holm", 1.0 / 256}}));
    EXPECT_EQ(caller["arms"][1]["bound_test"]["family"], 1);
    EXPECT_EQ(sync["arms"][1]["bound_test"], nullptr);
    EXPECT_NEAR(caller["arms"][1]["change"]["ratio"]["interval"]["coverage"].get<double>(), 0.992,
                0.001);
}

TEST(JsonReport, WhatDoesNotExistIsNull) {
    auto spec = make_spec(4);
    auto samples = make_samples(spec);
    for (auto& s : samples) {
        if (s.id.arm == "ipi") s.counts["tlb_flushes"] = 0;
        s.bystander_work_time_ns.clear();
    }
    auto report = render(spec, samples);
    const auto& change = metric(report, "tlb_flushes")["arms"][1]["change"];
    EXPECT_EQ(change["ratio"]["value"], nullptr); // infinite
    EXPECT_EQ(change["difference"]["value"], 100);
    EXPECT_EQ(change["difference"]["interval"], nullptr);
    EXPECT_EQ(change["difference"]["why_no_interval"], "no interval at n = 4, want >= 6");
    EXPECT_EQ(metric(report, "bystander_work_time")["arms"][0]["over_boots"], nullptr);
    EXPECT_EQ(metric(report, "bystander_work_time")["arms"][0]["pooled"], nullptr);
}

} // namespace
} // namespace rig
