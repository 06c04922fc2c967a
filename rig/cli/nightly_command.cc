// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/nightly_command.h"

#include "rig/base/files.h"
#include "rig/base/home.h"
#include "rig/base/shipped_files.h"
#include "rig/base/text.h"
#include "rig/base/utc.h"
#include "rig/base/version.h"
#include "rig/host/cache_place.h"
#include "rig/nightly/cell_identity.h"
#include "rig/nightly/systemd_units.h"
#include "rig/run_index/index_folder.h"
#include "rig/run_index/run_reader.h"
#include "rig/spec/spec_parser.h"
#include "rig/spec/value_rules.h"

#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;

// The record of a run that ended with a kernel or guest fault. It may have left a run, or none (a
// kernel that does not build).
RunRecord outcome_of(const Error& error, const std::string& commit) {
    for (auto dir = error.log; dir.has_filename(); dir = dir.parent_path()) {
        std::error_code none;
        if (fs::exists(dir / "run.json", none)) return read_record(dir);
        if (dir == dir.parent_path()) break;
    }
    RunRecord record;
    record.state = "failed";
    record.exit = static_cast<unsigned>(exit_for(error.fault_domain));
    record.closing =
        printable(fmt::format("{} fault: {}", name(error.fault_domain), first_line(error.message)));
    record.revision = commit;
    return record;
}

// An absolute path; empty: none is wanted.
fs::path metrics_file(const NightlyOptions& line, const NightConfig& config) {
    std::error_code error;
    if (!line.metrics_file.empty())
        return fs::absolute(line.metrics_file, error).lexically_normal();
    if (config.metrics_file.empty()) return {};
    return (config.top / config.metrics_file).lexically_normal();
}

Result<CommandOutput> install_units(const NightlyOptions& line, const CommonOptions& common,
                                    const NightConfig& config, const ArtifactCache& artifacts) {
    const auto& cache = artifacts.root();
    RIG_CHECK(usable_cache(cache));
    std::error_code error;
    UnitOptions options;
    options.system = line.system;
    options.rig = fs::read_symlink("/proc/self/exe", error);
    options.top = config.top;
    options.results = fs::absolute(common.results, error).lexically_normal();
    options.cache = fs::absolute(cache, error).lexically_normal();
    // All paths are explicit, because the environment of a service differs from that of the user
    // who installs it.
    options.arguments = {"--results",
                         options.results.string(),
                         "--cache",
                         options.cache.string(),
                         "--quiet",
                         "nightly",
                         fs::proximate(config.file, config.top).string()};
    std::string read_only;
    for (const auto& folder : artifacts.read_only())
        read_only += (read_only.empty() ? "" : ":") + folder.string();
    if (!read_only.empty())
        options.arguments.insert(options.arguments.begin(), {"--read-only-cache", read_only});
    if (!line.since.empty())
        options.arguments.insert(options.arguments.end(), {"--since", line.since});
    if (!line.metrics_file.empty())
        options.arguments.insert(options.arguments.end(),
                                 {"--metrics-file", metrics_file(line, config).string()});
    options.on_calendar = line.on_calendar;
    options.budget_minutes = config.budget_minutes;
    options.email = config.notify.email.has_value();
    if (config.notify.file)
        if (const auto folder =
                (config.top / config.notify.file->path).lexically_normal().parent_path();
            folder.lexically_relative(options.results).native().starts_with(".."))
            options.writable.push_back(folder);
    if (const auto metrics = metrics_file(line, config); !metrics.empty())
        options.writable.push_back(metrics.parent_path());
    RIG_TRY(units, systemd_units(options));
    fs::path folder = "/etc/systemd/system";
    if (!line.system) {
        const char* config_home = std::getenv("XDG_CONFIG_HOME");
        const bool configured = config_home && *config_home;
        const auto home = home_folder();
        if (!configured && home.empty())
            return fail(FaultDomain::Host,
                        "--install-units: there is no place for a user's units: neither "
                        "XDG_CONFIG_HOME nor HOME is set, and the passwd database has no home for "
                        "the user; set one of them, or use --system");
        folder = (configured ? fs::path(config_home) : home / ".config") / "systemd/user";
        if (!folder.is_absolute())
            return fail(FaultDomain::Host,
                        fmt::format("--install-units: systemd does not look in {}: want an "
                                    "absolute path in {}",
                                    folder.string(), configured ? "XDG_CONFIG_HOME" : "HOME"));
    }
    if (!line.root.empty()) folder = line.root / folder.relative_path();
    fs::create_directories(folder, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot make {}: {}", folder.string(), error.message()));
    // The writable folders of a service must exist when it starts.
    auto places = options.writable;
    places.insert(places.end(), {options.results, options.cache});
    for (const auto& dir : places) {
        fs::create_directories(dir, error);
        if (error)
            return fail(FaultDomain::Host,
                        fmt::format("cannot make {}: {}", dir.string(), error.message()));
    }
    std::vector<std::string> written;
    for (const auto& [name, text] : units) {
        RIG_CHECK(write_atomically(folder / name, text));
        written.push_back((folder / name).string());
    }
    const std::string systemctl = line.system ? "systemctl" : "systemctl --user";
    std::vector<std::string> next{systemctl + " daemon-reload",
                                  fmt::format("{} enable --now {}", systemctl, kTimerUnit)};
    if (!line.system)
        next.emplace_back("loginctl enable-linger    # or it runs only while you are logged in");
    next.push_back(
        fmt::format("{} start --no-block {}    # the first night, now", systemctl, kServiceUnit));
    if (common.json)
        return CommandOutput{nlohmann::json{{"units", written}, {"next", next}}.dump(2) + "\n",
                             Exit::Pass};
    return CommandOutput{fmt::format("written: {}\nnext:\n  {}\n",
                                     fmt::join(written, "\n         "), fmt::join(next, "\n  ")),
                         Exit::Pass};
}

Result<CommandOutput> close_by_hand(const NightlyOptions& line, const CommonOptions& common,
                                    const NightConfig& config, const Sender& send) {
    if (line.why.empty())
        return fail(FaultDomain::Spec,
                    "--close: why? Say it with --why \"...\"; it is kept and sent");
    RIG_TRY(held, lock_nights(common.results));
    (void)held;
    RIG_TRY(book, load_book(common.results));
    const auto now = fmt::format(
        "{:%Y%m%d-%H%M%S}",
        fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
    RIG_CHECK(close_incident(book, *line.close, line.why, now));
    const auto channels = config.notify.channels();
    write_messages(book, channels);
    RIG_CHECK(save_book(common.results, book));
    deliver(
        book, channels, send, [&] { return save_book(common.results, book); }, common.warn);
    if (common.json) return CommandOutput{book_json(book), Exit::Pass};
    std::string text;
    for (const auto& incident : book.incidents)
        if (incident.id == *line.close) text = incident_text(incident);
    return CommandOutput{text, Exit::Pass};
}

} // namespace

Result<CommandOutput> nightly_command(const NightlyOptions& line, const CommonOptions& common,
                                      const Environment& environment, const Bisector& bisect,
                                      std::stop_token stop) {
    RIG_TRY(config, load_night_config(line.config));
    if (!config.deprecation.empty() && common.warn) common.warn(config.deprecation);
    if (!line.close && !line.why.empty())
        return fail(FaultDomain::Spec, "--why: only with --close N");
    if (!line.install_units && (line.system || !line.root.empty()))
        return fail(FaultDomain::Spec, "--system, --root: only with --install-units");
    if (!line.metrics_file.empty())
        if (const auto want = metrics_file_name(line.metrics_file))
            return fail(FaultDomain::Spec, fmt::format("--metrics-file {}: want {}",
                                                       line.metrics_file.string(), *want));
    RIG_CHECK(check_night_files(config));
    const auto send = make_sender(config.notify, {environment.runner, config.top});
    if (line.install_units) return install_units(line, common, config, environment.cache);
    if (line.close) return close_by_hand(line, common, config, send);
    RIG_TRY(excluded, since_filter(config, line.since, environment.runner));
    RIG_TRY(program, own_sha256());
    NightOptions options{common.results, line.since, excluded, line.fresh};
    NightEnvironment night;
    night.facts = [&](const NightCell& cell) {
        return facts_of(config, cell, program, environment.runner);
    };
    night.run = [&](const NightCell& cell, const std::string& commit,
                    bool fresh) -> Result<RunRecord> {
        const auto overrides = overrides_of(cell, commit);
        RIG_TRY(spec, load_spec(config.top / cell.spec, overrides));
        ExperimentOptions run{
            common.results,
            common.jobs,
            {own_command(), "compare", own_argument(config.top / cell.spec, config.top)},
            fresh,
            common.disk_budget_mib << 20,
            common.warn};
        for (const auto& one : overrides)
            run.command.insert(run.command.end(),
                               {"--set", fmt::format("{}={}", one.key, one.value)});
        const auto result = run_experiment(spec, environment, run, stop);
        if (result) return read_record(result->dir);
        const auto& error = result.error();
        if (error.fault_domain == FaultDomain::Host || error.fault_domain == FaultDomain::Spec)
            return tl::unexpected(error);
        return outcome_of(error, commit);
    };
    night.history = [&](const std::string& experiment) -> Result<std::vector<RunRecord>> {
        RIG_TRY(index, Index::open(common.results));
        RIG_TRY(change,
                refresh_index(index, common.results, Retry::No, environment.progress, stop));
        (void)change;
        RunFilter filter;
        filter.experiment = experiment;
        return index.runs(filter, Detail::Whole);
    };
    night.bisect = bisect;
    night.send = send;
    night.now = [] { return std::chrono::system_clock::now(); };
    night.warn = common.warn ? common.warn : [](const std::string&) {};
    night.note = [&](const std::string& text) {
        environment.progress.start(text);
        environment.progress.finish();
    };
    RIG_TRY(result, run_night(config, options, night, stop));
    // The night counts even if nobody can watch it; the old file tells its age.
    if (const auto file = metrics_file(line, config); !file.empty())
        if (const auto written = write_atomically(file, night_metrics(result.night, result.book));
            !written)
            night.warn(
                fmt::format("the metrics of this night are lost: {}", written.error().message));
    return CommandOutput{common.json ? night_report_json(result.night, result.book)
                                     : night_text(result.night, result.book, common.colour),
                         result.night.exit(result.book)};
}

} // namespace rig
