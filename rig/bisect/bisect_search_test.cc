// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect_search.h"

#include <gtest/gtest.h>
#include <set>

namespace rig {
namespace {

struct Found {
    std::size_t low = 0, high = 0;
    unsigned steps = 0;
};

// `first_bad` counts from 1; revisions in `skipped` are untestable.
Found search(std::size_t patches, std::size_t first_bad, const std::set<std::size_t>& skipped) {
    SeriesSearch search(patches);
    Found out;
    while (const auto next = search.next()) {
        EXPECT_GT(*next, search.last_good());
        EXPECT_LT(*next, search.first_bad());
        if (skipped.contains(*next)) {
            search.mark(*next, Mark::Skip);
            continue;
        }
        ++out.steps;
        search.mark(*next, *next >= first_bad ? Mark::Bad : Mark::Good);
    }
    out.low = search.last_good(), out.high = search.first_bad();
    return out;
}

TEST(SeriesSearch, FindsEveryPositionInFiveStepsOf32) {
    for (std::size_t at = 1; at <= 32; ++at) {
        const auto found = search(32, at, {});
        EXPECT_EQ(found.low, at - 1);
        EXPECT_EQ(found.high, at);
        EXPECT_LE(found.steps, 5u);
    }
}

TEST(SeriesSearch, ASkippedRevisionCostsNoStepAndWidensTheAnswerOnlyWhereItMust) {
    for (std::size_t at = 1; at <= 32; ++at)
        for (std::size_t skip = 1; skip < 32; ++skip) {
            const auto found = search(32, at, {skip, skip + 1 < 32 ? skip + 1 : skip});
            EXPECT_LT(found.low, at);
            EXPECT_GE(found.high, at);
            EXPECT_LE(found.steps, 5u) << at << " " << skip;
            // Only untestable revisions are between them.
            for (auto k = found.low + 1; k < found.high; ++k)
                EXPECT_TRUE(k == skip || k == skip + 1) << k;
        }
}

TEST(SeriesSearch, OnePatchNeedsNoStepAndAllSkippedLeavesAll) {
    EXPECT_EQ(search(1, 1, {}).steps, 0u);
    const auto none = search(4, 2, {1, 2, 3});
    EXPECT_EQ(none.steps, 0u);
    EXPECT_EQ(none.low, 0u);
    EXPECT_EQ(none.high, 4u);
}

TEST(SeriesSearch, StepsLeftIsWhatItWillTake) {
    EXPECT_EQ(SeriesSearch(32).steps_left(), 5u);
    EXPECT_EQ(SeriesSearch(33).steps_left(), 6u);
    EXPECT_EQ(SeriesSearch(1).steps_left(), 0u);
    EXPECT_EQ(halvings(1), 0u);
    EXPECT_EQ(halvings(2), 1u);
    EXPECT_EQ(halvings(1024), 10u);
}

TEST(SeriesSearch, LooksAtTheMiddleOfWhatWasNotLookedAt) {
    SeriesSearch search(32);
    for (const auto& [k, mark] : {std::pair{16u, Mark::Good},
                                  {24u, Mark::Bad},
                                  {20u, Mark::Good},
                                  {22u, Mark::Good},
                                  {23u, Mark::Good}})
        search.mark(k, mark);
    const auto looks = search.worth_a_look();
    ASSERT_EQ(looks.size(), 2u);
    EXPECT_EQ(looks[0], (std::pair<std::size_t, Mark>{8, Mark::Good}));
    EXPECT_EQ(looks[1], (std::pair<std::size_t, Mark>{28, Mark::Bad}));
    EXPECT_TRUE(SeriesSearch(1).worth_a_look().empty());
}

TEST(SeriesSearch, AMarkThatContradictsTheBracketMovesNothing) {
    SeriesSearch search(8);
    search.mark(4, Mark::Good);
    search.mark(2, Mark::Bad);
    EXPECT_EQ(search.last_good(), 4u);
    EXPECT_EQ(search.first_bad(), 8u);
}

} // namespace
} // namespace rig
