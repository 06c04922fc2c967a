// SPDX-License-Identifier: GPL-2.0-or-later
// Renders the Go benchmark format, which benchstat reads (golang.org/design/14313-benchmark-format;
// golang.org/x/perf/benchfmt, reader.go and units.go): configuration lines "key: value", "Unit ns
// better=lower", and one result line per metric and boot:
//
//   BenchmarkTargetLatency/arm=reviewed-4 1 15998012 ns
//
// `benchstat -col /arm` then shows the arms side by side. 4 is the number of vCPUs, 1 the number of
// iterations: a boot is one observation. Boots are those of the verdicts: no warm-up boots, and no
// value for a boot that lacks the metric. `injections` and `predicted_sync` are left out, since
// they are the load and a number computed from it. The configuration lines include the verdict, and
// `faults` if faults were injected, because benchstat knows no validity checks, and its p-value is
// neither paired by seed nor corrected for the number of metrics. Pure.
#pragma once

#include "rig/report/report.h"

#include <string>
#include <vector>

namespace rig {

std::string render_benchstat(const ReportInput& input, const std::vector<Sample>& samples);

} // namespace rig
