// SPDX-License-Identifier: GPL-2.0-or-later
// Formats numbers for human readers. Shared by text and HTML reports. Pure.
#pragma once

#include "rig/analysis/comparison.h"

#include <string>

namespace rig {

// "240", "43.1 µs", "32.0 ms", "12.3/s": times and rates have three significant digits, rates from
// 1000 on are whole, counts are not rounded.
std::string figure(double value, Unit unit);
// A count that varies over boots: "236..244". A time or a rate: its median over boots.
std::string spread_figure(const Spread& spread, Unit unit);
// A ratio: "+4.9 %", "−100 %", "×743", "÷350". Never rounded to "no change" or to −100 %. Infinity:
// "from 0".
std::string factor(double ratio);
// "×743 [×701, ×799]", or "+12 [+10, +14]" if the baseline is zero; "(no interval at n = 4)" if
// there is no interval.
std::string change_figure(const Change& change, Unit unit);
// "✔ as declared", "✘ broken", "? undecided"; "rose (not judged)" if nothing is declared.
std::string verdict_figure(const ArmMetric& arm);
const char* mark(Verdict verdict); // "✔", "✘", "?" or ""

} // namespace rig
