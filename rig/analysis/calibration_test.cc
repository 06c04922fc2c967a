// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/calibration.h"

#include "rig/report/calibration_text.h"
#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;

// Twenty boots whose target latency varies by 4 % around 10 us, and an arm in which every call
// takes `planted` ns longer.
struct Made {
    Spec spec;
    std::vector<Sample> samples;
};
Made make(const char* clock, std::uint64_t planted, unsigned boots = 32) {
    Made made{make_spec(boots), {}};
    made.spec.arms = {{"ipi", {}, "smp_call_function", {}}, {"planted", {"x"}, "planted", {}}};
    made.spec.metrics = {at_most("target_latency", 2), not_worse("tlb_flushes", 0.01)};
    const auto spec = with_replay(made.spec);
    std::uint64_t state = 5;
    for (unsigned index = 0; index < boots; ++index) {
        std::uint64_t level = 0;
        for (const auto& arm : spec.arms) {
            if (level == 0 || std::string(clock) == "wall") {
                state = state * 6364136223846793005u + 1442695040888963407u;
                level = 9'800 + (state >> 33) % 400;
            }
            auto sample = make_sample(arm.name, index, false);
            sample.run_clock = clock;
            for (auto& one : sample.target_latency_ns)
                one = level + (arm.name == "planted" ? planted : 0);
            made.samples.push_back(sample);
        }
    }
    made.spec = spec;
    return made;
}

const Detection& detection(const Calibration& calibration, const std::string& metric) {
    for (const auto& one : calibration.detections)
        if (one.metric == metric) return one;
    throw std::runtime_error("no detection of " + metric);
}

TEST(Calibration, ReplaysAreComparedByteForByte) {
    auto made = make("virtual", 50);
    auto calibration = calibrate(made.spec, made.samples, {});
    ASSERT_TRUE(calibration) << calibration.error().message;
    EXPECT_EQ(calibration->replays->pairs, 32u);
    EXPECT_EQ(calibration->replays->identical, 32u);
    EXPECT_EQ(calibration->exit(), Exit::Pass);
    for (auto& sample : made.samples)
        if (sample.id.arm == "ipi-again" && sample.id.index == 7)
            sample.bystander_work_time_ns[3] += 1; // one nanosecond, in no metric
    calibration = calibrate(made.spec, made.samples, {});
    EXPECT_EQ(calibration->replays->identical, 31u);
    EXPECT_EQ(calibration->replays->first, "boot 7: /bystander_work_time_ns/3");
    EXPECT_EQ(calibration->exit(), Exit::Fail);
}

TEST(Calibration, PairingFindsWhatIsSmallAndConstant) {
    // 0.5 % of 10 us, an eighth of the variation between seeds.
    const auto paired = make("virtual", 50), unpaired = make("wall", 50);
    const auto found = calibrate(paired.spec, paired.samples, {});
    EXPECT_EQ(detection(*found, "target_latency").rose.hits, 200u);
    EXPECT_EQ(detection(*found, "target_latency").difference.value, 50);
    EXPECT_EQ(detection(*found, "tlb_flushes").rose.hits, 0u);
    const auto wall = calibrate(unpaired.spec, unpaired.samples, {});
    ASSERT_TRUE(wall);
    EXPECT_FALSE(wall->replays);
    EXPECT_EQ(wall->pool, 64u); // both names of the same image
    EXPECT_LT(detection(*wall, "target_latency").rose.hits, 150u);
    const auto large = make("wall", 400);
    EXPECT_EQ(detection(*calibrate(large.spec, large.samples, {}), "target_latency").rose.hits,
              200u);
}

TEST(Calibration, FalseAlarmsAreCountedAgainstTheAttainedLevel) {
    for (const char* clock : {"virtual", "wall"}) {
        const auto made = make(clock, 0);
        const auto calibration = calibrate(made.spec, made.samples, {8, 400, 1});
        ASSERT_TRUE(calibration);
        ASSERT_EQ(calibration->alarms.size(), 2u);
        EXPECT_EQ(calibration->alarms[0].metric, "tlb_flushes");
        EXPECT_EQ(calibration->alarms[0].rate.hits, 0u); // a constant never alarms
        EXPECT_EQ(calibration->alarms[1].metric, "target_latency");
        EXPECT_FALSE(calibration->alarms[1].too_high());
        EXPECT_LT(calibration->alarms[1].rate.hits, 40u);
        EXPECT_NEAR(calibration->alarms[1].nominal, calibration->paired ? 2.0 / 256 : 0.0499,
                    0.0005);
        EXPECT_EQ(calibration->family.trials, 400u);
    }
}

// If the two halves of the host's boots differ, the alarms must be reported.
TEST(Calibration, TooManyAlarmsAreBroken) {
    AlarmRate rate{"x", {40, 200, {0.15, 0.26, 0.95}}, 0.05};
    EXPECT_TRUE(rate.too_high());
    Calibration calibration;
    calibration.family.interval = {0, 0.04, 0.95};
    EXPECT_EQ(calibration.exit(), Exit::Pass);
    calibration.alarms = {rate};
    EXPECT_EQ(calibration.exit(), Exit::Fail);
}

TEST(Calibration, TooFewBootsAreRefused) {
    const auto made = make("virtual", 0, 20);
    const auto refused = calibrate(made.spec, made.samples, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault_domain, FaultDomain::Spec);
    EXPECT_EQ(refused.error().message,
              "20 different boots of the baseline, want at least 32: two sides of 16");
    EXPECT_FALSE(calibrate(made.spec, {}, {}));
}

TEST(Calibration, TheSameSeedDrawsTheSame) {
    const auto made = make("wall", 50);
    const auto one = calibration_json(*calibrate(made.spec, made.samples, {8, 50, 3})),
               again = calibration_json(*calibrate(made.spec, made.samples, {8, 50, 3})),
               other = calibration_json(*calibrate(made.spec, made.samples, {8, 50, 4}));
    EXPECT_EQ(one, again);
    EXPECT_NE(one, other);
    const auto text = calibration_text(*calibrate(made.spec, made.samples, {}));
    EXPECT_NE(text.find("resampled from 64 real boots"), std::string::npos) << text;
}

} // namespace
} // namespace rig
