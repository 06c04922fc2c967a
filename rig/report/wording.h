// SPDX-License-Identifier: GPL-2.0-or-later
// Texts that the text and the HTML report share, apart from layout. Plain text, not escaped.
#pragma once

#include "rig/report/report.h"

#include <string>
#include <vector>

namespace rig {

// "✔", "✘" or "?", for the closing line.
const char* closing_mark(const Comparison& comparison);
// Whether every validity check passed. If not, figures are shown but not judged.
bool all_checks_passed(const Comparison& comparison);
bool anything_measured(const Comparison& comparison);

// "kernel 6.12.117, virtual clock on tcg, 4 vCPUs, 8 boots per arm, seed 1".
std::string conditions(const ReportInput& input);

// What a reader must know beside a rate: under the virtual clock, that a rise is no parallel
// speed-up; else "". Also "" for metrics that are no rates.
std::string rate_caveat(const Comparison& comparison, const MetricInfo& metric);

// The metrics of an arm, grouped by their change against the baseline: "target latency ×3632
// (declared: at most ×7500)".
struct Movement {
    std::vector<std::string> fell, rose, same, unclear;
    std::vector<std::string> rates_fell, rates_rose; // of these more is better
};
Movement movement(const ReportInput& input, std::size_t arm);

// One text for each expectation that does not hold or is undecided: its mark, what was declared,
// and why.
std::vector<std::string> open_expectations(const Comparison& comparison);

// The kernel options that the arm sets for itself: "A=y B=n"; "" if none.
std::string options_text(const Arm& arm);

// What the validity checks show, and what they do not show ("" if there is nothing to add).
struct ChecksClaim {
    std::string claim, caveat;
};
ChecksClaim checks_claim(const ReportInput& input);

// Patches by purpose. `own` has one list per entry of run.kernels; `shared` has the prerequisites,
// which every arm gets.
struct PatchLists {
    std::vector<std::vector<std::string>> own;
    std::vector<std::string> shared;
};
PatchLists patch_lists(const ReportInput& input);

// How the run was measured: intervals, warm-up, seeds, the experiment's own metrics, versions,
// time.
struct MethodEntry {
    std::string label, text;
};
// How the boots were distributed over the host's CPUs; "" if the run does not record it.
std::string cpu_allocation_text(const RunInfo& run);
std::vector<MethodEntry> method_entries(const ReportInput& input);
// The path of the raw data.
std::string raw_data(const ReportInput& input);

// Describes the injected faults: where, in which function, and how often in a boot of the arm (""
// for all arms): "with injected faults: fail_page_alloc in f(), 80 a boot in ipi". Empty for a run
// without faults. With `of_boot` it describes one boot that gave no sample, and says that the
// number is unknown.
std::string injected_faults(const ReportInput& input, const std::string& arm, bool of_boot = false);

// The word for a shell, quoted if necessary.
std::string shell_word(const std::string& word);

} // namespace rig
