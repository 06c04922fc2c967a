// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/bisect_command.h"

#include "rig/base/scratch_dir.h"
#include "rig/bisect/bisect_history.h"
#include "rig/bisect/bisect_text.h"
#include "rig/workloads/older_names.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace fs = std::filesystem;
namespace {

CommandOutput bisect_output(const BisectRecord& record, const fs::path& dir,
                            const CommonOptions& common) {
    const auto folder = fs::proximate(dir).string();
    const auto exit = exit_of(record.bisection);
    if (common.json)
        return {bisect_json(record, folder)
                        .dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                    "\n",
                exit};
    return {bisect_text(record, folder, common.colour ? Colour::Yes : Colour::No), exit};
}

} // namespace

Result<CommandOutput> bisect_command(const BisectCommandOptions& line, const CommonOptions& common,
                                     const Environment& environment,
                                     const std::function<void(const std::string&)>& say,
                                     std::stop_token stop) {
    if (!line.log.empty()) {
        RIG_TRY(again, replay_log(line.log, environment.runner));
        return bisect_output(again, line.log, common);
    }
    if (line.spec.empty() || line.metric.empty())
        return fail(FaultDomain::Spec, "rig bisect: want SPEC and --metric, or --log DIR");
    auto newer = line;
    newer.metric = older::metric(line.metric);
    RIG_TRY(done,
            run_bisection(
                newer,
                {common.results, common.jobs, {}, false, common.disk_budget_mib << 20, common.warn},
                environment, say, stop));
    return bisect_output(done.first, done.second, common);
}

} // namespace rig
