// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/experiment/experiment.h"

#include "rig/base/files.h"
#include "rig/base/guest_clock.h"
#include "rig/base/utc.h"
#include "rig/base/version.h"
#include "rig/experiment/boot_loop.h"
#include "rig/experiment/engine.h"
#include "rig/experiment/line_counting.h"
#include "rig/experiment/prepare.h"
#include "rig/experiment/profile_setup.h"
#include "rig/host/capacity.h"
#include "rig/html/report_page.h"
#include "rig/kernel/kernel.h"
#include "rig/kernel/kernel_facts.h"
#include "rig/plan/guest_plan.h"
#include "rig/plan/schedule.h"
#include "rig/report/json.h"
#include "rig/report/profile_report.h"
#include "rig/report/text.h"
#include "rig/results/line_record.h"
#include "rig/results/run_store.h"
#include "rig/run_index/index_folder.h"

#include <algorithm>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

namespace rig {
namespace {

std::string utc_now() {
    return utc_text(std::chrono::system_clock::now());
}

Result<std::map<std::string, ReadyArm>> ready_arms(const Spec& spec, const Prepared& prepared) {
    std::map<std::string, ReadyArm> ready;
    const auto baseline = slurp(prepared.kernels.at(spec.arms.front().name).config);
    for (const auto& arm : spec.arms) {
        const Kernel& kernel = prepared.kernels.at(arm.name);
        const auto map_text = slurp(kernel.system_map);
        RIG_TRY(symbols, SymbolTable::parse(map_text, kernel.system_map.string()));
        const auto config = slurp(kernel.config);
        ReadyArm one{kernel,
                     kernel_facts(spec, config, map_text, kernel.version, kernel.image_sha256),
                     symbols,
                     {}};
        if (one.facts.config_known && !baseline.empty())
            one.facts.config_differs = differing_options(baseline, config);
        if (auto plan = make_plan(spec, arm, symbols, {}); !plan)
            one.unplannable = plan.error().message;
        ready.emplace(arm.name, std::move(one));
    }
    return ready;
}

Result<RunInfo> describe_run(const Spec& spec, const Prepared& prepared,
                             const std::map<std::string, ReadyArm>& ready,
                             const ChosenMachine& chosen, const Environment& environment,
                             const ExperimentOptions& options) {
    RunInfo info;
    info.spec_file = std::filesystem::proximate(spec.file, spec.top).string();
    info.spec_text = spec.text;
    info.overrides = spec.overrides;
    info.clock = name(chosen.machine.clock);
    info.clock_why = chosen.why;
    info.accelerator = name(chosen.machine.accelerator);
    info.image = prepared.image.parent_path().filename().string();
    info.boots = spec.guest.boots;
    info.vcpus = spec.guest.vcpus;
    info.seed = spec.guest.seed;
    info.seed_varies = kPerturbationText;
    info.rig_version = rig_version();
    RIG_TRY(program, own_sha256());
    info.program = program;
    if (chosen.machine.clock == GuestClock::Wall) info.host_boot = host_boot_id();
    info.perf_version = prepared.perf_version;
    RIG_TRY(qemu, environment.hypervisor.version(arch_named(spec.kernel.arch)));
    info.qemu_version = qemu;
    info.libvirt_version = environment.hypervisor.libvirt_version();
    info.command = options.command;
    info.started = utc_now();
    for (const auto& arm : spec.arms) {
        const auto& one = ready.at(arm.name);
        auto& warnings = info.source_warnings; // arms with one source share their warnings
        if (const auto& warning = one.kernel.source_warning;
            !warning.empty() &&
            std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
            warnings.push_back(warning);
        info.kernels.push_back(
            {arm.name, one.kernel.key, one.kernel.compiler,
             one.kernel.config.empty() ? std::string() : "kernels/" + arm.name + ".config",
             one.kernel.patches, one.kernel.patch_sha256, one.facts});
    }
    return info;
}

Result<RunWriter> open_run(const Spec& spec, const RunInfo& info,
                           const ExperimentOptions& options) {
    if (!options.fresh) {
        RIG_TRY(found, RunWriter::resume_like(options.results, spec.name, info));
        if (found) return std::move(*found);
    }
    return RunWriter::create(options.results, spec.name, info, std::chrono::system_clock::now());
}

// Sets `dir` to the run's folder as soon as the folder exists, even if the function then fails.
Result<ExperimentResult> measure_experiment(const Spec& spec, const Environment& environment,
                                            const ExperimentOptions& options, std::stop_token stop,
                                            std::filesystem::path& dir) {
    RIG_TRY(prepared, environment.engine ? environment.engine->prepare(spec, environment, stop)
                                         : prepare(spec, spec.arms, environment));
    RIG_TRY(chosen, choose_machine(spec, prepared, environment, stop));
    if (!environment.engine) { // an engine has mapped them where it builds
        RIG_TRY(lines, map_changed_lines(spec, prepared, chosen.machine, environment));
        prepared.lines = std::move(lines);
    }
    RIG_TRY(ready, ready_arms(spec, prepared));
    if (!environment.engine) {
        RIG_TRY(counting, counting_of_arms(spec, prepared.kernels, prepared.lines, chosen.machine,
                                           environment));
        for (auto& [arm, what] : counting)
            ready.at(arm).counting = std::move(what);
    }
    if (options.profile)
        for (auto& [arm, one] : ready) {
            RIG_TRY(profiling, profiling_of(one.kernel, prepared.image, chosen.machine,
                                            arch_named(spec.kernel.arch), spec.guest.vcpus,
                                            environment, plugin_folder()));
            one.profiling = std::move(profiling);
        }
    RIG_TRY(info, describe_run(spec, prepared, ready, chosen, environment, options));
    BootPlaces places;
    if (!environment.engine) { // with an engine, each boot gets its CPUs where it runs
        RIG_TRY(taken, place_boots({chosen.machine.clock, spec.guest.vcpus, spec.guest.memory_mib},
                                   options.parallel, environment, stop));
        places = std::move(taken);
    }
    info.cpu_allocation = places.facts;
    if (chosen.machine.clock == GuestClock::Wall) { // only there it can affect the figures
        if (options.parallel)
            info.command.insert(info.command.end(),
                                {"--parallel", std::to_string(options.parallel)});
        if (places.facts.shared) info.command.push_back("--share-cpus");
    }
    RIG_TRY(writer, open_run(spec, info, options));
    dir = writer.dir();
    if (writer.info().source_warnings != info.source_warnings && !info.source_warnings.empty()) {
        auto warned = writer.info(); // info of the resumed run
        warned.source_warnings = info.source_warnings;
        RIG_CHECK(writer.save(warned));
    }
    if (!prepared.lines.maps.empty() || !prepared.lines.why_not.empty())
        RIG_CHECK(save_lines(writer.dir(), prepared.lines));
    for (const auto& [arm, one] : ready) {
        std::error_code ignored;
        std::filesystem::create_directories(writer.dir() / "kernels", ignored);
        if (!one.kernel.config.empty())
            RIG_CHECK(write_atomically(writer.dir() / "kernels" / (arm + ".config"),
                                       slurp(one.kernel.config)));
    }

    std::vector<std::string> warnings;
    std::vector<Sample> samples;
    std::vector<Replay> replays;
    bool bootable = true;
    for (const auto& [arm, one] : ready)
        if (!one.unplannable.empty()) {
            bootable = false;
            warnings.push_back(one.unplannable + "; nothing was booted");
        }
    if (bootable) {
        const GuestSetup setup{spec, chosen.machine, prepared.image, environment.hypervisor};
        BootLoop loop(spec, setup, ready, writer, environment.progress, options.disk_budget);
        environment.progress.start(writer.found().empty()
                                       ? "booting"
                                       : fmt::format("booting what {} lacks", writer.info().run_id),
                                   loop.planned());
        auto status =
            environment.engine ? loop.run(environment, stop) : loop.run(places.boots, stop);
        if (!status) {
            environment.progress.interrupt();
            auto error = status.error();
            if (error.fault_domain != FaultDomain::Host) {
                auto over = writer.info();
                over.ended = utc_now();
                over.failure =
                    fmt::format("{}{}: {}", name(error.fault_domain),
                                error.kind.empty() ? "" : ": " + error.kind, error.message);
                std::ignore = writer.save(over);
            }
            if (error.log.empty()) error.log = writer.dir();
            return tl::unexpected(error);
        }
        environment.progress.finish();
        replays = loop.replays();
        samples = std::move(loop).samples();
    }
    auto ended = writer.info();
    ended.replays = replays;
    ended.ended = utc_now();
    RIG_TRY(lines, load_lines(writer.dir(), samples));
    if (!lines.boots.empty()) RIG_CHECK(save_line_counts(writer.dir(), lines));
    RIG_CHECK(writer.save(ended));
    ExperimentResult result{assemble(spec, ended, samples, warnings,
                                     std::filesystem::proximate(writer.dir()).string(), lines),
                            writer.dir()};
    add_profile(result.report, writer.dir(), samples);
    RIG_CHECK(
        writer.save_report(render_text(result.report), render_json(result.report).dump(2) + "\n"));
    if (const auto* assets = web_assets())
        RIG_CHECK(write_report_page(writer.dir() / "report.html", writer.dir(), result.report,
                                    samples, assets));
    return result;
}

} // namespace

Result<ExperimentResult> run_experiment(const Spec& spec, const Environment& environment,
                                        const ExperimentOptions& options, std::stop_token stop) {
    std::filesystem::path dir;
    auto result = measure_experiment(spec, environment, options, stop, dir);
    if (dir.empty()) return result;
    // The run's lock is free by now. Otherwise an interrupted run would be indexed as running. The
    // index is derived from the folders, so a failure here loses nothing.
    if (const auto indexed = index_run(dir); !indexed && options.warn)
        options.warn(fmt::format("{} is not in the index (rig index adds it): {}", dir.string(),
                                 indexed.error().message));
    return result;
}

} // namespace rig
