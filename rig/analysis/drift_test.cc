// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/drift.h"

#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

std::vector<Sample> on_wall_clock(const Spec& spec) {
    auto samples = make_samples(spec);
    for (auto& sample : samples) {
        sample.run_clock = "wall";
        // Alternates with the index: no trend.
        for (auto* list : {&sample.target_latency_ns, &sample.call_latency_ns,
                           &sample.bystander_wakeup_ns, &sample.bystander_work_time_ns})
            for (auto& value : *list)
                value = 10'000 + 100 * (sample.id.index % 3);
    }
    return samples;
}

TEST(Drift, AnUnquietHostIsToldOnce) {
    const auto spec = make_spec(8);
    auto samples = on_wall_clock(spec);
    EXPECT_EQ(drift_warnings(spec, samples), std::vector<std::string>{});
    for (auto& sample : samples)
        if (sample.id.index >= 4)
            for (auto& value : sample.target_latency_ns)
                value += 500;
    const auto warnings = drift_warnings(spec, samples);
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_TRUE(warnings[0].starts_with(
        "the host drifted: target_latency in the second half of the boots is ×1.05"))
        << warnings[0];
}

// The order of the boots matters, not their order in the file; a difference between arms is no
// drift.
TEST(Drift, ArmsMayDiffer) {
    const auto spec = make_spec(8);
    auto samples = on_wall_clock(spec);
    for (auto& sample : samples)
        if (sample.id.arm == "reviewed")
            for (auto& value : sample.target_latency_ns)
                value *= 500;
    EXPECT_EQ(drift_warnings(spec, samples), std::vector<std::string>{});
    std::reverse(samples.begin(), samples.end());
    EXPECT_EQ(drift_warnings(spec, samples), std::vector<std::string>{});
}

TEST(Drift, FewBootsCannotTell) {
    const auto spec = make_spec(2);
    const auto warnings = drift_warnings(spec, on_wall_clock(spec));
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_EQ(warnings[0], "4 boots are too few to tell whether the host drifted (first half "
                           "against second, 4 latencies and rates)");
}

TEST(Drift, VirtualTimeDoesNot) {
    const auto spec = make_spec(8);
    EXPECT_EQ(drift_warnings(spec, make_samples(spec)), std::vector<std::string>{});
    EXPECT_EQ(drift_warnings(spec, {}), std::vector<std::string>{});
}

} // namespace
} // namespace rig
