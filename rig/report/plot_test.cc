// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/plot.h"

#include "rig/base/text.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

std::size_t bars(const std::string& line) {
    std::size_t count = 0;
    for (std::size_t at = line.find("█"); at != std::string::npos; at = line.find("█", at + 1))
        ++count;
    return count;
}

TEST(Plot, BarsAreProportionalAndZeroHasNone) {
    const Plot plot{"sync IPIs",
                    "fault.interval",
                    Unit::Count,
                    {{"1", "ipi", {240, 240, 240}},
                     {"1", "reviewed", {0, 0, 0}},
                     {"2", "ipi", {120, 120, 120}},
                     {"2", "reviewed", {0, 0, 0}}}};
    const auto lines = plot_text(plot, 60);
    ASSERT_EQ(lines.size(), 5u);
    EXPECT_EQ(lines[0], "sync IPIs over fault.interval (from 0)");
    EXPECT_EQ(bars(lines[1]), 2 * bars(lines[3]));
    EXPECT_EQ(display_width(lines[1]), 60u);
    EXPECT_EQ(bars(lines[2]), 0u);
    EXPECT_EQ(lines[1].substr(0, 8), "1  ipi  ");
    EXPECT_EQ(lines[2].substr(0, 11), "   reviewed") << "a value stands once";
}

TEST(Plot, FiguresFarApartAreOnALogarithmicScale) {
    const Plot plot{"latency",
                    "x",
                    Unit::Nanoseconds,
                    {{"1", "a", {1e3, 1e3, 1e3}}, {"1", "b", {1e5, 1e5, 1e7}}}};
    const auto lines = plot_text(plot, 100);
    EXPECT_NE(lines[0].find("logarithmic, from 1.00 µs"), std::string::npos) << lines[0];
    EXPECT_EQ(bars(lines[1]), 1u) << "the least there is has a bar still";
    EXPECT_NE(lines[2].find("█·"), std::string::npos) << "the highest boot is dotted";
    EXPECT_NEAR(static_cast<double>(display_width(lines[2].substr(lines[2].find("█")))),
                2.0 * static_cast<double>(bars(lines[2])), 1.0)
        << lines[2];
}

TEST(Plot, NoFigureIsATitleOnly) {
    EXPECT_EQ(plot_text({"latency", "x", Unit::Count, {}}, 60),
              std::vector<std::string>{"latency over x"});
    EXPECT_EQ(bars(plot_text({"latency", "x", Unit::Count, {{"1", "a", {0, 0, 0}}}}, 60)[1]), 0u);
}

} // namespace
} // namespace rig
