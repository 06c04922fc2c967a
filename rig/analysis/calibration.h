// SPDX-License-Identifier: GPL-2.0-or-later
// Measures how often rig reports a change where there is none, and how often it detects a known
// one. Uses the boots of one run: a baseline, the same image again as arm replay_of(), and arms
// with injected costs. Pure.
//
// Replays (virtual clock): both boots of a seed must be equal byte for byte.
//
// False alarms: the baseline is compared with itself, each time in two halves drawn at random from
// its boots. Every alarm is false. The draws share boots, so they are not independent, and the
// reported interval is narrower than it should be.
//
// Detections: each arm with an injected cost is compared with the baseline, on boots drawn at
// random in the same way.
#pragma once

#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"
#include "rig/stats/estimate.h"

#include <optional>
#include <string>
#include <vector>

namespace rig {

// The arm that boots the baseline's image again, directly after each baseline boot.
std::string replay_of(const std::string& arm);
Spec with_replay(Spec spec);

struct CalibrationOptions {
    // Per side of a comparison. With eight boots, one outlier hides an effect; with twelve boots,
    // two do.
    unsigned boots = 16;
    unsigned comparisons = 200; // comparisons of each kind
    std::uint64_t seed = 1;     // seed of the draws
};

struct Rate {
    std::size_t hits = 0, trials = 0;
    Interval interval; // by Clopper and Pearson
};
struct AlarmRate {
    std::string metric;
    Rate rate;
    // The probability that, with this number of boots, the interval of an unchanged metric without
    // ties misses "no change".
    double nominal = 0;
    bool too_high() const { return rate.interval.low > nominal; }
};
struct Detection {
    std::string arm, metric;
    Estimate ratio, difference; // over all boots
    Rate rose, fell; // share of comparisons whose interval lies above or below "no change"
};
struct Replays {
    std::size_t pairs = 0, identical = 0;
    std::string first; // the first difference: "boot 3: /counts/sync_ipis"
};
struct Calibration {
    std::string clock;
    bool paired = false;
    unsigned boots = 0;
    std::size_t pool = 0;           // number of baseline boots to draw from
    std::optional<Replays> replays; // virtual clock only
    std::vector<AlarmRate> alarms;
    // Comparisons with an alarm in any metric after Holm's correction; their nominal rate is
    // family_error.
    Rate family;
    std::vector<Detection> detections;
    // Fail if a replay differs or if false alarms exceed their nominal rate, else Pass.
    Exit exit() const;
};

// FaultDomain::Spec if there are too few boots: the baseline needs at least twice as many as one
// side of a comparison.
Result<Calibration> calibrate(const Spec& spec, const std::vector<Sample>& samples,
                              const CalibrationOptions& options);

} // namespace rig
