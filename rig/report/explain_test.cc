// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/explain.h"

#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;

ReportInput report(const Spec& spec, const std::vector<Sample>& samples) {
    return assemble(spec, make_run(spec), samples, {}, "results/x");
}

Spec judged_spec() {
    auto spec = make_spec();
    spec.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}}),
                    at_most("target_latency", 20000), not_worse("bystander_work_time", 0.01)};
    return spec;
}

std::string text_of(const ReportInput& input, const char* metric) {
    const auto explanation = explain(input, metric);
    EXPECT_TRUE(explanation);
    auto text = explanation ? explain_text(*explanation) : "";
    std::string folded; // on one line, since the line breaks do not matter here
    for (char c : text)
        if (c != '\n' && c != ' ')
            folded += c;
        else if (!folded.ends_with(' '))
            folded += ' ';
    return folded;
}

void expect_says(const std::string& text, const std::vector<std::string>& parts) {
    for (const auto& part : parts)
        EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in\n" << text;
}

TEST(Explain, ABoundStepByStep) {
    const auto spec = judged_spec();
    expect_says(text_of(report(spec, make_samples(spec)), "target_latency"),
                {"19 of 19 validity checks in ipi, 22 of 22 validity checks in reviewed passed",
                 "each boot's median", "8 pairs", "ratio ×553 [×552, ×554]", "99.2 %",
                 "W+ = 36 of 36; p = 0.0078", "rank-biserial) +1.00", "at or below ×20000",
                 "p = 0.0039 that keeping the bound did", "2 bounds are declared", "kept 0.0078",
                 "=> as declared"});
}

TEST(Explain, AnExactValue) {
    const auto spec = judged_spec();
    auto samples = make_samples(spec);
    expect_says(text_of(report(spec, samples), "sync_ipis"),
                {"exactly as predicted, in every boot", "240, 240",
                 "8 of 8 boots have the declared value", "exactly 0"});
    for (auto& s : samples)
        if (s.id.arm == "reviewed" && s.id.index == 3) {
            s.counts["sync_ipis"] = s.exercised.recorded_sync = s.exercised.sync_handled = 12;
            s.sync_callsites = {{"smp_call_function+0x2b", 12}};
        }
    expect_says(text_of(report(spec, samples), "sync_ipis"),
                {"=> broken: boot 3: 12, want 0; 12 from smp_call_function+0x2b"});
}

TEST(Explain, WhatCannotBeJudged) {
    const auto spec = judged_spec();
    auto samples = make_samples(spec);
    expect_says(text_of(report(spec, samples), "tlb_flushes"),
                {"nothing is declared for this metric", "8 differences of zero left out; p = 1",
                 "=> no expectation"});
    samples[3].exercised.marker_hits = 0;
    expect_says(text_of(report(spec, samples), "target_latency"),
                {"failed: witness_hits in reviewed (boot 1: 0 hits",
                 "=> inconclusive: a validity check failed"});
    for (auto& s : samples)
        s.run_clock = "wall";
    expect_says(text_of(report(spec, samples), "target_latency"),
                {"two independent samples of 8 and 8",
                 "Mann and Whitney's test, exact: U = 64 of 64", "Cliff's delta"});
    EXPECT_EQ(explain(report(spec, {}), "target_latency")->arms.at(0).verdict, "inconclusive");
}

TEST(Explain, AnUnknownMetricIsRefusedWithThoseThereAre) {
    const auto spec = judged_spec();
    const auto refused = explain(report(spec, make_samples(spec)), "caller_latencies");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(refused.error().message.find("target_latency"), std::string::npos);
}

TEST(Explain, JsonHasTheSameSteps) {
    const auto spec = judged_spec();
    const auto explanation = explain(report(spec, make_samples(spec)), "bystander_work_time");
    ASSERT_TRUE(explanation);
    const auto json = explain_json(*explanation);
    ASSERT_EQ(json["arms"].size(), 1u);
    EXPECT_EQ(json["arms"][0]["verdict"], "improved");
    std::vector<std::string> ids;
    for (const auto& step : json["arms"][0]["steps"])
        ids.push_back(step["id"]);
    EXPECT_EQ(ids, (std::vector<std::string>{"checks", "boots", "estimate", "no_change", "declared",
                                             "bound", "holm"}));
}

} // namespace
} // namespace rig
