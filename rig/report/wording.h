// SPDX-License-Identifier: GPL-2.0-or-later
// What the reports for people say in words, apart from its layout: text and page cannot differ in
// it. Plain text, not escaped.
#pragma once

#include "rig/report/report.h"

#include <string>
#include <vector>

namespace rig {

// "✔", "✘" or "?", for the closing line.
const char* closing_mark(const Comparison& comparison);
// Does every proof hold? Without that figures are shown, not judged.
bool all_checks_passed(const Comparison& comparison);
bool anything_measured(const Comparison& comparison);

// "kernel 6.12.117, virtual clock on tcg, 4 vCPUs, 8 boots per arm, seed 1".
std::string conditions(const ReportInput& input);

// The metrics of an arm by how they moved against the baseline: "target latency ×3632 (declared: at
// most ×7500)".
struct Movement {
    std::vector<std::string> fell, rose, same, unclear;
};
Movement movement(const ReportInput& input, std::size_t arm);

// One text for each expectation that does not hold or is not decided, with its mark, what was
// declared and why.
std::vector<std::string> open_expectations(const Comparison& comparison);

// What the proofs are proofs of, and what they do not show ("" if there is nothing to add).
struct ChecksClaim {
    std::string claim, caveat;
};
ChecksClaim checks_claim(const ReportInput& input);

// Patches by what they are for. `own`: of each of run.kernels; `shared`: enabling ones, which every
// arm gets.
struct PatchLists {
    std::vector<std::vector<std::string>> own;
    std::vector<std::string> shared;
};
PatchLists patch_lists(const ReportInput& input);

// How it was measured: intervals, warm-up, seeds, the experiment's own metrics, versions, time.
struct MethodEntry {
    std::string label, text;
};
// How its boots were laid out on the host; "" of a run that does not say.
std::string cpu_allocation_text(const RunInfo& run);
std::vector<MethodEntry> method_entries(const ReportInput& input);
// Where the raw data lies.
std::string raw_data(const ReportInput& input);

// As a shell takes it: quoted where need be.
std::string shell_word(const std::string& word);

} // namespace rig
