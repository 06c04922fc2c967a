// SPDX-License-Identifier: GPL-2.0-or-later
// What a comparison of arms found, as plain data: for each metric and arm the figures, how they
// differ from the baseline's, and the verdict. Values are in the unit of their metric. compare.h
// makes a comparison; whoever only reads or shows one needs this file alone.
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
    AsDeclared,  // exactly the declared value in every boot; a ratio's interval within its bound
    Improved,    // not-worse, falls: the interval lies below zero change
    WithinBound, // not-worse: the interval lies below the bound, but not below zero change
    Unchanged,   // unchanged: the interval lies between both bounds
    Regressed,   // not-worse, unchanged, falls: the interval lies above the bound
    Broken,      // exactly: a boot has another value; may-rise: the interval lies above the bound;
                 // unchanged: below; falls: same
    Undecided, // the interval straddles the bound, there is none at this number of boots, or Holm's
               // correction forbids it
    Inconclusive, // a proof failed, or the samples do not hold the metric
    NotJudged,    // nothing declared
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
struct Change { // against the baseline
    Estimate ratio;
    Estimate difference;
    Direction direction = Direction::Unclear;
    bool paired = false;
    RankTest no_change; // of "nothing changed": signed-rank if paired, else Mann-Whitney
    double effect = 0; // -1 (fell in every boot) .. +1: rank-biserial if paired, else Cliff's delta
};

// The chance of one untrue claim or more among all claims of a kind in a run, at most.
inline constexpr double family_error = 0.05;
struct Claim {
    double p = 1;        // one-sided
    double adjusted = 1; // Holm, over the same claim about every bounded (metric, arm)
};
// Rank tests of an expectation that bounds the ratio to the baseline; see bound_tests.h.
struct BoundTest {
    double low = 0, high = 0; // the bounds; low 0: none below
    Claim worse;              // "above `high`"
    Claim holds; // "at most `high`", and "at least `low`" if there is one (the larger p of the two)
    Claim better;           // "below `low`", or below 1 where there is none
    double min_p = 0;       // that any data could give at this number of boots
    std::size_t family = 0; // comparisons corrected for
};

struct ArmMetric {
    std::string arm;
    std::vector<BootValue> boots;
    std::optional<Spread>
        spread; // nullopt: at least one boot does not hold this metric (or there is no boot)
    std::optional<Pooled> pooled;  // latencies only
    std::optional<Change> change;  // nullopt for the baseline and where a side has no spread
    std::optional<BoundTest> test; // only where a bound is declared
    std::string declared;          // the expectation in words, empty if there is none for this arm
    Verdict verdict = Verdict::NotJudged;
    bool suspicious = false; // undecided, and what was seen speaks against it
    std::string why;         // "boot 3: 12, want 0"
};

struct MetricResult {
    MetricInfo info;
    std::vector<ArmMetric> arms; // in the spec's order
};

// Was it anything but 0 in any boot of any arm? An exact 0 everywhere does not count as held:
// nothing shows that it can be seen.
bool ever_seen(const MetricResult& metric);
// Of an undecided one: the estimate itself is beyond what is declared, or what was seen speaks
// against it. Makes a run inconclusive.
bool doubtful(const ArmMetric& arm);

struct Comparison {
    std::string baseline;
    bool paired = false; // by boot index
    std::vector<MetricResult> metrics;
    std::vector<ArmChecks> checks;
    std::vector<ArmSplats> splats; // what the kernels complained of
    unsigned held = 0, failed = 0, undecided = 0, inconclusive = 0; // judged (metric, arm) pairs
    unsigned unseen = 0; // as declared, but 0 in every boot of every arm: nothing shows that it can
                         // be seen at all. Not in `held`
    unsigned doubtful =
        0; // of the undecided: the estimate itself is beyond what is declared, or suspicious
    Exit exit = Exit::Inconclusive;
    std::string closing; // the overall verdict in one line of at most 100 bytes

    const MetricResult* find(std::string_view metric) const;
};

} // namespace rig
