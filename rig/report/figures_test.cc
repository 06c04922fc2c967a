// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/figures.h"

#include <gtest/gtest.h>
#include <limits>

namespace rig {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Figures, TimesHaveThreeDigitsAndTheUnitThatFits) {
    auto time = [](double ns) { return figure(ns, Unit::Nanoseconds); };
    EXPECT_EQ(time(0), "0 ns");
    EXPECT_EQ(time(1), "1 ns");
    EXPECT_EQ(time(14.5), "14.5 ns");
    EXPECT_EQ(time(999), "999 ns");
    EXPECT_EQ(time(999.6), "1.00 µs");
    EXPECT_EQ(time(9994), "9.99 µs");
    EXPECT_EQ(time(9996), "10.0 µs");
    EXPECT_EQ(time(43'100), "43.1 µs");
    EXPECT_EQ(time(999'499), "999 µs");
    EXPECT_EQ(time(999'501), "1.00 ms");
    EXPECT_EQ(time(32e6), "32.0 ms");
    EXPECT_EQ(time(4.2e9), "4.20 s");
    EXPECT_EQ(time(infinity), "infinite");
}

TEST(Figures, CountsAreInFull) {
    EXPECT_EQ(figure(0, Unit::Count), "0");
    EXPECT_EQ(figure(1234567, Unit::Count), "1234567");
    EXPECT_EQ(figure(2.5, Unit::Count), "2.5");
    EXPECT_EQ(spread_figure({240, 240, 240}, Unit::Count), "240");
    EXPECT_EQ(spread_figure({236, 240, 244}, Unit::Count), "236..244");
    EXPECT_EQ(spread_figure({1000, 2000, 3000}, Unit::Nanoseconds), "2.00 µs");
}

TEST(Figures, FactorsNeverRoundToNothing) {
    EXPECT_EQ(factor(1), "±0 %");
    EXPECT_EQ(factor(1.049), "+4.9 %");
    EXPECT_EQ(factor(0.5), "−50 %");
    EXPECT_EQ(factor(1.0004), "+0.04 %");
    EXPECT_EQ(factor(1.000001), "<+0.01 %");
    EXPECT_EQ(factor(0.999999), ">−0.01 %");
    EXPECT_EQ(factor(1.9), "+90 %");
    EXPECT_EQ(factor(2), "×2.00");
    EXPECT_EQ(factor(743.4), "×743");
    EXPECT_EQ(factor(15234), "×15234");
    EXPECT_EQ(factor(0), "−100 %");
    EXPECT_EQ(factor(0.01), "−99 %");
    EXPECT_EQ(factor(0.009999), "÷100");
    EXPECT_EQ(factor(1 / 350.0), "÷350");
    EXPECT_EQ(factor(infinity), "from 0");
}

Change change(Estimate ratio, Estimate difference) {
    Change out;
    out.ratio = std::move(ratio);
    out.difference = std::move(difference);
    return out;
}

TEST(Figures, ChangesCarryTheirInterval) {
    EXPECT_EQ(change_figure(change({743, 8, Interval{701, 799, 0.99}, ""}, {}), Unit::Nanoseconds),
              "×743 [×701, ×799]");
    EXPECT_EQ(change_figure(change({0.98, 8, Interval{0.9, 1.1, 0.99}, ""}, {}), Unit::Count),
              "−2.0 % [−10 %, +10 %]");
    EXPECT_EQ(change_figure(change({2, 4, {}, "no interval"}, {}), Unit::Count),
              "×2.00 (no interval at n = 4)");
}

TEST(Figures, FromZeroTheDifferenceSpeaks) {
    auto rose = change({infinity, 8, Interval{infinity, infinity, 0.99}, ""},
                       {12'000, 8, Interval{10'000, 14'000, 0.99}, ""});
    EXPECT_EQ(change_figure(rose, Unit::Count), "+12000 [+10000, +14000]");
    EXPECT_EQ(change_figure(rose, Unit::Nanoseconds), "+12.0 µs [+10.0 µs, +14.0 µs]");
    auto some = change({1, 8, Interval{1, infinity, 0.99}, ""}, {0, 8, Interval{0, 3, 0.99}, ""});
    EXPECT_EQ(change_figure(some, Unit::Count), "0 [0, +3]");
}

} // namespace
} // namespace rig
