// SPDX-License-Identifier: GPL-2.0-or-later
// The page of a run, from its folder: what rig/html/report_html.h renders, with the consoles'
// excerpts read and the file written.
#pragma once

#include "rig/base/error.h"
#include "rig/html/report_html.h"

#include <filesystem>
#include <vector>

namespace rig {

inline constexpr std::size_t kExcerptBytes = 64u << 10; // shown of one boot's splats.txt
inline constexpr std::size_t kExcerptsBytes =
    1u << 20; // of all of them together: what does not fit is named with its file

// splats.txt of the boots in which the splats of `input` were first seen, each once. A file that is
// missing is told in its place.
std::vector<SplatExcerpt> read_excerpts(const std::filesystem::path& run, const ReportInput& input);

// What the index of the folder that `run` lies in knows of like runs (sweeps.h), of the newest
// kSiblings; nothing without an index.
inline constexpr unsigned kSiblings = 300;
std::vector<Plot> read_sweeps(const std::filesystem::path& run, const ReportInput& input);

// Replaces `file` as a whole. FaultDomain::Spec if this rig has no assets (nullptr), or if `file`
// names no place for a file; FaultDomain::Host if it cannot be written.
Status write_report_page(const std::filesystem::path& file, const std::filesystem::path& run,
                         const ReportInput& input, const std::vector<Sample>& samples,
                         const WebAssets* assets);

} // namespace rig
