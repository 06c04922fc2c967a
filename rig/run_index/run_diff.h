// SPDX-License-Identifier: GPL-2.0-or-later
// Compares two runs: differences in set-up and in results. Pure.
//
// This is no verdict, since two runs share no schedule and no expectation covers their difference.
// Under the virtual clock the comparison is exact (the same bytes, boot by boot). Under the wall
// clock each row has an uncorrected Mann-Whitney test of the two sets of boots, but only if both
// runs were made within one boot of the host. Figures with different clocks, units or definitions
// are not compared, and the row gives the reason.
#pragma once

#include "rig/guest_output/sample.h"
#include "rig/report/report.h"
#include "rig/run_index/run_record.h"
#include "rig/stats/rank_tests.h"

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct RunSide {
    RunRecord record;
    std::vector<Sample> samples;
    std::optional<Spec> spec; // nullopt: no longer readable
};

struct SetUpDifference {
    std::string what; // "kernel image of reviewed"
    std::string left, right;
};

// Boots of one arm, paired by index. Virtual clock only.
struct SameBoots {
    std::string arm;
    std::size_t pairs = 0,
                identical = 0; // equal byte for byte, except for measurements of the host
    std::string first; // the first difference: "boot 3: /counts/sync_ipis"; "" if there is none
};

struct MetricDiff {
    std::string metric, arm, unit;
    std::optional<double> left, right; // medians over boots
    std::optional<double> difference;  // right - left; nullopt if the two are not compared
    std::size_t equal = 0,
                pairs = 0;        // virtual clock: boots with equal values, paired by index
    std::optional<RankTest> test; // wall clock: Mann-Whitney test of "no difference", two-sided
    std::string left_verdict, right_verdict;
    std::string not_compared; // the reason: "virtual clock against wall clock"
};

struct RunDiff {
    std::string left, right; // IDs
    std::string left_closing, right_closing;
    std::vector<SetUpDifference> set_up;
    std::vector<SameBoots> boots;
    std::vector<MetricDiff> metrics;
    std::string spec_diff; // unified diff; filled in by the caller
};

RunDiff diff_runs(const RunSide& left, const RunSide& right);
nlohmann::json to_json(const RunDiff& diff);

} // namespace rig
