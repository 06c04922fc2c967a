// SPDX-License-Identifier: GPL-2.0-or-later
// KTAP version 1 as defined by the kernel's Documentation/dev-tools/ktap.rst and read by its parser
// (tools/testing/kunit/kunit_parser.py). The first test is the run, then one follows for each arm,
// with its validity checks, expectations, splats and failed attempts as subtests. Outcomes become:
//
// - Held: ok.
// - Broken: not ok.
// - Missed, and Unproven except for expectations and splats: not ok # ERROR. The test itself was
//   not carried out. A parser that does not know this directive counts a failure, not a pass.
// - Unproven expectations and splats, NotRun, Doubtful, Undecided, Unseen: not ok # SKIP. Neither a
//   pass nor a failure of the kernel. If the run as a whole is inconclusive, its own test "verdict"
//   has ERROR.
// - NotJudged, MadeAgain: ok # SKIP.
//
// Lines "# ..." before a result have the figures. The last line, "# Totals: pass:N fail:N xfail:0
// xpass:0 skip:N error:N", has kselftest's format; the kernel's parser counts its errors as failed.
// Pure.
#pragma once

#include "rig/export/checks.h"

#include <string>

namespace rig {

std::string render_ktap(const ReportInput& input, const std::vector<FaultRecord>& faults);

// Text for a description or a diagnostic: one line without '#', which begins a directive, and
// without the messages at which the kernel's parser stops reading ("reboot: System halted" and two
// others). Console text may contain both.
std::string ktap_text(std::string_view text);

} // namespace rig
