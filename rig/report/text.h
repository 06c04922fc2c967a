// SPDX-License-Identifier: GPL-2.0-or-later
// Renders the report as one page of text, at most 100 columns, with the arms side by side. It shows
// what got worse next to what got better.
#pragma once

#include "rig/report/report.h"

#include <string>

namespace rig {

enum class Colour { No, Yes };

// UTF-8; lines end with \n. The last line is the overall verdict.
std::string render_text(const ReportInput& input, Colour colour = Colour::No);

} // namespace rig
