// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/export_command.h"

#include "rig/base/files.h"
#include "rig/export/benchstat.h"
#include "rig/export/csv.h"
#include "rig/export/folded.h"
#include "rig/export/junit.h"
#include "rig/export/kcidb.h"
#include "rig/export/ktap.h"
#include "rig/export/lcov.h"
#include "rig/results/run_profiles.h"
#include "rig/results/run_store.h"
#include "rig/run_index/run_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

Status check_options(const CommandOptions& line) {
    const auto& formats = export_formats();
    if (std::find(formats.begin(), formats.end(), line.format) == formats.end())
        return fail(FaultDomain::Spec, fmt::format("--format {}: accepted: {}", line.format,
                                                   fmt::join(formats, ", ")));
    if (line.raw && line.format != "csv")
        return fail(FaultDomain::Spec,
                    fmt::format("--raw with --format {}: it is for csv, accepted: csv or no --raw",
                                line.format));
    if (line.origin && line.format != "kcidb")
        return fail(
            FaultDomain::Spec,
            fmt::format(
                "--origin with --format {}: it is for kcidb, accepted: kcidb or no --origin",
                line.format));
    if (line.origin)
        if (const auto want = bad_origin(*line.origin))
            return fail(FaultDomain::Spec,
                        fmt::format("--origin '{}': accepted: {}", *line.origin, *want));
    if (!line.arm.empty() && line.format != "lcov")
        return fail(
            FaultDomain::Spec,
            fmt::format("--arm with --format {}: it is for lcov, accepted: lcov or no --arm",
                        line.format));
    return {};
}

// One arm's lines: those of several arms are of several trees, under the same file names.
Result<std::string> lcov_of(const ReportInput& report, const std::string& wanted,
                            const std::filesystem::path& run) {
    std::vector<std::string> arms;
    for (const auto& arm : report.spec.arms)
        arms.push_back(arm.name);
    const auto names = fmt::format("{}", fmt::join(arms, ", "));
    if (wanted.empty() && arms.size() != 2)
        return fail(FaultDomain::Spec,
                    fmt::format("--format lcov: {} has {} arms, want --arm with one of them: {}",
                                run.string(), arms.size(), names));
    const auto& arm = wanted.empty() ? arms.back() : wanted;
    if (std::find(arms.begin(), arms.end(), arm) == arms.end())
        return fail(FaultDomain::Spec, fmt::format("--arm {}: accepted: {}", arm, names));
    auto text = render_lcov(report.lines, arm);
    if (!text.empty()) return text;
    std::string why = report.lines.why_not;
    for (const auto* map : report.lines.of_arm(arm))
        if (why.empty()) why = map->map.why_not;
    return fail(FaultDomain::Spec,
                fmt::format("--format lcov: no changed line of arm '{}' was counted in {}{}{}", arm,
                            run.string(), why.empty() ? "" : ": ", why));
}

} // namespace

const std::vector<std::string>& export_formats() {
    static const std::vector<std::string> formats{"ktap",      "junit",  "kcidb", "csv",
                                                  "benchstat", "folded", "lcov"};
    return formats;
}

Result<CommandOutput> export_command(const CommandOptions& line, const CommonOptions& common) {
    RIG_CHECK(check_options(line));
    RIG_TRY(dir, find_run(common.results, line.run));
    RIG_TRY(run, load_run(dir));
    RIG_TRY(report, report_of(run));
    RIG_TRY(faults, load_faults(run.dir, run.info, run.samples));
    std::string text;
    if (line.format == "ktap") text = render_ktap(report, faults);
    if (line.format == "junit") text = render_junit(report, faults);
    if (line.format == "kcidb")
        text =
            render_kcidb(report, faults, line.origin.value_or("rig"), checkout_origins(report, "."))
                .dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
            "\n";
    if (line.format == "csv")
        text = line.raw ? render_csv_raw(report, run.samples) : render_csv(report, run.samples);
    if (line.format == "benchstat") text = render_benchstat(report, run.samples);
    if (line.format == "folded") {
        RIG_TRY(profiles, load_profiles(run.dir, run.samples));
        if (profiles.empty())
            return fail(FaultDomain::Spec,
                        fmt::format("--format folded: no boot of {} is profiled, want a run of rig "
                                    "compare --profile",
                                    run.dir.string()));
        text = render_folded(profiles);
    }
    if (line.format == "lcov") {
        RIG_TRY(lcov, lcov_of(report, line.arm, run.dir));
        text = std::move(lcov);
    }
    if (line.out.empty()) return CommandOutput{text, Exit::Pass};
    if (auto written = write_atomically(line.out, text); !written)
        return fail(FaultDomain::Spec,
                    fmt::format("--out {}: {}", line.out.string(), written.error().message));
    return CommandOutput{};
}

} // namespace rig
