// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/boot_command.h"

#include "rig/analysis/splat_verdict.h"
#include "rig/base/files.h"
#include "rig/base/random.h"
#include "rig/base/scratch_dir.h"
#include "rig/boot/guest_boot.h"
#include "rig/cli/counted_functions.h"
#include "rig/cli/counted_lines.h"
#include "rig/cli/profiled_boot.h"
#include "rig/experiment/prepare.h"
#include "rig/experiment/prepared.h"
#include "rig/experiment/profile_setup.h"
#include "rig/guest_output/sample.h"
#include "rig/guest_output/splat.h"
#include "rig/hypervisor/count_plugin.h"
#include "rig/hypervisor/qemu_hypervisor.h"
#include "rig/kernel/initramfs.h"
#include "rig/kernel/symbol_table.h"
#include "rig/plan/guest_plan.h"
#include "rig/plan/schedule.h"
#include "rig/results/run_store.h"

#include <chrono>
#include <cstdio>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

json kernel_json(const std::string& arm, const Kernel& kernel) {
    return {{"arm", arm},
            {"version", kernel.version},
            {"key", kernel.key},
            {"image_sha256", kernel.image_sha256},
            {"boot_image", kernel.boot_image.string()},
            {"vmlinux", kernel.vmlinux.string()},
            {"config", kernel.config.string()},
            {"patches", kernel.patches},
            {"compiler", kernel.compiler},
            {"build_seconds", kernel.build_seconds},
            {"from_cache", kernel.from_cache},
            {"incremental", kernel.incremental}};
}

// What `boot` and `shell` need: one arm with its kernel and initramfs.
struct OneArm {
    Spec spec;
    Prepared prepared;
};
Result<OneArm> prepare_one(const CommandOptions& line, const CommonOptions& common,
                           const Environment& environment) {
    RIG_TRY(spec, load_and_warn(line.spec, line.overrides, common));
    RIG_TRY(arm, arm_of(spec, line.arm));
    RIG_TRY(prepared, prepare(spec, {*arm}, environment));
    return OneArm{spec.for_arm(*arm), prepared};
}

} // namespace

Result<CommandOutput> build_command(const CommandOptions& line, const CommonOptions& common,
                                    const Environment& environment) {
    RIG_TRY(spec, load_and_warn(line.spec, line.overrides, common));
    std::vector<Arm> arms = spec.arms;
    if (!line.arm.empty()) {
        RIG_TRY(arm, arm_of(spec, line.arm));
        arms = {*arm};
    }
    RIG_TRY(prepared, prepare(spec, arms, environment));
    CommandOutput output;
    json all = json::array();
    for (const auto& arm : arms) {
        const Kernel& kernel = prepared.kernels.at(arm.name);
        all.push_back(kernel_json(arm.name, kernel));
        output.text +=
            fmt::format("{:<14} {}  {}  {}\n  {}\n", arm.name, kernel.version,
                        kernel.image_sha256.substr(0, 16),
                        kernel.from_cache ? "cached"
                                          : fmt::format("built in {:.1f} s{}", kernel.build_seconds,
                                                        kernel.incremental ? " (incremental)" : ""),
                        kernel.boot_image.string());
    }
    output.text +=
        fmt::format("{:<14} {}\n  {}\n", "image", prepared.perf_version, prepared.image.string());
    if (common.json)
        output.text = json{{"kernels", all},
                           {"image", prepared.image.string()},
                           {"perf", prepared.perf_version}}
                          .dump(2) +
                      "\n";
    return output;
}

Result<CommandOutput> boot_command(const CommandOptions& line, const CommonOptions& common,
                                   const Environment& environment, std::stop_token stop) {
    RIG_TRY(elsewhere, environment.hypervisor.other_host());
    if (elsewhere && line.dump_memory)
        return fail(FaultDomain::Spec,
                    fmt::format("--dump-memory, but --connect {} is another host: want a URI of "
                                "this host such as qemu:///system, or none",
                                elsewhere->uri));
    RIG_TRY(one, prepare_one(line, common, environment));
    RIG_TRY(arm, arm_of(one.spec, line.arm));
    RIG_TRY(chosen, choose_machine(one.spec, one.prepared, environment, stop));
    const Kernel& kernel = one.prepared.kernels.at(arm->name);
    RIG_TRY(symbols, SymbolTable::parse(slurp(kernel.system_map), kernel.system_map.string()));
    const BootId id{arm->name, line.index, mix(one.spec.guest.seed, line.index), 0};
    RIG_TRY(plan, make_plan(one.spec, *arm, symbols, perturbation_for(id.seed)));
    GuestSetup setup{
        one.spec, chosen.machine, one.prepared.image, environment.hypervisor, line.dump_memory,
        {},       common.warn};
    std::optional<ArmLines> lines;
    if (line.count_lines) {
        RIG_TRY(mapped, lines_of_arm(one.spec, line.arm, {}, environment));
        lines = std::move(mapped);
    }
    if (!line.count.empty() || lines) {
        RIG_TRY(counting,
                counting_of(line.count, symbols, one.spec.kernel.arch, one.spec.guest.vcpus,
                            chosen.machine.accelerator, environment.hypervisor, plugin_folder(),
                            lines ? ranges_of(lines->map) : std::vector<CountedRange>{}));
        setup.counting = std::move(counting);
    }
    if (line.profile) {
        RIG_TRY(profiling, profiling_of(kernel, one.prepared.image, chosen.machine,
                                        arch_named(one.spec.kernel.arch), one.spec.guest.vcpus,
                                        environment, plugin_folder()));
        setup.profiling = std::move(profiling);
    }
    if (line.print_only) {
        auto request = make_request(setup, kernel, id.seed, "console.log");
        request.initrd = one.prepared.image;
        request.channel = "channel";
        if (setup.counting) request.plugin = CountPlugin{setup.counting->module, kCountsFile};
        if (setup.profiling) request.profiler = CountPlugin{setup.profiling->module, kProfileFile};
        RIG_TRY(program, environment.hypervisor.emulator(arch_named(request.arch)));
        const auto argv = qemu_argv(request, program);
        if (common.json)
            return CommandOutput{json{{"qemu", argv}, {"plan", plan.json}}.dump(2) + "\n",
                                 Exit::Pass};
        std::string text;
        for (const auto& word : argv)
            text += (text.empty() ? "" : " ") +
                    (word.find_first_of(" ()") == std::string::npos ? word : "'" + word + "'");
        return CommandOutput{text + "\n" + plan.json.dump(2) + "\n", Exit::Pass};
    }
    const auto evidence =
        common.results / fmt::format("{:%Y%m%d-%H%M%S}-boot-{}-{}",
                                     fmt::gmtime(std::chrono::system_clock::now()), arm->name,
                                     line.index);
    std::error_code error;
    std::filesystem::create_directories(evidence, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot make {}: {}", evidence.string(), error.message()));
    RIG_TRY(places,
            place_boots({chosen.machine.clock, one.spec.guest.vcpus, one.spec.guest.memory_mib}, 1,
                        environment, stop));
    for (const auto& warning : places.facts.warnings)
        common.warn(warning);
    setup.host_cpus = places.boots.front();
    environment.progress.start(fmt::format("booting {}", arm->name));
    RIG_TRY(sample, measure_boot(setup, kernel, plan, id, evidence, stop));
    environment.progress.finish();
    const auto exit =
        conclude(judge_splats(one.spec, {sample}), true).broken ? Exit::Fail : Exit::Pass;
    json raw = to_json(sample);
    RIG_CHECK(write_atomically(evidence / "sample.json", raw.dump() + "\n"));
    std::optional<InstructionCounts> counts;
    if (setup.counting) {
        RIG_TRY(read, read_counts_file(evidence / kCountsFile, setup.counting->layout));
        counts = std::move(read);
        // Beside the sample's keys, in what is printed only: the sample has no counts.
        raw["counted_functions"] = counted_functions_json(line.count, symbols, *counts);
        raw["counted_lines"] = lines ? counted_lines_json(*lines, *counts) : json::array();
        raw["counted_exactly"] = counts->exact();
    }
    if (common.json) return CommandOutput{raw.dump(2) + "\n", exit};
    std::string text = fmt::format(
        "{} {} ({} clock, {}), {} CPUs, booted in {:.2f} s, agent ready after {:.2f} s\n",
        arm->name, sample.kernel_release, sample.run_clock, sample.accelerator, sample.cpus_online,
        sample.host["boot_wall_s"], sample.host["agent_ready_wall_s"]);
    for (const auto& [key, count] : sample.counts)
        text += fmt::format("  {:<32} {}\n", key, count);
    for (const auto& [function, count] : sample.ipis_by_function)
        text += fmt::format("  IPI {:<28} {}\n", function, count);
    for (const auto& splat : sample.splats)
        text += fmt::format("  splat {} ({} times)\n", in_words(splat), splat.count);
    if (counts && !line.count.empty()) text += counted_functions_text(line.count, symbols, *counts);
    if (counts && lines) text += counted_lines_text(*lines, *counts);
    if (setup.profiling) {
        RIG_TRY(profiled, profiled_boot_text(evidence));
        text += profiled;
    }
    if (places.facts.shared)
        text += "  ! other boots may have run on the same host CPUs (--share-cpus)\n";
    text += fmt::format("raw data: {}\n", evidence.string());
    return CommandOutput{text, exit};
}

Result<CommandOutput> shell_command(const CommandOptions& line, const CommonOptions& common,
                                    const Environment& environment, std::stop_token stop) {
    if (line.overrides.clock == "virtual")
        return fail(FaultDomain::Spec, "--clock virtual: a shell runs under the wall clock, want "
                                       "it left out");
    RIG_TRY(one, prepare_one(line, common, environment));
    const Kernel& kernel = one.prepared.kernels.at(line.arm);
    // A person at a keyboard needs the wall clock. KVM is used only if it is known to work here.
    one.spec.guest.clock = ClockChoice::Wall;
    RIG_TRY(chosen, choose_machine(one.spec, one.prepared, environment, stop));
    const GuestSetup setup{one.spec, chosen.machine, one.prepared.image, environment.hypervisor};
    auto request = make_request(setup, kernel, 1, {});
    request.deadline = std::chrono::hours(24);
    request.gdb_stub = line.gdb;
    request.gdb_port = line.gdb_port;
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    request.channel = scratch.dir() / "channel";
    request.initrd = scratch.dir() / "initrd";
    RIG_CHECK(initramfs_with_plan(one.prepared.image, simple_plan("shell").dump(), request.initrd));
    if (line.gdb)
        fmt::print(stderr,
                   "waiting for gdb; in another terminal:\n  {} {} -ex 'target remote "
                   "127.0.0.1:{}' -ex continue\n",
                   arch_named(one.spec.kernel.arch).cross.empty() ? "gdb" : "gdb-multiarch",
                   kernel.vmlinux.string(), line.gdb_port);
    auto ended = environment.hypervisor.run(
        request, [](std::string_view) { return true; }, stop);
    if (!ended) return tl::unexpected(ended.error());
    if (!std::holds_alternative<Exited>(ended->outcome))
        return fail(FaultDomain::Host,
                    "the shell's guest was ended from outside: " + ended->messages);
    return CommandOutput{};
}

} // namespace rig
