// SPDX-License-Identifier: GPL-2.0-or-later
// The Go benchmark format, which benchstat reads (golang.org/design/14313-benchmark-format;
// golang.org/x/perf/benchfmt, reader.go and units.go): configuration lines "key: value", "Unit ns
// better=lower", and one result line per metric and boot,
//
//   BenchmarkTargetLatency/arm=reviewed-4 1 15998012 ns
//
// so that `benchstat -col /arm` sets the arms side by side. 4 is the number of vCPUs, 1 the
// iterations: a boot is one observation. Boots are what verdicts are made of: none of the warm-up,
// and no value where a boot does not hold the metric. Left out are `injections` and
// `predicted_sync`: the load, and what was computed from it. The verdict stands in the
// configuration, and `faults` beside it where faults were injected, for benchstat judges no proof:
// its p is neither paired by seed nor corrected for the number of metrics. Pure.
#pragma once

#include "rig/report/report.h"

#include <string>
#include <vector>

namespace rig {

std::string render_benchstat(const ReportInput& input, const std::vector<Sample>& samples);

} // namespace rig
