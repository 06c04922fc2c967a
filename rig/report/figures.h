// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers as people read them. Shared by the reports for people. Pure.
#pragma once

#include "rig/analysis/comparison.h"

#include <string>

namespace rig {

// "240", "43.1 µs", "32.0 ms": three significant digits for times, whole counts in full.
std::string figure(double value, Unit unit);
// Counts that vary over boots as "236..244"; times as the median over boots.
std::string spread_figure(const Spread& spread, Unit unit);
// A ratio: "+4.9 %", "−100 %", "×743", "÷350". Never rounded to no change or to −100 %. Infinity:
// "from 0".
std::string factor(double ratio);
// "×743 [×701, ×799]", or "+12 [+10, +14]" where the baseline is zero; "(no interval at n = 4)"
// where there is none.
std::string change_figure(const Change& change, Unit unit);
// "✔ as declared", "✘ broken", "? undecided"; for what is not judged "rose (not judged)".
std::string verdict_figure(const ArmMetric& arm);
const char* mark(Verdict verdict); // "✔", "✘", "?" or ""

} // namespace rig
