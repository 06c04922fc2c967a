// SPDX-License-Identifier: GPL-2.0-or-later
// What every report is rendered from: plain data, so that text, JSON and later formats cannot
// differ in what they know.
#pragma once

#include "rig/analysis/comparison.h"
#include "rig/guest_output/sample.h"
#include "rig/results/run_info.h"
#include "rig/spec/spec.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// How many functions the reports for people list by name; the rest is one sum.
inline constexpr std::size_t shown_functions = 6;

// IPIs that call one function, over boots (0 where a boot had none).
struct FunctionRow {
    std::string function;
    std::vector<std::optional<Spread>> arms; // in the spec's order; nullopt: the arm has no boot
};

struct ReportInput {
    RunInfo run;
    Spec spec;
    Comparison comparison;
    std::vector<FunctionRow>
        functions; // csd functions other than the sync function, most frequent first
    std::optional<FunctionRow> rest; // the boot-wise sum of those beyond the first shown_functions
    std::vector<std::string> warnings; // store's (torn line), clock disagreement
    std::string run_dir;               // as the reader should type it: "results/<run-id>"
};

// Proves, compares and collects: the one way from raw samples to a report, for a run that just
// ended and for `rig report RUN` alike.
ReportInput assemble(const Spec& spec, const RunInfo& run, const std::vector<Sample>& samples,
                     std::vector<std::string> warnings, std::string run_dir);

} // namespace rig
