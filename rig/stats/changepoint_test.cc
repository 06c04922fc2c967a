// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/stats/changepoint.h"

#include <gtest/gtest.h>
#include <random>

namespace rig {
namespace {

std::vector<std::size_t> places(const std::vector<ChangePoint>& points) {
    std::vector<std::size_t> at;
    for (const auto& point : points)
        at.push_back(point.at);
    return at;
}

// Counts under the virtual clock are the same every night, until something changes them.
TEST(ChangePoints, AStepOfAConstantIsFoundWhereItIs) {
    std::vector<double> series(20, 240.0);
    EXPECT_TRUE(change_points(series).empty());
    series.insert(series.end(), {320, 320});
    EXPECT_TRUE(change_points(series).empty()) << "two values are no level yet";
    series.push_back(320);
    const auto points = change_points(series);
    ASSERT_EQ(places(points), (std::vector<std::size_t>{20}));
    EXPECT_EQ(points[0].before, 240);
    EXPECT_EQ(points[0].after, 320);
    EXPECT_LE(points[0].p, 0.05);
}

// Nile at Aswan, annual flow 1871-1970, 10^8 m^3: G. W. Cobb, "The problem of the Nile: Conditional
// solution to a changepoint problem", Biometrika 65 (1978), 243-251. Cobb puts the change at
// 1898/1899.
TEST(ChangePoints, TheNileFellAfter1898) {
    const std::vector<double> nile{
        1120, 1160, 963, 1210, 1160, 1160, 813,  1230, 1370, 1140, 995,  935,  1110, 994,  1020,
        960,  1180, 799, 958,  1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774,  840,
        874,  694,  940, 833,  701,  916,  692,  1020, 1050, 969,  831,  726,  456,  824,  702,
        1120, 1100, 832, 764,  821,  768,  845,  864,  862,  698,  845,  744,  796,  1040, 759,
        781,  865,  845, 944,  984,  897,  822,  1010, 771,  676,  649,  846,  812,  742,  801,
        1040, 860,  874, 848,  890,  744,  749,  838,  1050, 918,  986,  797,  923,  975,  815,
        1020, 906,  901, 1170, 912,  746,  919,  718,  714,  740};
    ASSERT_EQ(nile.size(), 100u);
    const auto points = change_points(nile);
    ASSERT_EQ(places(points), (std::vector<std::size_t>{28})) << "1899 is the first year after it";
    EXPECT_GT(points[0].before, points[0].after);
}

// Two injected steps in noise, and one that is too small to be reported.
TEST(ChangePoints, PlantedStepsInNoise) {
    std::mt19937_64 random(7);
    std::normal_distribution<> noise(0, 1);
    std::vector<double> series;
    for (int i = 0; i < 90; ++i)
        series.push_back((i < 30 ? 100 : i < 60 ? 104 : 90) + noise(random));
    EXPECT_EQ(places(change_points(series)), (std::vector<std::size_t>{30, 60}));
    ChangePointOptions options;
    options.min_effect = 0.06;
    EXPECT_EQ(places(change_points(series, options)), (std::vector<std::size_t>{60}));
    EXPECT_EQ(places(change_points(series)), places(change_points(series)))
        << "the same input, the same answer";
}

// 400 series without a step: the share of false positives must not exceed the test's significance
// by more than chance allows (binomial, 0.1 %: 34).
TEST(ChangePoints, FlatNoiseCriesNoMoreOftenThanItMay) {
    std::mt19937_64 random(3);
    std::normal_distribution<> noise(0, 1);
    unsigned cried = 0;
    for (int round = 0; round < 400; ++round) {
        std::vector<double> series;
        for (int i = 0; i < 24; ++i)
            series.push_back(1000 + noise(random));
        cried += !change_points(series).empty();
    }
    EXPECT_LE(cried, 34u);
    EXPECT_GE(cried, 5u) << "a test that never cries is no test";
}

TEST(ChangePoints, TooFewValuesHaveNone) {
    EXPECT_TRUE(change_points({}).empty());
    EXPECT_TRUE(change_points({1, 1, 9, 9, 9}).empty());
    EXPECT_EQ(places(change_points({1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 9, 9})),
              (std::vector<std::size_t>{6}));
}

} // namespace
} // namespace rig
