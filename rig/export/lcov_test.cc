// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/lcov.h"

#include "rig/testing/lines_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

LineEvidence evidence() {
    LineEvidence lines;
    ArmLineMap map;
    map.arm = "re-viewed";
    map.against = "ipi";
    const std::vector<LineAddress> code{{0x1000, 0x1004, "f", 0}};
    map.map.lines = {
        make_line(310, LineReason::Comment),      make_line(317, LineReason::Mapped, code),
        make_line(318, LineReason::Mapped, code), make_line(319, LineReason::Merged, code),
        make_line(320, LineReason::Merged, code), make_line(330, LineReason::Mapped, code, true),
        make_line(331, LineReason::Mapped, code)};
    lines.maps = {map};
    BootLines boot;
    boot.arm = "re-viewed";
    const LineCount none{0, 0, 5}, some{80, 79, 7};
    boot.lines = {{std::nullopt, some, none, some, none, some, std::nullopt}};
    lines.boots = {boot, boot};
    lines.boots[1].index = 1;
    lines.boots.push_back({"ipi", 0, "no counts", false, {}, {}});
    return lines;
}

TEST(Lcov, ChangedLinesWithTheirExecutionsInThePasses) {
    EXPECT_EQ(render_lcov(evidence(), "re-viewed"), "TN:re_viewed\n"
                                                    "SF:mm/mmu_gather.c\n"
                                                    "DA:317,318\n"
                                                    "DA:318,0\n"
                                                    "DA:320,0\n"
                                                    "LF:3\n"
                                                    "LH:1\n"
                                                    "end_of_record\n");
}

TEST(Lcov, ALineOfTwoMapsStandsOnce) {
    auto lines = evidence();
    lines.maps.push_back(lines.maps[0]);
    lines.maps[1].against = "third";
    for (auto& boot : lines.boots)
        if (!boot.lines.empty()) boot.lines.push_back(boot.lines[0]);
    EXPECT_EQ(render_lcov(lines, "re-viewed"), render_lcov(evidence(), "re-viewed"));
}

TEST(Lcov, NothingCountedIsNoRecord) {
    EXPECT_EQ(render_lcov(evidence(), "ipi"), "");
    EXPECT_EQ(render_lcov({}, "ipi"), "");
}

} // namespace
} // namespace rig
