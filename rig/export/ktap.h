// SPDX-License-Identifier: GPL-2.0-or-later
// KTAP version 1, as Documentation/dev-tools/ktap.rst of the kernel defines it and its parser
// (tools/testing/kunit/kunit_parser.py) reads it: the first test is the run, then one for each arm,
// with its proofs, expectations, splats and failed attempts as subtests.
//
//   Held                                             ok
//   Broken                                           not ok
//   Unproven (but an expectation), Missed            not ok # ERROR: the test itself was not
//   carried out. A parser that does not know
//                                                    the directive counts a failure, not a pass
//   an expectation Unproven; NotRun, Doubtful,       not ok # SKIP: never a pass, nor the kernel's
//   failure. That the run as a whole is Undecided, Unseen inconclusive, where it is, its own test
//   "verdict" says by ERROR NotJudged, MadeAgain                             ok # SKIP
//
// Lines "# ..." before a result carry the figures. The last line, "# Totals: pass:N fail:N xfail:0
// xpass:0 skip:N error:N", is kselftest's; the kernel's parser counts its errors as failed. Pure.
#pragma once

#include "rig/export/checks.h"

#include <string>

namespace rig {

std::string render_ktap(const ReportInput& input, const std::vector<FaultRecord>& faults);

// For a description or a diagnostic: one line without '#', which begins a directive, and without
// the words at which the kernel's parser stops reading ("reboot: System halted" and two others);
// console text may hold them.
std::string ktap_text(std::string_view text);

} // namespace rig
