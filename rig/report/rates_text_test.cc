// SPDX-License-Identifier: GPL-2.0-or-later
// How reports show rates, and kernel options of one arm.
#include "rig/report/explain.h"
#include "rig/report/json.h"
#include "rig/report/text.h"
#include "rig/report/wording.h"
#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;

constexpr const char* kCaveat =
    "virtual clock: vCPUs run one at a time, so a rise is no parallel speed-up";

class RatesText : public ::testing::Test {
 protected:
    RatesText() {
        MetricSpec rate;
        rate.name = "throughput";
        rate.kind = ExpectKind::Rises;
        rate.custom =
            CustomMetric{CustomMetric::Kind::Counter, kIterationsCounter, "", "munmaps", false};
        rate.custom->per_second = true;
        spec_.metrics = {rate};
        samples_ = make_samples(spec_);
        for (auto& sample : samples_) {
            sample.counts[kRateWindowKey] = 1'000'000'000;
            sample.counts[rate_key("throughput")] =
                sample.id.arm == "ipi" ? 1000 : 1500 + sample.id.index;
        }
    }
    ReportInput input() const {
        return assemble(spec_, make_run(spec_), samples_, {}, "results/x");
    }
    void on_wall_clock() {
        for (auto& sample : samples_)
            sample.run_clock = "wall";
    }
    // Without the line breaks of the page.
    static std::string flat(const std::string& text) {
        std::string out;
        for (const char c : text)
            if (c != '\n' && (c != ' ' || out.empty() || out.back() != ' '))
                out += c;
            else if (c == '\n' && !out.empty() && out.back() != ' ')
                out += ' ';
        return out;
    }
    Spec spec_ = make_spec();
    std::vector<Sample> samples_;
};

TEST_F(RatesText, UnderTheVirtualClockEveryFigureSaysThatItIsNoParallelSpeedUp) {
    const auto text = flat(render_text(input()));
    EXPECT_NE(text.find(std::string("higher is better; ") + kCaveat), std::string::npos) << text;
    EXPECT_NE(text.find("rates: better, rose munmaps +50 %"), std::string::npos) << text;
    EXPECT_EQ(text.find("rose munmaps", text.find("rates: better") + 20), std::string::npos);
    EXPECT_NE(text.find("1504/s"), std::string::npos) << text;
    const auto report = render_json(input());
    const auto& metric = report["metrics"].back();
    EXPECT_EQ(metric["unit"], "per_second");
    EXPECT_EQ(metric["better"], "higher");
    EXPECT_EQ(metric["note"], kCaveat);
    EXPECT_EQ(metric["arms"][1]["verdict"], "improved");
    EXPECT_EQ(metric["arms"][1]["bound_test"]["low"], 1.0);
    EXPECT_EQ(metric["arms"][1]["bound_test"]["high"], nullptr);
    EXPECT_FALSE(report["metrics"][0].contains("note"));
    const auto told = flat(explain_text(*explain(input(), "throughput")));
    EXPECT_NE(told.find(kCaveat), std::string::npos) << told;
    EXPECT_NE(told.find("the ratio's interval must lie above ×1"), std::string::npos) << told;
}

TEST_F(RatesText, UnderTheWallClockARiseIsARise) {
    on_wall_clock();
    EXPECT_EQ(flat(render_text(input())).find("no parallel speed-up"), std::string::npos);
    EXPECT_FALSE(render_json(input())["metrics"].back().contains("note"));
}

TEST_F(RatesText, ARateThatFellIsAmongWhatGotWorse) {
    for (auto& sample : samples_)
        if (sample.id.arm != "ipi") sample.counts[rate_key("throughput")] = 500;
    const auto moved = movement(input(), 1);
    ASSERT_EQ(moved.rates_fell.size(), 1u);
    EXPECT_NE(moved.rates_fell[0].find("(declared: rises)"), std::string::npos);
    EXPECT_TRUE(moved.rates_rose.empty());
    EXPECT_EQ(input().comparison.exit, Exit::Fail);
}

TEST_F(RatesText, NothingOfAnOperationThatDidNotWorkIsBetter) {
    spec_.workload.check = {"/bin/busybox", "true"};
    for (auto& sample : samples_)
        sample.counts[kFailedChecks] = sample.id.arm == "ipi" ? 0 : 2;
    const auto moved = movement(input(), 1);
    EXPECT_TRUE(moved.rates_rose.empty() && moved.fell.empty());
    ASSERT_EQ(moved.rose.size(), 1u);
    EXPECT_EQ(moved.rose[0], "passes that workload.check refused");
    ASSERT_FALSE(moved.unclear.empty());
    EXPECT_NE(moved.unclear[0].find("(workload.check failed)"), std::string::npos);
}

TEST_F(RatesText, OptionsOfAnArmAreShownBesideItsKernel) {
    EXPECT_EQ(render_text(input()).find("options of its own"), std::string::npos);
    spec_.arms[1].options = {{"DEBUG_VM", "y"}, {"HZ", "250"}};
    EXPECT_EQ(options_text(spec_.arms[1]), "DEBUG_VM=y HZ=250");
    EXPECT_NE(flat(render_text(input())).find("options of its own: DEBUG_VM=y HZ=250"),
              std::string::npos);
}

} // namespace
} // namespace rig
