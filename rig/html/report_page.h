// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the page of a run from its folder: reads excerpts of consoles, renders with
// rig/html/report_html.h and writes the file.
#pragma once

#include "rig/base/error.h"
#include "rig/html/report_html.h"

#include <filesystem>
#include <vector>

namespace rig {

inline constexpr std::size_t kExcerptBytes = 64u << 10; // limit for one boot's splats.txt
// Limit for all excerpts together; what exceeds it is cut off (SplatExcerpt::cut).
inline constexpr std::size_t kExcerptsBytes = 1u << 20;

// The files splats.txt of the boots in which the splats of `input` were first seen, each once. For
// a missing file the text is a note about that.
std::vector<SplatExcerpt> read_excerpts(const std::filesystem::path& run, const ReportInput& input);

// Sweeps over similar runs (sweeps.h) among the newest kSiblings in the index of the folder that
// contains `run`. Empty without an index.
inline constexpr unsigned kSiblings = 300;
std::vector<Plot> read_sweeps(const std::filesystem::path& run, const ReportInput& input);

// Replaces `file` atomically. FaultDomain::Spec if this rig has no assets (nullptr), or if no file
// can be at `file`; FaultDomain::Host if it cannot be written.
Status write_report_page(const std::filesystem::path& file, const std::filesystem::path& run,
                         const ReportInput& input, const std::vector<Sample>& samples,
                         const WebAssets* assets);

} // namespace rig
