// SPDX-License-Identifier: GPL-2.0-or-later
// The result of comparing arms, as plain data: for each metric and arm the figures, their
// difference from the baseline, and the verdict. Values are in the unit of their metric. compare.h
// makes a comparison; code that only reads or shows one needs this file alone.
#pragma once

#include "rig/analysis/splat_verdict.h"
#include "rig/analysis/validity_check.h"
#include "rig/base/error.h"
#include "rig/guest_output/metric.h"
#include "rig/stats/estimate.h"
#include "rig/stats/rank_tests.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

enum class Verdict {
    AsDeclared, // exactly: the declared value in every boot; at-most: the interval lies within its
                // bound
    // not-worse, falls: the interval lies below "no change"; of a rate not-worse: above it; rises:
    // above its bound.
    Improved,
    WithinBound, // not-worse: the interval keeps the bound, but contains "no change"
    Unchanged,   // unchanged: the interval lies between both bounds
    // not-worse, unchanged, falls: the interval lies above the bound, of a rate below it; rises: it
    // lies below "no change".
    Regressed,
    // exactly: a boot has another value; at-most: the interval lies above the bound; unchanged: the
    // interval lies beyond the other bound; falls, rises: the same in every boot, or it rose by
    // less than declared.
    Broken,
    // The interval contains the bound or does not exist at this number of boots, or Holm's
    // correction does not allow a decision.
    Undecided,
    // A validity check failed, or the samples do not have the metric.
    Inconclusive,
    // No expectation is declared.
    NotJudged,
};
const char* words(Verdict verdict);

enum class Direction {
    Fell,
    Rose,
    Same,
    Unclear
}; // by the interval of the difference; Same: it is the point 0

struct BootValue {
    unsigned boot = 0; // index within the arm
    double value = 0;
};
struct Spread { // over boots
    double min = 0, median = 0, max = 0;
};
struct Pooled { // over the single values of all boots; shown, never judged
    double median = 0, mean = 0, p99 = 0, max = 0;
    std::size_t values = 0;
};
struct Change { // compared with the baseline
    Estimate ratio;
    Estimate difference;
    Direction direction = Direction::Unclear;
    bool paired = false;
    RankTest no_change; // of "no change": signed-rank test if paired, else Mann-Whitney
    // From -1 (fell in every boot) to +1: rank-biserial correlation if paired, else Cliff's delta.
    double effect = 0;
};

// Upper limit for the probability of at least one untrue claim among all claims of a kind in a run.
inline constexpr double family_error = 0.05;
struct Claim {
    double p = 1;        // one-sided
    double adjusted = 1; // by Holm, over the same kind of claim for every bounded (metric, arm)
};
// The rank tests of an expectation that bounds the ratio to the baseline, see bound_tests.h.
struct BoundTest {
    double low = 0, high = 0; // the bounds; low 0 means no lower bound, high infinity no upper one
    // A rate. Else less is better.
    bool higher_is_better = false;
    Claim
        worse; // "beyond the bound on the side that is worse": above `high`, of a rate below `low`
    // "At most `high`", and "at least `low`", as far as there are such bounds (the larger p).
    Claim holds;
    // "Beyond the bound on the side that is better", or if there is none "on that side of 1".
    Claim better;
    double min_p = 0;       // the smallest p that is possible with this number of boots
    std::size_t family = 0; // number of comparisons corrected for
};

struct ArmMetric {
    std::string arm;
    std::vector<BootValue> boots;
    // nullopt if there is no boot, or if at least one boot lacks this metric.
    std::optional<Spread> spread;
    std::optional<Pooled> pooled; // latencies only
    // nullopt for the baseline, and if a side has no spread.
    std::optional<Change> change;
    std::optional<BoundTest> test; // only if a bound is declared
    std::string declared;          // describes the expectation; empty if this arm has none
    Verdict verdict = Verdict::NotJudged;
    bool suspicious = false; // undecided, but other observations contradict the expectation
    std::string why;         // "boot 3: 12, want 0"
};

struct MetricResult {
    MetricInfo info;
    std::vector<ArmMetric> arms; // in the order of the spec
};

// Whether any boot of any arm has a value other than 0. An exact 0 everywhere does not count as
// held, since nothing shows that the metric can be seen.
bool ever_seen(const MetricResult& metric);
// Whether an undecided expectation looks broken: the estimate itself is beyond the bound, or other
// observations contradict the expectation. Makes a run inconclusive.
bool doubtful(const ArmMetric& arm);

struct Comparison {
    std::string baseline;
    bool paired = false; // by boot index
    std::vector<MetricResult> metrics;
    std::vector<ArmChecks> checks;
    std::vector<ArmSplats> splats;                                  // the splats of all arms
    unsigned held = 0, failed = 0, undecided = 0, inconclusive = 0; // judged (metric, arm) pairs
    // As declared, but 0 in every boot of every arm: nothing shows that the metric can be seen. Not
    // counted in `held`.
    unsigned unseen = 0;
    // How many of the undecided pairs are doubtful().
    unsigned doubtful = 0;
    Exit exit = Exit::Inconclusive;
    std::string closing; // the overall verdict in one line of at most 100 bytes

    const MetricResult* find(std::string_view metric) const;
};

} // namespace rig
