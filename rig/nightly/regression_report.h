// SPDX-License-Identifier: GPL-2.0-or-later
// The part of a night's message that can be pasted into a report to the authors of a change. Pure.
#pragma once

#include "rig/nightly/incidents.h"
#include "rig/run_index/run_record.h"

#include <string>
#include <vector>

namespace rig {

// What the report says of a run. `figures` are those of the metric that failed, in `arms`; none if
// `expectation` is no metric of the run.
SeenIn seen_in(const RunRecord& run, const std::string& expectation,
               const std::vector<std::string>& arms);

// "#regzbot introduced: COMMIT" with the commit that a search named; with the range GOOD..BAD if it
// named none or several and both ends are known; "" if neither is.
std::string regzbot_line(const Culprit& cause);

// Range, figures, the command that makes the run again, whether faults were injected, and the line
// for regzbot. At most 72 columns; the command is broken with backslashes. "" for what is no
// regression or is no longer open.
std::string regression_report(const Incident& incident);

} // namespace rig
