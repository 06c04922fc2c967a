// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/bisector.h"

#include "rig/bisect/bisect_spec.h"
#include "rig/bisect/bisect_text.h"
#include "rig/bisect/run_bisection.h"

#include <fmt/format.h>
#include <utility>

namespace rig {

BisectFinding finding_of(const BisectRecord& record, const std::filesystem::path& folder) {
    const auto& b = record.bisection;
    BisectFinding out;
    out.text = bisect_text(record, folder.string(), Colour::No);
    out.log = folder;
    for (const auto& one : b.first_bad)
        out.candidates.push_back(one.name);
    out.found = b.found();
    if (out.found) return out;
    out.why_not =
        !b.refused.empty()
            ? b.refused
            : fmt::format("{} commits cannot be told apart: what lies between is untestable",
                          b.first_bad.size());
    return out;
}

Bisector nightly_bisector(ExperimentOptions options, const Environment& environment,
                          std::function<void(const std::string&)> say, std::stop_token stop) {
    return [options = std::move(options), &environment, say = std::move(say),
            stop](const BisectRequest& request) -> Result<BisectFinding> {
        BisectCommandOptions line;
        line.spec = request.spec;
        line.repository = request.repository;
        line.base = request.base;
        line.good = request.good;
        line.bad = request.bad;
        line.metric = request.metric.empty() ? kVerdictMetric : request.metric;
        if (!request.metric.empty()) line.arm = request.arm;
        for (const auto& one : request.overrides)
            line.overrides.set.push_back(one.key + "=" + one.value);
        RIG_TRY(done, run_bisection(line, options, environment, say, stop));
        return finding_of(done.first, done.second);
    };
}

} // namespace rig
