// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/compare_command.h"

#include "rig/base/files.h"
#include "rig/base/scratch_dir.h"
#include "rig/cli/report_command.h"
#include "rig/experiment/suite_run.h"
#include "rig/report/suite_report.h"
#include "rig/run_index/run_reader.h"
#include "rig/spec/override.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr int kSkip = 125; // for git bisect run: "this commit cannot be tested"

// Runs a suite. The options of the command line apply to every run of it.
Result<CommandOutput> suite_command(const CommandOptions& line, const CommonOptions& common,
                                    const Environment& environment, std::stop_token stop) {
    RIG_TRY(suite, load_suite(line.spec));
    if (!suite.deprecation.empty() && common.warn) common.warn(suite.deprecation);
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
    for (const auto& id : line.points)
        command.insert(command.end(), {"--point", id});
    if (line.profile) command.push_back("--profile");
    RIG_TRY(result, run_suite(suite, more, environment,
                              {common.results, common.jobs, command, line.fresh,
                               common.disk_budget_mib << 20, common.warn, line.profile},
                              stop));
    if (common.json) return CommandOutput{suite_json(result).dump(2) + "\n", result.exit()};
    return CommandOutput{suite_text(result, common.colour), result.exit()};
}

} // namespace

Result<CommandOutput> compare_command(const CommandOptions& line, const CommonOptions& common,
                                      const Environment& environment, std::stop_token stop) {
    if (is_suite(slurp(line.spec))) return suite_command(line, common, environment, stop);
    if (!line.points.empty())
        return fail(
            FaultDomain::Spec,
            fmt::format("{}: --point, but this is an experiment and no suite with [[point]]",
                        line.spec.string()));
    RIG_TRY(spec, load_and_warn(line.spec, line.overrides, common));
    if (spec.arms.size() < 2)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: one arm, want at least two to compare", spec.file.string()));
    auto command = compare_command_words(spec, line.overrides);
    if (line.profile) command.push_back("--profile");
    RIG_TRY(result, run_experiment(spec, environment,
                                   {common.results, common.jobs, command, line.fresh,
                                    common.disk_budget_mib << 20, common.warn, line.profile},
                                   stop));
    return report_output(result.report, common);
}

int git_bisect_code(Exit exit) {
    return exit == Exit::Pass ? 0 : exit == Exit::Fail ? 1 : kSkip;
}

Result<CommandOutput> verdict_command(const VerdictOptions& line, const CommonOptions& common,
                                      const Environment& environment, std::stop_token stop) {
    using Verdict = std::pair<std::string, Exit>;
    // From here on, a failure is about the commit and not about the request.
    bool asked_well = false;
    const auto verdict = [&]() -> Result<Verdict> {
        std::error_code error;
        if (fs::is_regular_file(line.run, error)) {
            RIG_TRY(spec, load_and_warn(line.run, line.overrides, common));
            if (spec.arms.size() < 2)
                return fail(FaultDomain::Spec,
                            fmt::format("{}: one arm, want at least two to compare", line.run));
            asked_well = true;
            RIG_TRY(result, run_experiment(spec, environment,
                                           {common.results, common.jobs,
                                            compare_command_words(spec, line.overrides), false,
                                            common.disk_budget_mib << 20, common.warn},
                                           stop));
            return Verdict{result.report.comparison.closing, result.report.comparison.exit};
        }
        RIG_TRY(dir, find_run(common.results, line.run));
        asked_well = true;
        const auto record = read_record(dir);
        if (!record.failure.empty() || record.state == "unreadable")
            return fail(record.exit == static_cast<unsigned>(Exit::Fail) ? FaultDomain::Kernel
                                                                         : FaultDomain::Guest,
                        record.failure.empty() ? record.why_not : record.failure, dir);
        return Verdict{record.closing,
                       static_cast<Exit>(
                           std::min(record.exit.value_or(static_cast<unsigned>(Exit::Inconclusive)),
                                    static_cast<unsigned>(Exit::Inconclusive)))};
    }();
    if (!verdict && !line.git_bisect) return tl::unexpected(verdict.error());
    const auto exit = verdict ? verdict->second : exit_for(verdict.error().fault_domain);
    const auto closing =
        verdict ? verdict->first
                : fmt::format("{} fault, which says nothing of what is hunted: {}",
                              name(verdict.error().fault_domain), verdict.error().message);
    CommandOutput out{closing + "\n", exit};
    // Stop after an interrupt, or if the request is wrong for every commit. Otherwise git would
    // skip one commit after the other.
    if (line.git_bisect)
        out.code = !verdict && (stop.stop_requested() || !asked_well) ? kGitBisectStop
                   : verdict                                          ? git_bisect_code(exit)
                                                                      : kSkip;
    if (common.json)
        out.text = nlohmann::json{{"closing", closing},
                                  {"exit", static_cast<int>(exit)},
                                  {"git_bisect", out.code.value_or(git_bisect_code(exit))}}
                       .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
                   "\n";
    return out;
}

} // namespace rig
