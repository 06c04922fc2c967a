// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/trial/trial_options.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using Values = std::map<std::string, std::string>;
using Words = std::vector<std::string>;

Words names(const std::vector<TrialOption>& options) {
    Words out;
    for (const auto& option : options)
        out.push_back(option.name + "=" + option.value);
    return out;
}

TEST(SplitOptions, WhatTheSeriesAddsIsThePatchedKernelsOnly) {
    TrialExperiment trial;
    trial.options = {{"NUMA", "y", "old"}, {"FRESH", "y", "new"}, {"FRESH_SIZE", "8", ""}};
    split_options(trial, Values{{"NUMA", "y"}, {"NODES", "4"}},
                  Values{{"NUMA", "y"},
                         {"FRESH", "y"},
                         {"FRESH_SIZE", "8"},
                         {"NODES", "6"},
                         {"HAVE_FRESH", "y"}});
    EXPECT_EQ(names(trial.options), Words{"NUMA=y"});
    EXPECT_EQ(names(trial.patched_options), (Words{"FRESH=y", "FRESH_SIZE=8"}));
    EXPECT_EQ(trial.patched_options[0].reason, "new");
    EXPECT_EQ(trial.config_differs, (Words{"HAVE_FRESH", "NODES"}));
}

TEST(SplitOptions, WhatNeitherKernelCanHaveStaysForTheBuildToRefuse) {
    TrialExperiment trial;
    trial.options = {{"NOWHERE", "y", "--option"}, {"GONE", "n", ""}};
    split_options(trial, Values{{"LOST", "y"}}, Values{});
    EXPECT_EQ(names(trial.options), (Words{"NOWHERE=y", "GONE=n"}));
    EXPECT_TRUE(trial.patched_options.empty());
    EXPECT_EQ(trial.config_differs, Words{"LOST"}); // the series removes it
}

TEST(TouchedLines, AreThoseOfTheTreeAfterTheChange) {
    const std::vector<ChangedFile> files{
        {"mm/a.c", "", "", {{{3, 1}, {3, 2}}, {{9, 2}, {10, 0}}, {{1, 1}, {0, 0}}}},
        {"mm/gone.c", "", std::nullopt, {{{1, 1}, {0, 0}}}},
        {"mm/Kconfig", "", "", {{{0, 0}, {1, 3}}}},
    };
    const auto lines = touched_lines(files);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines.at("mm/a.c").changed, (std::vector<unsigned>{3, 4}));
    EXPECT_EQ(lines.at("mm/a.c").before_gaps, std::vector<unsigned>{10});
}

} // namespace
} // namespace rig
