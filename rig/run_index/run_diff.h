// SPDX-License-Identifier: GPL-2.0-or-later
// Two runs side by side: what was set up otherwise, and what came out otherwise. Pure.
//
// Not a verdict: two runs share no schedule, and nothing is declared about their difference. What
// can be said exactly is said exactly (virtual clock: the same bytes, boot by boot); under the wall
// clock a row carries Mann and Whitney's test of its two sets of boots, uncorrected, and only where
// both runs were made within one boot of the host. Figures of different clocks, units or
// definitions are not compared, and the row says so.
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
    std::optional<Spec> spec; // nullopt: not readable any more
};

struct SetUpDifference {
    std::string what; // "kernel image of reviewed"
    std::string left, right;
};

// Boots of one arm, paired by index. Virtual clock only.
struct SameBoots {
    std::string arm;
    std::size_t pairs = 0, identical = 0; // in every byte but figures of the host
    std::string first;                    // "boot 3: /counts/sync_ipis"; "" if none differs
};

struct MetricDiff {
    std::string metric, arm, unit;
    std::optional<double> left, right; // medians over boots
    std::optional<double> difference;  // right - left; nullopt where the two are not compared
    std::size_t equal = 0,
                pairs = 0;        // virtual clock: boots whose values are equal, paired by index
    std::optional<RankTest> test; // wall clock: Mann and Whitney's of "no difference", two-sided
    std::string left_verdict, right_verdict;
    std::string not_compared; // why: "virtual clock against wall clock"
};

struct RunDiff {
    std::string left, right; // ids
    std::string left_closing, right_closing;
    std::vector<SetUpDifference> set_up;
    std::vector<SameBoots> boots;
    std::vector<MetricDiff> metrics;
    std::string spec_diff; // unified; filled in by the caller
};

RunDiff diff_runs(const RunSide& left, const RunSide& right);
nlohmann::json to_json(const RunDiff& diff);

} // namespace rig
