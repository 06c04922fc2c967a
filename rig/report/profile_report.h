// SPDX-License-Identifier: GPL-2.0-or-later
// Shows the comparison of profiles: which functions explain the difference in instructions. Text
// and JSON have the same rows.
#pragma once

#include "rig/report/report.h"

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rig {

// Rows of each window in `rig explain RUN profile`, and in the report.
inline constexpr std::size_t kExplainedRows = 40;
inline constexpr std::size_t kReportedRows = 10;

// The profiles of the judged boots, compared. FaultDomain::Spec if no two boots of one seed are
// profiled; FaultDomain::Host if a profile cannot be read.
Result<ProfileComparison> profile_of(const ReportInput& input, const std::filesystem::path& run_dir,
                                     const std::vector<Sample>& samples);

// Adds the comparison to a report if boots were profiled. Profiles that cannot be read become a
// warning, because the report's verdicts do not use them.
void add_profile(ReportInput& input, const std::filesystem::path& run_dir,
                 const std::vector<Sample>& samples);

// At most `rows` rows for each arm and window; the others are one line.
std::string profile_text(const ProfileComparison& comparison, std::size_t rows);
// The same for the report: without the rest of the boot; empty if there is no profile.
std::string profile_section(const ReportInput& input);
// All rows.
nlohmann::json profile_json(const ProfileComparison& comparison);

} // namespace rig
