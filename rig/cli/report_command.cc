// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/report_command.h"

#include "rig/base/files.h"
#include "rig/html/report_page.h"
#include "rig/html/web_assets.h"
#include "rig/report/calibration_text.h"
#include "rig/report/explain.h"
#include "rig/report/json.h"
#include "rig/report/mail.h"
#include "rig/report/profile_report.h"
#include "rig/report/text.h"
#include "rig/results/run_store.h"
#include "rig/run_index/run_reader.h"
#include "rig/workloads/older_names.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {

CommandOutput report_output(const ReportInput& report, const CommonOptions& common) {
    const auto exit = report.comparison.exit;
    if (common.json) return {render_json(report).dump(2) + "\n", exit};
    return {render_text(report, common.colour ? Colour::Yes : Colour::No), exit};
}

Result<CommandOutput> report_command(const CommandOptions& line, const CommonOptions& common) {
    if (line.mail && common.json)
        return fail(FaultDomain::Spec, "--mail with --json: want one of them");
    RIG_TRY(dir, find_run(common.results, line.run));
    RIG_TRY(run, load_run(dir));
    RIG_TRY(report, report_of(run));
    add_profile(report, run.dir, run.samples);
    if (!line.html.empty())
        RIG_CHECK(write_report_page(line.html, run.dir, report, run.samples, web_assets()));
    if (line.mail) return CommandOutput{render_mail(report), report.comparison.exit};
    return report_output(report, common);
}

Result<CommandOutput> explain_command(const CommandOptions& line, const CommonOptions& common) {
    RIG_TRY(dir, find_run(common.results, line.run));
    RIG_TRY(run, load_run(dir));
    RIG_TRY(report, report_of(run));
    // A metric of the experiment's own may have this name, too.
    if (line.metric == "profile" && !report.comparison.find("profile")) {
        RIG_TRY(profile, profile_of(report, run.dir, run.samples));
        return CommandOutput{common.json ? profile_json(profile).dump(2) + "\n"
                                         : profile_text(profile, kExplainedRows),
                             Exit::Pass};
    }
    RIG_TRY(explanation, explain(report, older::metric(line.metric)));
    return CommandOutput{common.json ? explain_json(explanation).dump(2) + "\n"
                                     : explain_text(explanation),
                         Exit::Pass};
}

Result<CommandOutput> calibrate_command(const CommandOptions& line, const CommonOptions& common,
                                        const Environment& environment, std::stop_token stop) {
    auto dir = line.spec;
    if (!std::filesystem::is_directory(dir)) {
        RIG_TRY(spec, load_and_warn(line.spec, line.overrides, common));
        // Under the virtual clock, which "auto" may turn out to be, the replay repeats the
        // baseline's boots and adds none to its pool.
        const auto side = line.calibration.boots;
        const auto wanted = spec.guest.clock == ClockChoice::Wall ? side : 2 * side;
        if (spec.guest.boots < wanted)
            return fail(FaultDomain::Spec,
                        fmt::format("{}: guest.boots = {}, want at least {} (--boots): {} for each "
                                    "side of a comparison (--boots-per-side)",
                                    line.spec.string(), spec.guest.boots, wanted, side));
        RIG_TRY(booted, run_experiment(with_replay(spec), environment,
                                       {common.results, common.jobs,
                                        compare_command_words(spec, line.overrides), line.fresh,
                                        common.disk_budget_mib << 20, common.warn},
                                       stop));
        dir = booted.dir;
    }
    RIG_TRY(run, load_run(dir));
    RIG_TRY(declared, spec_of_run(run));
    const auto spec = with_replay(declared);
    const auto report =
        assemble(spec, run.info, run.samples, run.warnings, dir.string(), run.lines);
    // All validity checks must pass: an effect that was not injected or not measured would count as
    // not detected. One exception: the image, the marker and the lines of the replay are those of
    // the baseline on purpose.
    for (const auto& arm : report.comparison.checks)
        for (const auto& check : arm.checks)
            if (!check.passed && !((check.id == "image_differs" || check.id == "witness_differs" ||
                                    check.id == "changed_lines") &&
                                   arm.arm == replay_of(spec.arms.front().name)))
                return fail(FaultDomain::Guest,
                            fmt::format("validity check {} failed in {}: {}; {}", check.id, arm.arm,
                                        check.found, check.reason));
    RIG_TRY(calibration, calibrate(spec, run.samples, line.calibration));
    auto text =
        fmt::format("{}\n{}raw data: {}\n",
                    spec.description.empty() ? spec.name : spec.name + ": " + spec.description,
                    calibration_text(calibration), std::filesystem::proximate(dir).string());
    const auto machine_readable = calibration_json(calibration).dump(2) + "\n";
    RIG_CHECK(write_atomically(dir / "calibration.txt", text));
    RIG_CHECK(write_atomically(dir / "calibration.json", machine_readable));
    return CommandOutput{common.json ? machine_readable : text, calibration.exit()};
}

} // namespace rig
