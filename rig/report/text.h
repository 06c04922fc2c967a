// SPDX-License-Identifier: GPL-2.0-or-later
// One page for people, at most 100 columns, arms side by side. What got worse stands beside what
// got better.
#pragma once

#include "rig/report/report.h"

#include <string>

namespace rig {

enum class Colour { No, Yes };

// UTF-8, lines end with \n. The last line is the overall verdict.
std::string render_text(const ReportInput& input, Colour colour = Colour::No);

} // namespace rig
