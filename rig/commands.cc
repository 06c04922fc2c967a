#include "rig/commands.h"

#include "rig/base/random.h"
#include "rig/base/text.h"
#include "rig/doctor.h"
#include "rig/files.h"
#include "rig/host/qemu_hypervisor.h"
#include "rig/image.h"
#include "rig/read_run.h"
#include "rig/report/explain.h"
#include "rig/report/json.h"
#include "rig/report/suite_report.h"
#include "rig/report/text.h"
#include "rig/report_page.h"
#include "rig/schedule.h"
#include "rig/scratch.h"
#include "rig/spec_override.h"
#include "rig/store.h"
#include "rig/suite_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

CommandOutput report_output(const ReportInput& report, const CommonOptions& common) {
    const auto exit = report.comparison.exit;
    if (common.json) return {render_json(report).dump(2) + "\n", exit};
    return {render_text(report, common.colour ? Colour::Yes : Colour::No), exit};
}

// What reproduces a run from the project's top: the experiment and what this command line changed of it.
std::vector<std::string> reproduce(const std::filesystem::path& file, const std::filesystem::path& top, const Overrides& o) {
    std::vector<std::string> argv{"./bootstrap", "compare", std::filesystem::proximate(file, top).string()};
    const auto words = words_of(o);
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
}
json kernel_json(const std::string& arm, const Kernel& kernel) {
    return {{"arm", arm}, {"version", kernel.version}, {"key", kernel.key}, {"image_sha256", kernel.image_sha256}, {"bzimage", kernel.bzimage.string()},
            {"vmlinux", kernel.vmlinux.string()}, {"config", kernel.config.string()}, {"patches", kernel.patches}, {"compiler", kernel.compiler},
            {"build_seconds", kernel.build_seconds}, {"from_cache", kernel.from_cache}, {"incremental", kernel.incremental}};
}

// What boot and shell need: one arm ready, and the machine to run it on.
struct OneArm {
    Spec spec;
    Prepared prepared;
};
Result<OneArm> prepare_one(const CommandLine& line, const World& world) {
    RIG_TRY(spec, load_with_overrides(line.spec, line.overrides));
    RIG_TRY(arm, arm_of(spec, line.arm));
    RIG_TRY(prepared, prepare(spec, {*arm}, world));
    return OneArm{spec.for_arm(*arm), prepared};
}

} // namespace

Result<const Arm*> arm_of(const Spec& spec, const std::string& name) {
    if (const Arm* arm = spec.find_arm(name)) return arm;
    std::vector<std::string> names;
    for (const auto& arm : spec.arms) names.push_back(arm.name);
    return fail(Blame::Spec, fmt::format("{}: no arm '{}', accepted: {}", spec.file.string(), name, fmt::join(names, ", ")));
}

std::vector<std::string> compare_command_words(const Spec& spec, const Overrides& overrides) { return reproduce(spec.file, spec.top, overrides); }

std::vector<std::string> words_of(const Overrides& o) {
    std::vector<std::string> argv;
    const auto add = [&argv](const char* option, const std::string& value) { argv.insert(argv.end(), {option, value}); };
    if (o.boots) add("--boots", std::to_string(*o.boots));
    if (o.seed) add("--seed", std::to_string(*o.seed));
    if (o.vcpus) add("--vcpus", std::to_string(*o.vcpus));
    if (o.clock) add("--clock", *o.clock);
    for (const auto& one : o.set) add("--set", one);
    return argv;
}

Result<Spec> load_with_overrides(const std::filesystem::path& file, const Overrides& o) {
    std::vector<SpecOverride> overrides;
    for (const auto& text : o.set) {
        RIG_TRY(one, parse_override(text));
        overrides.push_back(one);
    }
    RIG_TRY(spec, load_spec(file, overrides));
    if (o.boots) spec.guest.boots = *o.boots;
    if (o.seed) spec.guest.seed = *o.seed;
    if (o.vcpus) spec.guest.vcpus = *o.vcpus;
    if (o.clock) spec.guest.clock = *o.clock == "virtual" ? ClockChoice::Virtual : *o.clock == "wall" ? ClockChoice::Wall : ClockChoice::Auto;
    return spec;
}

std::string error_json(const Error& error) {
    return json{{"error", {{"blame", name(error.blame)}, {"kind", error.kind}, {"message", error.message}, {"log", error.log.string()}}}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

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

Result<CommandOutput> build_command(const CommandLine& line, const CommonOptions& common, const World& world) {
    RIG_TRY(spec, load_with_overrides(line.spec, line.overrides));
    std::vector<Arm> arms = spec.arms;
    if (!line.arm.empty()) {
        RIG_TRY(arm, arm_of(spec, line.arm));
        arms = {*arm};
    }
    RIG_TRY(prepared, prepare(spec, arms, world));
    CommandOutput output;
    json all = json::array();
    for (const auto& arm : arms) {
        const Kernel& kernel = prepared.kernels.at(arm.name);
        all.push_back(kernel_json(arm.name, kernel));
        output.text += fmt::format("{:<14} {}  {}  {}\n  {}\n", arm.name, kernel.version, kernel.image_sha256.substr(0, 16),
                                   kernel.from_cache ? "cached" : fmt::format("built in {:.1f} s{}", kernel.build_seconds, kernel.incremental ? " (incremental)" : ""),
                                   kernel.bzimage.string());
    }
    output.text += fmt::format("{:<14} {}\n  {}\n", "image", prepared.perf_version, prepared.image.string());
    if (common.json) output.text = json{{"kernels", all}, {"image", prepared.image.string()}, {"perf", prepared.perf_version}}.dump(2) + "\n";
    return output;
}

Result<CommandOutput> boot_command(const CommandLine& line, const CommonOptions& common, const World& world, std::stop_token stop) {
    RIG_TRY(elsewhere, world.hypervisor.other_host());
    if (elsewhere && line.dump_memory)
        return fail(Blame::Spec, fmt::format("--dump-memory, but --connect {} is another host: want a URI of this host such as qemu:///system, or none", elsewhere->uri));
    RIG_TRY(one, prepare_one(line, world));
    RIG_TRY(arm, arm_of(one.spec, line.arm));
    RIG_TRY(chosen, choose_machine(one.spec, one.prepared, world, stop));
    const Kernel& kernel = one.prepared.kernels.at(arm->name);
    RIG_TRY(symbols, SymbolTable::parse(slurp(kernel.system_map), kernel.system_map.string()));
    const BootId id{arm->name, line.index, mix(one.spec.guest.seed, line.index), 0};
    RIG_TRY(plan, make_plan(one.spec, *arm, symbols, perturbation_for(id.seed)));
    GuestSetup setup{one.spec, chosen.machine, one.prepared.image, world.hypervisor, line.dump_memory};
    if (line.print_only) {
        auto request = make_request(setup, kernel, id.seed, "console.log");
        request.initrd = one.prepared.image;
        request.channel = "channel";
        RIG_TRY(program, world.hypervisor.emulator(arch_named(request.arch)));
        const auto argv = qemu_argv(request, program);
        if (common.json) return CommandOutput{json{{"qemu", argv}, {"plan", plan.json}}.dump(2) + "\n", Exit::AsExpected};
        std::string text;
        for (const auto& word : argv) text += (text.empty() ? "" : " ") + (word.find_first_of(" ()") == std::string::npos ? word : "'" + word + "'");
        return CommandOutput{text + "\n" + plan.json.dump(2) + "\n", Exit::AsExpected};
    }
    const auto evidence = common.results / fmt::format("{:%Y%m%d-%H%M%S}-boot-{}-{}", fmt::gmtime(std::chrono::system_clock::now()), arm->name, line.index);
    std::error_code error;
    std::filesystem::create_directories(evidence, error);
    if (error) return fail(Blame::Host, fmt::format("cannot make {}: {}", evidence.string(), error.message()));
    RIG_TRY(places, place_boots({chosen.machine.clock, one.spec.guest.vcpus, one.spec.guest.memory_mib}, 1, world, stop));
    for (const auto& warning : places.facts.warnings) common.warn(warning);
    setup.host_cpus = places.boots.front();
    world.progress.start(fmt::format("booting {}", arm->name));
    RIG_TRY(sample, measure_boot(setup, kernel, plan, id, evidence, stop));
    world.progress.finish();
    const auto exit = conclude(judge_splats(one.spec, {sample}), true).broken ? Exit::Broken : Exit::AsExpected;
    const json raw = to_json(sample);
    RIG_CHECK(write_atomically(evidence / "sample.json", raw.dump() + "\n"));
    if (common.json) return CommandOutput{raw.dump(2) + "\n", exit};
    std::string text = fmt::format("{} {} ({} clock, {}), {} CPUs, booted in {:.2f} s, agent ready after {:.2f} s\n", arm->name, sample.kernel_release,
                                   sample.run_clock, sample.accelerator, sample.cpus_online, sample.host["boot_wall_s"], sample.host["agent_ready_wall_s"]);
    for (const auto& [key, count] : sample.counts) text += fmt::format("  {:<32} {}\n", key, count);
    for (const auto& [function, count] : sample.ipis_by_function) text += fmt::format("  IPI {:<28} {}\n", function, count);
    for (const auto& splat : sample.splats) text += fmt::format("  splat {} ({} times)\n", in_words(splat), splat.count);
    if (places.facts.shared) text += "  ! other boots may have run on the same host CPUs (--share-cpus)\n";
    text += fmt::format("raw data: {}\n", evidence.string());
    return CommandOutput{text, exit};
}

Result<CommandOutput> shell_command(const CommandLine& line, const CommonOptions&, const World& world, std::stop_token stop) {
    RIG_TRY(one, prepare_one(line, world));
    const Kernel& kernel = one.prepared.kernels.at(line.arm);
    // A person at a keyboard wants wall time; KVM only if it is known to work here.
    one.spec.guest.clock = ClockChoice::Wall;
    RIG_TRY(chosen, choose_machine(one.spec, one.prepared, world, stop));
    const GuestSetup setup{one.spec, chosen.machine, one.prepared.image, world.hypervisor};
    auto request = make_request(setup, kernel, 1, {});
    request.deadline = std::chrono::hours(24);
    request.gdb_stub = line.gdb;
    request.gdb_port = line.gdb_port;
    const Scratch scratch;
    if (scratch.dir().empty()) return fail(Blame::Host, "cannot make a scratch folder in TMPDIR");
    request.channel = scratch.dir() / "channel";
    request.initrd = scratch.dir() / "initrd";
    RIG_CHECK(image_with_plan(one.prepared.image, simple_plan("shell").dump(), request.initrd));
    if (line.gdb)
        fmt::print(stderr, "waiting for gdb; in another terminal:\n  {} {} -ex 'target remote 127.0.0.1:{}' -ex continue\n",
                   arch_named(one.spec.kernel.arch).cross.empty() ? "gdb" : "gdb-multiarch", kernel.vmlinux.string(), line.gdb_port);
    auto ended = world.hypervisor.run(request, [](std::string_view) { return true; }, stop);
    if (!ended) return tl::unexpected(ended.error());
    if (!std::holds_alternative<Exited>(ended->outcome)) return fail(Blame::Host, "the shell's guest was ended from outside: " + ended->messages);
    return CommandOutput{};
}

Result<CommandOutput> report_command(const CommandLine& line, const CommonOptions& common) {
    RIG_TRY(dir, find_run(common.results, line.run));
    RIG_TRY(run, load_run(dir));
    RIG_TRY(report, report_of(run));
    if (!line.html.empty()) RIG_CHECK(write_report_page(line.html, run.dir, report, run.samples, web_assets()));
    return report_output(report, common);
}

Result<CommandOutput> explain_command(const CommandLine& line, const CommonOptions& common) {
    RIG_TRY(dir, find_run(common.results, line.run));
    RIG_TRY(run, load_run(dir));
    RIG_TRY(report, report_of(run));
    RIG_TRY(explanation, explain(report, line.metric));
    return CommandOutput{common.json ? explain_json(explanation).dump(2) + "\n" : explain_text(explanation), Exit::AsExpected};
}

Result<CommandOutput> calibrate_command(const CommandLine& line, const CommonOptions& common, const World& world, std::stop_token stop) {
    auto dir = line.spec;
    if (!std::filesystem::is_directory(dir)) {
        RIG_TRY(spec, load_with_overrides(line.spec, line.overrides));
        if (spec.guest.boots < line.calibration.boots)
            return fail(Blame::Spec, fmt::format("{}: guest.boots = {}, want at least the {} of one side of a comparison", line.spec.string(), spec.guest.boots, line.calibration.boots));
        RIG_TRY(booted, run_experiment(with_replay(spec), world, {common.results, common.jobs, compare_command_words(spec, line.overrides), line.fresh, common.disk_budget_mib << 20, common.warn}, stop));
        dir = booted.dir;
    }
    RIG_TRY(run, load_run(dir));
    RIG_TRY(declared, spec_of_run(run));
    const auto spec = with_replay(declared);
    const auto report = assemble(spec, run.info, run.samples, run.warnings, dir.string());
    // An effect that was not planted, or not measured, would be one that was not found. That the replay's image and witness
    // are the baseline's own is the point of it.
    for (const auto& arm : report.comparison.proofs)
        for (const auto& proof : arm.proofs)
            if (!proof.passed && !((proof.id == "image_differs" || proof.id == "witness_differs") && arm.arm == replay_of(spec.arms.front().name)))
                return fail(Blame::Guest, fmt::format("proof {} fails in {}: {}; {}", proof.id, arm.arm, proof.found, proof.reason));
    RIG_TRY(calibration, calibrate(spec, run.samples, line.calibration));
    auto text = fmt::format("{}\n{}raw data: {}\n", spec.description.empty() ? spec.name : spec.name + ": " + spec.description, calibration_text(calibration),
                            std::filesystem::proximate(dir).string());
    const auto machine_readable = calibration_json(calibration).dump(2) + "\n";
    RIG_CHECK(write_atomically(dir / "calibration.txt", text));
    RIG_CHECK(write_atomically(dir / "calibration.json", machine_readable));
    return CommandOutput{common.json ? machine_readable : text, calibration.exit()};
}

Result<CommandOutput> doctor_command(const CommonOptions& common, const World& world) {
    const auto findings = examine(gather(world.runner, world.cache.root()));
    CommandOutput output{render_doctor(findings, common.colour), anything_missing(findings) ? Exit::Host : Exit::AsExpected};
    if (common.json) output.text = to_json(findings).dump(2) + "\n";
    return output;
}

Result<CommandOutput> cache_command(const CommandLine& line, const CommonOptions& common, const World& world) {
    std::vector<CacheEntry> entries;
    constexpr unsigned kDefaultAgeDays = 30;
    if (line.prune) {
        std::optional<std::uint64_t> limit;
        if (line.max_gib) limit = static_cast<std::uint64_t>(*line.max_gib * (1ull << 30));
        entries = world.cache.prune(limit, line.max_age_days ? line.max_age_days : line.max_gib ? std::nullopt : std::optional<unsigned>(kDefaultAgeDays));
    } else {
        entries = world.cache.list();
    }
    json all = json::array();
    std::string text;
    std::uint64_t total = 0;
    for (const auto& entry : entries) {
        total += entry.bytes;
        all.push_back({{"kind", entry.kind}, {"key", entry.key}, {"label", entry.label}, {"bytes", entry.bytes}, {"last_used", entry.last_used}});
        text += fmt::format("{:<10} {:<12} {:>10}  {:%Y-%m-%d %H:%M}  {}\n", entry.kind, entry.key.substr(0, 12), size_text(entry.bytes),
                            fmt::gmtime(static_cast<std::time_t>(entry.last_used)), entry.label);
    }
    text += fmt::format("{} {} in {} ({})\n", line.prune ? "removed" : "total", size_text(total), world.cache.root().string(),
                        fmt::format("{} entries", entries.size()));
    if (common.json) text = json{{"root", world.cache.root().string()}, {"entries", all}, {"bytes", total}, {"pruned", line.prune}}.dump(2) + "\n";
    return CommandOutput{text, Exit::AsExpected};
}

} // namespace rig
