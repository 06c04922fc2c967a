// SPDX-License-Identifier: GPL-2.0-or-later
// Compares the profiles of the arms: which functions and programs explain the difference in
// executed instructions, by window. Boots of one index share their seed and are paired. Pure.
#pragma once

#include "rig/base/error.h"
#include "rig/profile/profile.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct BootProfile {
    std::string arm;
    unsigned index = 0; // of the boot within its arm
    Profile profile;
};

// Medians over the pairs. The difference is the median of the differences, which need not be the
// difference of the medians.
struct PairedFigure {
    double base = 0, value = 0, difference = 0;
};

struct ProfileChangeRow {
    CodeKind kind = CodeKind::Function;
    std::string name;
    PairedFigure instructions, calls;
    std::vector<double> differences; // of instructions, by pair
};

struct ProfileWindowChange {
    PairedFigure instructions; // all rows
    // Idle time between the first and the last event that perf recorded, ns; nullopt if a boot has
    // no clock for this window.
    std::optional<PairedFigure> idle_ns;
    // The share of the instructions that lies between these two events, the least of all boots;
    // meaningful with idle_ns.
    double covered = 0;
    // Those with a difference in at least one pair: the largest median difference first, whatever
    // its sign; then by name.
    std::vector<ProfileChangeRow> rows;
    std::size_t same = 0; // rows without a difference in any pair
};

struct ArmProfileChange {
    std::string arm;
    std::size_t pairs = 0;
    std::array<ProfileWindowChange, RIG_WINDOWS> windows{};
};

struct ProfileComparison {
    std::string baseline;
    std::vector<ArmProfileChange> arms; // those with at least one pair, in the order given
};

// `arms`: all arms of the experiment, baseline first.
ProfileComparison compare_profiles(const std::vector<std::string>& arms,
                                   const std::vector<BootProfile>& boots);

// The median over the pairs of what the rows from `first` on differ by together.
double together(const ProfileWindowChange& window, std::size_t first);

} // namespace rig
