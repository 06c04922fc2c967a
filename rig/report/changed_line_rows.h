// SPDX-License-Identifier: GPL-2.0-or-later
// The part of a report about the changed lines: which of them ran, and how often.
#pragma once

#include "rig/report/report.h"
#include "rig/report/splats.h"

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// Executions over the boots of an arm.
struct CountRange {
    std::uint64_t low = 0, high = 0;
};
// "80", "78..82".
std::string text_of(const CountRange& range);

// A line with instructions.
struct ChangedLineRow {
    const MappedLine* line = nullptr;
    // Of each pass; nullopt: no boot counted it.
    std::optional<CountRange> count_pass, latency_pass;
    bool ran = false; // in both passes of every boot
};

// One arm's lines that another arm does not have.
struct ChangedLinesOfArm {
    std::string arm, against;
    std::string headline;             // "5 of 6 changed lines ran; mm/gup.c:341 did not"
    std::vector<ChangedLineRow> rows; // by file and line; of lines next to the change only if the
                                      // arm has no other
    std::string without_code;         // "13 comment, 2 blank"; "": all lines have instructions
};

// In the order of the arms. Views of `input`.
std::vector<ChangedLinesOfArm> changed_lines_of(const ReportInput& input);

// The text report's section, with its heading; empty if the run has no counted lines and no reason.
// At most `most` rows of an arm; the JSON report has all.
std::vector<ReportLine> changed_line_lines(const ReportInput& input, std::size_t most = 12);

// {"why_not": TEXT, "arms": [...]}; every line with its reason and its counts over the boots.
nlohmann::json changed_lines_json(const ReportInput& input);

} // namespace rig
