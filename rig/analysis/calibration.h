// SPDX-License-Identifier: GPL-2.0-or-later
// Does rig find what is there, and keep quiet where nothing is? From the boots of one run: a
// baseline, the same image once more under the name of replay_of(), and arms whose cost was
// planted. Pure.
//
// Replays (virtual clock): both boots of a seed must be the same byte for byte, in every figure.
// False alarms: comparisons of the baseline with itself, each of two halves drawn at random from
// its boots. Every alarm is
//   false. The draws share boots, so they are not independent, and the interval given is narrower
//   than it should be.
// Detections: each planted arm against the baseline, on boots drawn at random in the same way.
#pragma once

#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"
#include "rig/stats/estimate.h"

#include <optional>
#include <string>
#include <vector>

namespace rig {

// The arm that boots the baseline's image again, right behind it.
std::string replay_of(const std::string& arm);
Spec with_replay(Spec spec);

struct CalibrationOptions {
    unsigned boots = 16; // per side of a comparison: at eight, one boot apart from the rest hides
                         // an effect, at twelve two
    unsigned comparisons = 200; // of each kind
    std::uint64_t seed = 1;     // of the draws
};

struct Rate {
    std::size_t hits = 0, trials = 0;
    Interval interval; // Clopper and Pearson's
};
struct AlarmRate {
    std::string metric;
    Rate rate;
    double nominal = 0; // the chance that the interval of an unchanged metric without ties misses
                        // "no change" at this n
    bool too_high() const { return rate.interval.low > nominal; }
};
struct Detection {
    std::string arm, metric;
    Estimate ratio, difference; // over all boots
    Rate rose, fell;            // comparisons whose interval lies above, below no change
};
struct Replays {
    std::size_t pairs = 0, identical = 0;
    std::string first; // what differs first: "boot 3: /counts/sync_ipis"
};
struct Calibration {
    std::string clock;
    bool paired = false;
    unsigned boots = 0;
    std::size_t pool = 0;           // boots of the baseline that are drawn from
    std::optional<Replays> replays; // virtual clock only
    std::vector<AlarmRate> alarms;
    Rate family; // comparisons with an alarm in any metric after Holm's correction; nominal:
                 // family_error
    std::vector<Detection> detections;
    Exit exit()
        const; // AsExpected, or Broken: a replay differs, or false alarms are beyond their nominal
};

// FaultDomain::Spec if there are too few boots: at least twice as many of the baseline as a side
// takes.
Result<Calibration> calibrate(const Spec& spec, const std::vector<Sample>& samples,
                              const CalibrationOptions& options);

} // namespace rig
