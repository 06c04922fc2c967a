#include "rig/commands.h"

#include "rig/cli/report_command.h"
#include "rig/files.h"
#include "rig/report/suite_report.h"
#include "rig/spec_override.h"
#include "rig/suite_run.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

// The command line's say, for every run of a suite.
Result<CommandOutput> suite_command(const CommandLine& line, const CommonOptions& common, const World& world, std::stop_token stop) {
    RIG_TRY(suite, load_suite(line.spec));
    const auto& o = line.overrides;
    std::vector<SpecOverride> more;
    if (o.boots) more.push_back({"guest.boots", std::to_string(*o.boots)});
    if (o.vcpus) more.push_back({"guest.vcpus", std::to_string(*o.vcpus)});
    if (o.seed) more.push_back({"guest.seed", std::to_string(*o.seed)});
    if (o.clock) more.push_back({"guest.clock", *o.clock});
    for (const auto& text : o.set) {
        RIG_TRY(one, parse_override(text));
        more.push_back(one);
    }
    RIG_CHECK(keep_points(suite, line.points));
    auto command = reproduce(suite.file, suite.top, o);
    for (const auto& id : line.points) command.insert(command.end(), {"--point", id});
    RIG_TRY(result, run_suite(suite, more, world, {common.results, common.jobs, command, line.fresh, common.disk_budget_mib << 20, common.warn}, stop));
    if (common.json) return CommandOutput{suite_json(result).dump(2) + "\n", result.exit()};
    return CommandOutput{suite_text(result, common.colour), result.exit()};
}

} // namespace

Result<CommandOutput> compare_command(const CommandLine& line, const CommonOptions& common, const World& world, std::stop_token stop) {
    if (is_suite(slurp(line.spec))) return suite_command(line, common, world, stop);
    if (!line.points.empty()) return fail(Blame::Spec, fmt::format("{}: --point, but this is an experiment and no suite with [[point]]", line.spec.string()));
    RIG_TRY(spec, load_with_overrides(line.spec, line.overrides));
    if (spec.arms.size() < 2) return fail(Blame::Spec, fmt::format("{}: one arm, want at least two to compare", spec.file.string()));
    RIG_TRY(result, run_experiment(spec, world, {common.results, common.jobs, compare_command_words(spec, line.overrides), line.fresh, common.disk_budget_mib << 20, common.warn}, stop));
    return report_output(result.report, common);
}

} // namespace rig
