// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/experiment/suite_run.h"

#include "rig/base/files.h"
#include "rig/base/shipped_files.h"
#include "rig/base/utc.h"
#include "rig/guest_output/metric.h"
#include "rig/host/build_context.h"
#include "rig/kernel/kernel_build.h"
#include "rig/kernel/patch_series.h"
#include "rig/report/figures.h"
#include "rig/report/suite_report.h"
#include "rig/results/run_store.h"
#include "rig/spec/spec_parser.h"

#include <algorithm>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;

std::string now_text() {
    return utc_text(std::chrono::system_clock::now());
}

std::string folded(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != ' ' && c != '\t' && c != '\n')
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    while (out.ends_with(' '))
        out.pop_back();
    return out;
}

// The label without its indentation: tables indent the labels of parts.
std::string label_of(const MetricResult& metric) {
    return metric.info.label.substr(
        std::min(metric.info.label.find_first_not_of(' '), metric.info.label.size()));
}

// "sync IPIs: ipi 240, reviewed 0 (−100 % [−100 %, −100 %])"
std::string figures_of(const MetricResult& metric) {
    std::vector<std::string> arms;
    for (const auto& arm : metric.arms) {
        auto text =
            arm.spread ? fmt::format("{} {}", arm.arm, spread_figure(*arm.spread, metric.info.unit))
                       : fmt::format("{} not measured", arm.arm);
        if (arm.change) text += fmt::format(" ({})", change_figure(*arm.change, metric.info.unit));
        arms.push_back(std::move(text));
    }
    return fmt::format("{}: {}", label_of(metric), fmt::join(arms, ", "));
}

// The overrides of each run of a check, in this order: its `set`, one value of the sweep, the
// command line.
std::vector<std::vector<SpecOverride>> variants(const RunCheck& run,
                                                const std::vector<SpecOverride>& more) {
    std::vector<std::vector<SpecOverride>> all;
    for (std::size_t i = 0; i < (run.sweep ? run.sweep->values.size() : 1); ++i) {
        auto overrides = run.set;
        if (run.sweep) overrides.push_back({run.sweep->key, run.sweep->values[i]});
        overrides.insert(overrides.end(), more.begin(), more.end());
        all.push_back(std::move(overrides));
    }
    return all;
}

struct Outcome {
    Exit exit = Exit::Inconclusive;
    std::string closing, reported, run;
    std::vector<std::string> evidence;
    std::vector<Plot> plots; // figures of this run only
};

// A plot of one metric. The caller fills in the x values and the key.
Plot plot_of(const MetricResult& metric) {
    Plot plot{label_of(metric), "", metric.info.unit, {}};
    for (const auto& arm : metric.arms)
        if (arm.spread) plot.rows.push_back({"", arm.arm, *arm.spread});
    return plot;
}

// The reasons for the result of a run, and nothing else: a negative control that fails for another
// reason does not count.
std::string reasons(const ReportInput& report) {
    const auto& c = report.comparison;
    std::string out = c.closing;
    for (const auto& arm : c.checks)
        for (const auto& check : arm.checks)
            if (!check.passed)
                out += fmt::format("\n{}: {}; {}", check.id, check.found, check.reason);
    for (const auto& metric : c.metrics)
        for (const auto& arm : metric.arms)
            if (arm.verdict == Verdict::Broken || arm.verdict == Verdict::Regressed)
                out += fmt::format("\n{} in {}: {}", metric.info.name, arm.arm, arm.why);
    for (const auto& arm : c.splats)
        for (const auto& splat : arm.splats)
            if (!splat.declared && !splat.followed)
                out += fmt::format("\n{}, in {}", splat.title, splat.function);
    for (const auto& warning : report.warnings)
        out += "\n" + warning;
    return out;
}

Result<Outcome> run_once(const Spec& spec, const RunCheck& check, const Environment& environment,
                         const ExperimentOptions& options, std::stop_token stop) {
    auto result = run_experiment(spec, environment, options, stop);
    if (!result) {
        const auto& error = result.error();
        // A kernel fault or a guest fault is an outcome of the check. A host fault or a mistake in
        // a file is an error.
        if (error.fault_domain == FaultDomain::Host || error.fault_domain == FaultDomain::Spec)
            return tl::unexpected(error);
        return Outcome{exit_for(error.fault_domain),
                       fmt::format("{} fault: {}", name(error.fault_domain), folded(error.message)),
                       error.message,
                       error.log.string(),
                       {},
                       {}};
    }
    const auto& report = result->report;
    Outcome outcome{
        report.comparison.exit, report.comparison.closing, reasons(report), report.run_dir, {}, {}};
    for (const auto& wanted : check.show) {
        const auto* metric = report.comparison.find(wanted);
        outcome.evidence.push_back(
            metric ? figures_of(*metric)
                   : fmt::format("{}: the experiment has no such metric", wanted));
    }
    for (const auto& wanted : check.plot)
        if (const auto* metric = report.comparison.find(wanted))
            outcome.plots.push_back(plot_of(*metric));
    return outcome;
}

// Appends the figures of one run to those of the earlier runs.
void add_to(std::vector<Plot>& plots, const std::vector<Plot>& of_run, const Sweep& sweep,
            std::size_t variant) {
    for (const auto& one : of_run) {
        auto plot = std::find_if(plots.begin(), plots.end(), [&](const Plot& other) {
            return other.label == one.label && other.key == sweep.key;
        });
        if (plot == plots.end())
            plot = plots.insert(plots.end(), Plot{one.label, sweep.key, one.unit, {}});
        for (const auto& row : one.rows)
            plot->rows.push_back({sweep.values[variant], row.arm, row.spread});
    }
}

class SuiteRun {
 public:
    SuiteRun(const Suite& suite, const std::vector<SpecOverride>& more,
             const Environment& environment, const ExperimentOptions& options, std::stop_token stop)
        : suite_(suite), more_(more), environment_(environment), options_(options), stop_(stop) {}

    Status check(const RunCheck& run, PointResult& point) {
        const auto all = variants(run, more_);
        for (std::size_t variant = 0; variant < all.size(); ++variant) {
            const auto& overrides = all[variant];
            RIG_TRY(spec, load_spec(suite_.top / run.experiment, overrides));
            auto options = options_;
            options.command = {own_command(), "compare",
                               own_argument(suite_.top / run.experiment, suite_.top)};
            std::vector<std::string> varied;
            for (const auto& one : overrides) {
                options.command.insert(options.command.end(),
                                       {"--set", fmt::format("{}={}", one.key, one.value)});
                varied.push_back(fmt::format("{}={}", one.key, one.value));
            }
            CheckResult result;
            result.what = run.experiment.string() +
                          (varied.empty() ? "" : fmt::format(" with {}", fmt::join(varied, ", ")));
            result.control = run.expect != Exit::Pass;
            RIG_TRY(outcome, run_once(spec, run, environment_, options, stop_));
            result.verdict =
                judge_check(outcome.exit, outcome.reported + outcome.closing, run.expect, run.says);
            result.found = outcome.closing;
            if (!run.says.empty()) {
                const bool said =
                    (outcome.reported + outcome.closing).find(run.says) != std::string::npos;
                result.found += fmt::format("; {} '{}'", said ? "says" : "does not say", run.says);
            }
            result.evidence = outcome.evidence;
            result.run = outcome.run;
            point.checks.push_back(std::move(result));
            if (run.sweep) add_to(point.plots, outcome.plots, *run.sweep, variant);
        }
        return {};
    }

    Status check(const BuildCheck& build, PointResult& point) {
        RIG_TRY(spec, load_spec(suite_.top / build.experiment));
        RIG_TRY(object, build_object(spec, *spec.find_arm(build.arm), build.object,
                                     BuildContext{environment_.cache, environment_.runner,
                                                  environment_.progress, 0}));
        CheckResult result;
        result.what =
            fmt::format("{} of {} in {}", build.object, build.arm, build.experiment.string());
        result.control = !build.builds;
        const bool said = object.error.find(build.says) != std::string::npos;
        result.verdict =
            object.built == build.builds && said ? CheckVerdict::Holds : CheckVerdict::Fails;
        result.found = object.built ? fmt::format("builds in {:.1f} s", object.seconds)
                                    : fmt::format("does not build: {}", object.error);
        if (!build.builds && !said) result.found += fmt::format("; want '{}'", build.says);
        result.run = object.log.string();
        point.checks.push_back(std::move(result));
        return {};
    }

    Status check(const PatchCheck& patch, PointResult& point) {
        RIG_TRY(patches, read_series({patch.series}, suite_.top));
        std::vector<std::string> texts;
        for (const auto& one : patches)
            texts.push_back(one.text);
        point.checks.push_back(check_added_lines(patch, texts));
        return {};
    }

 private:
    const Suite& suite_;
    const std::vector<SpecOverride>& more_;
    const Environment& environment_;
    const ExperimentOptions& options_;
    std::stop_token stop_;
};

} // namespace

Status check_suite_files(const Suite& suite, const std::vector<SpecOverride>& more) {
    for (const auto& point : suite.points)
        for (const auto& check : point.checks) {
            if (const auto* run = std::get_if<RunCheck>(&check))
                for (const auto& overrides : variants(*run, more)) {
                    RIG_TRY(spec, load_spec(suite.top / run->experiment, overrides));
                    const auto infos = metric_infos(spec.metrics);
                    auto shown_or_drawn = run->show;
                    shown_or_drawn.insert(shown_or_drawn.end(), run->plot.begin(), run->plot.end());
                    for (const auto& shown : shown_or_drawn)
                        if (std::none_of(infos.begin(), infos.end(), [&](const MetricInfo& info) {
                                return info.name == shown;
                            }))
                            return fail(
                                FaultDomain::Spec,
                                fmt::format("{}: point '{}' shows '{}', which {} does not measure",
                                            suite.file.string(), point.id, shown,
                                            run->experiment.string()));
                }
            if (const auto* build = std::get_if<BuildCheck>(&check)) {
                RIG_TRY(spec, load_spec(suite.top / build->experiment));
                if (!spec.find_arm(build->arm))
                    return fail(FaultDomain::Spec,
                                fmt::format("{}: no arm '{}', which {} builds {} of",
                                            build->experiment.string(), build->arm,
                                            suite.file.string(), build->object));
            }
        }
    return {};
}

CheckVerdict judge_check(Exit found, const std::string& reported, Exit expected,
                         const std::string& says) {
    if (found == expected)
        return reported.find(says) != std::string::npos ? CheckVerdict::Holds : CheckVerdict::Fails;
    return found == Exit::Inconclusive ? CheckVerdict::Open : CheckVerdict::Fails;
}

CheckResult check_added_lines(const PatchCheck& check, const std::vector<std::string>& patches) {
    std::string added;
    for (const auto& text : patches) {
        bool in_diff = false; // the commit message before the diff may contain anything
        for (std::size_t at = 0; at < text.size();) {
            const auto end = std::min(text.find('\n', at), text.size());
            const auto line = std::string_view(text).substr(at, end - at);
            if (line.starts_with("@@ "))
                in_diff = true;
            else if (line.starts_with("diff --git ") || line == "-- ")
                in_diff = false;
            else if (in_diff && line.starts_with('+')) {
                // Added lines are joined, since a comment may break a sentence across lines.
                auto body = folded(line.substr(1));
                if (body.starts_with("* ") || body.starts_with(" * "))
                    body = body.substr(body.find('*') + 2);
                added += body + " ";
            }
            at = end + 1;
        }
    }
    added = folded(added);
    CheckResult result;
    result.what = fmt::format("the lines that {} adds", check.series.string());
    std::vector<std::string> wrong;
    for (const auto& text : check.has)
        if (added.find(folded(text)) == std::string::npos)
            wrong.push_back(fmt::format("'{}' is missing", text));
    for (const auto& text : check.lacks)
        if (added.find(folded(text)) != std::string::npos)
            wrong.push_back(fmt::format("'{}' is there", text));
    result.verdict = wrong.empty() && !added.empty() ? CheckVerdict::Holds : CheckVerdict::Fails;
    std::vector<std::string> quoted;
    for (const auto& text : check.has)
        quoted.push_back(fmt::format("has '{}'", text));
    for (const auto& text : check.lacks)
        quoted.push_back(fmt::format("lacks '{}'", text));
    result.found = added.empty()
                       ? "it adds no line"
                       : fmt::format("{}", fmt::join(wrong.empty() ? quoted : wrong, "; "));
    return result;
}

Result<SuiteResult> run_suite(const Suite& suite, const std::vector<SpecOverride>& more,
                              const Environment& environment, const ExperimentOptions& options,
                              std::stop_token stop) {
    RIG_CHECK(check_suite_files(suite, more));
    SuiteResult result{suite.name, suite.description, now_text(), "", options.command, "", {}};
    const auto dir =
        options.results / fmt::format("{:%Y%m%d-%H%M%S}-suite-{}",
                                      fmt::gmtime(std::chrono::system_clock::now()), suite.name);
    std::error_code error;
    fs::create_directories(dir, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot make {}: {}", dir.string(), error.message()));
    result.dir = fs::proximate(dir).string();
    const auto save = [&]() -> Status {
        RIG_CHECK(write_atomically(dir / "suite.json", suite_json(result).dump(2) + "\n"));
        return write_atomically(dir / "suite.txt", suite_text(result, false));
    };
    SuiteRun run(suite, more, environment, options, stop);
    for (const auto& point : suite.points) {
        result.points.push_back({point.id, point.claim, point.answer, {}, {}});
        for (const auto& check : point.checks) {
            auto status = std::visit(
                [&](const auto& one) { return run.check(one, result.points.back()); }, check);
            RIG_CHECK(save());
            if (status) continue;
            auto failed = status.error();
            failed.message = fmt::format("point '{}': {}", point.id, failed.message);
            if (failed.log.empty()) failed.log = dir;
            return tl::unexpected(failed);
        }
    }
    result.ended = now_text();
    RIG_CHECK(save());
    return result;
}

} // namespace rig
