// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/try_command.h"

#include "rig/base/shipped_files.h"
#include "rig/cli/report_command.h"
#include "rig/plan/schedule.h"
#include "rig/report/json.h"
#include "rig/report/wording.h"
#include "rig/spec/spec_parser.h"
#include "rig/trial/trial.h"
#include "rig/trial/trial_place.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

constexpr const char* kTreeSplats =
    "The kernel splats without the series, too: no verdict about it.";

Result<TrialRequest> request_of(const TryOptions& options) {
    TrialRequest request;
    if (options.worktree) {
        request.series.kind = SeriesSource::Kind::Worktree;
        request.series.directory = options.directory;
    } else {
        if (options.series.empty())
            return fail(FaultDomain::Spec, "rig try: want a series (an mbox, a patch, a folder, - "
                                           "or A..B), or --worktree");
        RIG_TRY(source, series_source(options.series, options.directory));
        request.series = source;
    }
    request.name = options.name;
    request.folder = options.folder;
    request.base = options.base;
    request.prerequisites = options.prerequisites;
    request.run = options.run;
    request.workload = options.workload;
    request.fault = options.fault;
    request.target = options.target;
    request.arch = options.arch;
    request.options = options.options;
    request.vcpus = options.vcpus;
    request.boots = options.boots;
    request.iterations = options.iterations;
    request.not_worse = options.not_worse;
    return request;
}

// Nothing was declared, every check passed, and no kernel splatted: the figures stand, without a
// verdict.
bool is_measured(const Comparison& comparison) {
    return comparison.exit == Exit::Inconclusive && all_checks_passed(comparison) &&
           comparison.held + comparison.failed + comparison.undecided + comparison.inconclusive +
                   comparison.unseen ==
               0;
}

// Only splats broke it, and none of them is the series': the tree has them without it.
bool only_the_tree_splats(const Comparison& comparison) {
    if (comparison.exit != Exit::Fail || comparison.failed > 0) return false;
    bool any = false;
    for (const auto& arm : comparison.splats) {
        const bool is_baseline = arm.arm == comparison.baseline;
        any = any || !arm.splats.empty() || arm.further > 0;
        if (is_baseline) continue;
        if (arm.further > 0 || std::any_of(arm.splats.begin(), arm.splats.end(),
                                           [](const ArmSplat& s) { return !s.in_baseline; }))
            return false;
    }
    return any;
}

// A check that says that a pass did not reach the change.
bool was_missed(const ReportInput& report) {
    for (const auto& arm : report.comparison.checks)
        for (const auto& check : arm.checks)
            if (!check.passed && (check.id == "changed_lines" || check.id == "target_hits" ||
                                  check.id == "timed_pass"))
                return true;
    return false;
}

} // namespace

Result<CommandOutput> try_command(const TryOptions& options, const CommonOptions& common,
                                  const Environment& environment, std::stop_token stop) {
    RIG_TRY(shipped, shipped_files());
    RIG_TRY(request, request_of(options));
    RIG_TRY(plan, plan_trial(request, shipped.data, environment));
    if (options.plan_only)
        return CommandOutput{common.json ? plan_json(plan) : plan_text(plan), Exit::Pass};
    if (!common.quiet) environment.progress.say(plan_text(plan));
    RIG_TRY(kernels, build_trial(plan, environment));
    if (!common.quiet)
        environment.progress.say("Machine code that differs:\n" + changed_text(kernels.changed));
    RIG_TRY(spec, load_spec(plan.file));
    if (!common.quiet)
        environment.progress.say(fmt::format(
            "Target, whose latency is measured: {}(){}\nBoots: {} of each kernel{}",
            plan.experiment.target,
            options.target.empty() ? ", the first of them (--target names another)" : "",
            spec.guest.boots,
            has_replays(spec, false)
                ? ", and one of each again with the same seed, which must give the same bytes"
                : ""));
    auto results = common.results;
    if (results == CommonOptions{}.results) {
        RIG_TRY(place, place_for(results.string()));
        results = place;
    }
    RIG_CHECK(make_ignored(results));
    auto result = run_experiment(spec, environment,
                                 {results,
                                  common.jobs,
                                  {"rig", "compare", plan.file.string()},
                                  false,
                                  common.disk_budget_mib << 20,
                                  common.warn},
                                 stop);
    if (!result && result.error().fault_domain == FaultDomain::Kernel &&
        result.error().arm == spec.arms.front().name) {
        // No verdict about the series: the tree fails without it.
        auto error = result.error();
        error.fault_domain = FaultDomain::Spec;
        error.message = "the kernel without the series fails: " + error.message;
        return tl::unexpected(error);
    }
    if (!result) return tl::unexpected(result.error());
    const auto& report = result->report;
    CommandOutput output = report_output(report, common);
    if (is_measured(report.comparison)) output.exit = Exit::Pass;
    const bool tree_splats = only_the_tree_splats(report.comparison);
    if (tree_splats) output.exit = Exit::Inconclusive;
    if (common.json) {
        auto json = render_json(report);
        json["trial"] = trial_json(plan, kernels);
        if (tree_splats) json["trial"]["note"] = kTreeSplats;
        if (was_missed(report)) json["trial"]["ways"] = ways_json(kernels);
        output.text = json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
        return output;
    }
    if (tree_splats) output.text += fmt::format("\n{}\n", kTreeSplats);
    if (was_missed(report)) output.text += "\n" + ways_text(kernels);
    return output;
}

} // namespace rig
