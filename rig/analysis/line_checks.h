// SPDX-License-Identifier: GPL-2.0-or-later
// The validity checks from counted instructions: the changed lines ran while the workload did, and
// the plugin counted the same entries of functions as perf. Internal to prove(). Pure.
#pragma once

#include "rig/analysis/validity_check.h"

#include <string>
#include <vector>

namespace rig {

// Appends `changed_lines` and `entries_reconcile` to `checks`.
//
// `changed_lines` holds for a pair of arms if, in each pass of each boot, a changed line of this
// arm ran (target.lines = "any") or all that have instructions did ("all"). Where a hunk leaves
// this arm no instructions of its own, because it only adds or only removes lines, instructions
// next to it count instead, in the function in which the other arm has the changed lines; with
// "all" only if no hunk leaves it any. Execution at boot, in the agent or in perf's start does not
// count.
//
// Without lines to count (an older run, KVM, lines that could not be mapped) an arm with a marker
// has no such check, since the marker proves the same; without a marker the check fails and says
// why.
void check_lines(const ArmEvidence& evidence, const Boots& boots,
                 std::vector<ValidityCheck>& checks);

// Which lines of a map show that the change of this pair of arms ran. Indices of map.lines.
struct ShowingLines {
    std::vector<std::size_t> changed; // lines of this arm that the other does not have
    // For each hunk without such lines: the nearest lines before and behind it, ascending, in the
    // function in which `other` has changed lines. All of a hunk have to run: they did if the place
    // between them did, but for what a branch can pass over. Or the first one has to run, and in
    // `other` a changed line of this hunk.
    std::vector<std::vector<std::size_t>> borders;
    bool empty() const { return changed.empty() && borders.empty(); }
};
// `other`: the same pair seen from the other arm; nullptr: not known, so that no border shows it.
ShowingLines showing_lines(const ArmLineMap& own, const ArmLineMap* other);

// Which of the maps of its arm this one is, and so which of the lists in BootLines::lines.
std::size_t place_among(const LineEvidence& lines, const ArmLineMap& map);

// How the lines of an arm ran, over its boots, for one pair of arms. For reports.
struct LineSummary {
    std::size_t changed = 0;              // lines of this arm that the other does not have
    std::size_t with_code = 0;            // of these, with instructions that can be counted
    std::size_t ran = 0;                  // of these, in both passes of every boot
    std::vector<std::string> did_not_run; // "mm/mmu_gather.c:341", ascending
};
LineSummary summary_of(const LineEvidence& lines, const ArmLineMap& map);

} // namespace rig
