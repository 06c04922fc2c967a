// SPDX-License-Identifier: GPL-2.0-or-later
// The input of all report formats as plain data, so that text, JSON and HTML use the same facts.
#pragma once

#include "rig/analysis/comparison.h"
#include "rig/analysis/line_evidence.h"
#include "rig/analysis/profile_change.h"
#include "rig/guest_output/sample.h"
#include "rig/results/run_info.h"
#include "rig/spec/spec.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// How many functions text and HTML reports list by name; the others are one sum.
inline constexpr std::size_t shown_functions = 6;

// IPIs that call one function; statistics over boots, where a boot without such IPIs counts as 0.
struct FunctionRow {
    std::string function;
    // In the order of the spec; nullopt: the arm has no boot.
    std::vector<std::optional<Spread>> arms;
};

struct ReportInput {
    RunInfo run;
    Spec spec;
    Comparison comparison;
    // csd functions other than the sync function, most frequent first.
    std::vector<FunctionRow> functions;
    // The sum, per boot, of the functions beyond the first shown_functions.
    std::optional<FunctionRow> rest;
    // What a reader must know besides the figures: torn lines, clock differences, drift, loose
    // bounds and the like.
    std::vector<std::string> warnings;
    std::string run_dir; // as the reader would type it: "results/<run-id>"
    LineEvidence lines;  // how often the changed lines ran
    // If the boots were profiled and add_profile() was called (report/profile_report.h).
    std::optional<ProfileComparison> profile = {};
};

// Runs the validity checks and the comparison on raw samples. The only way to a report, both for a
// run that just ended and for `rig report RUN`.
ReportInput assemble(const Spec& spec, const RunInfo& run, const std::vector<Sample>& samples,
                     std::vector<std::string> warnings, std::string run_dir,
                     LineEvidence lines = {});

} // namespace rig
