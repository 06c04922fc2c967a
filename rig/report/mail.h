// SPDX-License-Identifier: GPL-2.0-or-later
// The answer of one run as plain text for a reply on a mailing list: at most 72 columns, with what
// a reviewer asks for first. Pure.
#pragma once

#include "rig/report/report.h"

#include <cstddef>
#include <string>
#include <vector>

namespace rig {

// In this order: the verdict; for each arm what got worse and what got better against the baseline,
// with 95 % intervals and what was declared, what is undecided, what stayed the same; which changed
// lines ran; that faults were injected; kernel splats; kernel, QEMU and patches; the command that
// makes the run again. Without passed validity checks figures are not compared, and the text says
// so. Only the lines of the command are not wrapped at blanks: they end in a backslash.
std::string render_mail(const ReportInput& input);

inline constexpr std::size_t kMailColumns = 72;

// A command as it is typed, on lines of at most kMailColumns that end in a backslash but for the
// last.
std::string command_lines(const std::vector<std::string>& words);

} // namespace rig
