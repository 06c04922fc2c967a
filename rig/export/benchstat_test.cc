// SPDX-License-Identifier: GPL-2.0-or-later
// tests/exports.py checks that benchfmt can read the format.
#include "rig/export/benchstat.h"

#include "rig/testing/export_fixture.h"
#include "rig/testing/golden.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

TEST(Benchstat, OneLinePerBootAndMetric) {
    const auto spec = judged_spec(2);
    const auto samples = make_samples(spec);
    testing::expect_golden("exports/two-boots.bench",
                           render_benchstat(input_of(spec, samples), samples));
}

TEST(Benchstat, WarmupAndWhatIsMissingAreLeftOut) {
    auto spec = judged_spec(2);
    spec.guest.warmup_boots = 1;
    auto samples = make_samples(spec);
    for (auto& sample : samples)
        sample.run_clock = "wall";
    samples.back().counts.erase("tlb_flushes"); // of boot 1, in whichever arm is last
    const auto text = render_benchstat(input_of(spec, samples), samples);
    const auto count = [&](const std::string& what) {
        unsigned n = 0;
        for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
            ++n;
        return n;
    };
    EXPECT_EQ(count("BenchmarkSyncIpis/arm=ipi-4 1 "), 1u);
    EXPECT_EQ(count("BenchmarkSyncIpis/arm=reviewed-4 1 "), 1u);
    EXPECT_EQ(count("BenchmarkTlbFlushes/arm=ipi-4 1 "), 1u);
    EXPECT_EQ(count("BenchmarkTlbFlushes/arm=reviewed-4"), 0u);
    EXPECT_EQ(count("Injections") + count("PredictedSync"), 0u);
}

} // namespace
} // namespace rig
