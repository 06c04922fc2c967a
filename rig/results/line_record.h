// SPDX-License-Identifier: GPL-2.0-or-later
// How a run's folder keeps its changed lines: `changed-lines.json` has the line maps of the arms,
// and the folder of each boot the counters file of the plugin (boot/counts_file.h). At the end of
// the run `line-counts.json` gets what these files say of the lines, so that the run can be judged
// without the folders of its boots (rig prune removes them).
#pragma once

#include "rig/analysis/line_evidence.h"
#include "rig/base/error.h"
#include "rig/base/json_reader.h"
#include "rig/guest_output/sample.h"

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace rig {

inline constexpr const char* kLinesFile = "changed-lines.json";
inline constexpr const char* kLineCountsFile = "line-counts.json";

// Without the boots. Round-trips exactly. Errors are FaultDomain::Host, "FILE: what was found, want
// what".
nlohmann::json to_json(const LineEvidence& lines);
Result<LineEvidence> line_evidence_from_json(const nlohmann::json& json, const std::string& file);

nlohmann::json to_json(const BootLines& boot);
Result<BootLines> boot_lines_from_json(JsonReader reader);

// Writes changed-lines.json; `lines.boots` is left out.
Status save_lines(const std::filesystem::path& run, const LineEvidence& lines);
// Writes `lines.boots` into line-counts.json.
Status save_line_counts(const std::filesystem::path& run, const LineEvidence& lines);

// Reads changed-lines.json and the counts of these boots: from the counters file of each, or from
// line-counts.json. A run without changed-lines.json has no lines (older runs). A boot without
// counts, or with counts that cannot be read, has the reason in BootLines::why_not.
Result<LineEvidence> load_lines(const std::filesystem::path& run,
                                const std::vector<Sample>& samples);

} // namespace rig
