// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/ktap.h"

#include "rig/testing/export_fixture.h"
#include "rig/testing/golden.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

TEST(Ktap, AsExpected) {
    const auto spec = judged_spec();
    const auto text = render_ktap(input_of(spec, make_samples(spec)), {});
    testing::expect_golden("exports/as-expected.ktap", text);
    EXPECT_NE(text.find("\n  ok 3 proof.boots\n"), std::string::npos);
}

TEST(Ktap, Inconclusive) {
    const auto spec = judged_spec(4);
    auto samples = make_samples(spec);
    samples[3].exercised.injections = 0;
    auto run = make_run(spec);
    run.ended = "";
    const auto text =
        render_ktap(input_of(spec, samples, run),
                    {fault_of("ipi", 1, FaultDomain::Host, "no CPU in half of it", true),
                     fault_of("reviewed", 3, FaultDomain::Host, "no room")});
    testing::expect_golden("exports/inconclusive.ktap", text);
    EXPECT_NE(text.find("\n  not ok 1 verdict # ERROR INCONCLUSIVE: "), std::string::npos);
    EXPECT_EQ(text.find("\n  ok 25 target_latency"), std::string::npos);
}

TEST(Ktap, AGuestsWordsAreNoKtap) {
    EXPECT_EQ(ktap_text("a # SKIP\nok 1 b"), "a _ SKIP?ok 1 b");
    EXPECT_EQ(
        ktap_text(
            "x reboot: System halted, Kernel panic - not syncing: VFS: List of all partitions:"),
        "x reboot; System halted, Kernel panic - not syncing: VFS; List of all partitions;");
    const auto spec = judged_spec();
    auto samples = make_samples(spec);
    samples[1].splats = {
        {SplatKind::Warning, "WARNING: # reboot: System halted\nok 36 x", "", {}, 1}};
    const auto text = render_ktap(input_of(spec, samples), {});
    EXPECT_NE(text.find("# splats: WARNING: _ reboot; System halted?ok 36 x: 1 times"),
              std::string::npos)
        << text;
}

} // namespace
} // namespace rig
