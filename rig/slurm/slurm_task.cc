// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/slurm/slurm_task.h"

#include "rig/base/files.h"
#include "rig/base/guest_clock.h"
#include "rig/base/sha256.h"
#include "rig/base/version.h"
#include "rig/boot/guest_boot.h"
#include "rig/experiment/line_counting.h"
#include "rig/experiment/prepare.h"
#include "rig/guest_output/boot_outcome.h"
#include "rig/host/artifact_cache.h"
#include "rig/host/cpu_placement.h"
#include "rig/host/cpu_speed.h"
#include "rig/kernel/symbol_table.h"
#include "rig/plan/guest_plan.h"
#include "rig/results/run_store.h"
#include "rig/slurm/slurm_spool.h"

#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>
#include <unistd.h>

namespace rig {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

Result<unsigned> environment_number(const char* name) {
    const auto text = variable(name);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return fail(
            FaultDomain::Spec,
            fmt::format(
                "${}: '{}', want a number; a task is started by Slurm (rig compare --engine slurm)",
                name, text));
    return value;
}

std::string this_node() {
    if (const auto node = variable("SLURMD_NODENAME"); !node.empty()) return node;
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

struct Task {
    SlurmPlan plan;
    Spec spec;
};
Result<Task> read_task(const SlurmSpool& spool) {
    RIG_TRY(plan, load_slurm_plan(spool.plan()));
    RIG_TRY(program, own_sha256());
    if (program != plan.run.program)
        return fail(FaultDomain::Host,
                    fmt::format("rig of node {} is another one (SHA-256 {}, that of "
                                "the comparison {}): want the same file on all nodes",
                                this_node(), program, plan.run.program));
    RIG_TRY(spec, spec_of(plan.run, plan.top));
    return Task{plan, spec};
}

// Checks that a file made by the build or by another node is unchanged. Otherwise the boots would
// test something else than the run reports.
Status unchanged(const std::filesystem::path& file, const std::string& sha256) {
    const auto found = sha256_file(file);
    if (!found)
        return fail(FaultDomain::Host,
                    fmt::format("node {}: {}; the cache has to be a folder that all nodes share",
                                this_node(), found.error().message));
    if (*found != sha256)
        return fail(FaultDomain::Host,
                    fmt::format("node {}: {} is another file (SHA-256 {}, want {})", this_node(),
                                file.string(), *found, sha256));
    return {};
}

Result<Sample> make(const Task& task, const PlannedBoot& planned, const SlurmPrepared& there,
                    const Environment& environment, const std::filesystem::path& evidence,
                    std::stop_token stop) {
    const auto& arm = *task.spec.find_arm(planned.id.arm);
    const auto& kernel = there.prepared.kernels.at(arm.name);
    RIG_CHECK(unchanged(kernel.boot_image, kernel.image_sha256));
    for (const auto& [file, sha256] : there.sha256)
        if (file == there.prepared.image || file == kernel.vmlinux || file == kernel.system_map)
            RIG_CHECK(unchanged(file, sha256));
    RIG_TRY(symbols, SymbolTable::parse(slurp(kernel.system_map), kernel.system_map.string()));
    RIG_TRY(plan, make_plan(task.spec, arm, symbols, planned.perturbation));
    const auto own = task.spec.for_arm(arm);
    static const double slowness = host_slowdown_factor(); // same for all boots on this host
    const GuestClock clock = GuestClock::Virtual;
    const Machine machine{clock, Accelerator::Tcg, slowness};
    RIG_TRY(counting, counting_of_arms(task.spec, there.prepared.kernels, there.prepared.lines,
                                       machine, environment));
    RIG_TRY(places, take_places({clock, own.guest.vcpus, own.guest.memory_mib}, 1, environment.host,
                                environment.progress, stop));
    GuestSetup setup{
        own, machine, there.prepared.image, environment.hypervisor, false, places.boots.front()};
    if (const auto found = counting.find(arm.name); found != counting.end())
        setup.counting = found->second;
    return measure_boot(setup, kernel, plan, planned.id, evidence, stop);
}

} // namespace

Result<std::string> build_task_command(const TaskOptions& line, const Environment& environment,
                                       std::stop_token stop) {
    const SlurmSpool spool{line.spool};
    const auto built = [&]() -> Result<SlurmPrepared> {
        RIG_TRY(task, read_task(spool));
        RIG_TRY(prepared, prepare(task.spec, task.spec.arms, environment));
        RIG_TRY(lines, map_changed_lines(task.spec, prepared,
                                         {GuestClock::Virtual, Accelerator::Tcg, 1}, environment));
        prepared.lines = std::move(lines);
        SlurmPrepared all{prepared, {}};
        std::set<std::filesystem::path> files{prepared.image};
        for (const auto& [arm, kernel] : prepared.kernels)
            files.insert({kernel.vmlinux, kernel.system_map});
        files.erase(std::filesystem::path()); // a prebuilt kernel may lack one of the files
        for (const auto& file : files) {
            RIG_TRY(sha256, sha256_file(file));
            all.sha256[file] = sha256;
        }
        return all;
    }();
    if (!built && stop.stop_requested()) return tl::unexpected(built.error());
    if (!built) {
        RIG_CHECK(write_atomically(
            spool.build_error(),
            to_json(built.error()).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                "\n"));
        // Fail the task, so that the waiting boots do not start.
        return tl::unexpected(built.error());
    }
    RIG_CHECK(write_atomically(
        spool.prepared(),
        to_json(*built).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
    return fmt::format("prepared on {}\n", this_node());
}

Result<std::string> boot_task_command(const TaskOptions& line, const Environment& environment,
                                      std::stop_token stop) {
    const SlurmSpool spool{line.spool};
    RIG_TRY(index,
            line.index ? Result<unsigned>(*line.index) : environment_number("SLURM_ARRAY_TASK_ID"));
    RIG_TRY(order, order_of(spool.list(line.list), index));
    RIG_TRY(task, read_task(spool));
    RIG_TRY(there, load_slurm_prepared(spool.prepared()));
    const auto schedule = make_schedule(task.spec, false);
    if (order >= schedule.size())
        return fail(FaultDomain::Host,
                    fmt::format("{}: boot {}, want less than {}", spool.list(line.list).string(),
                                order, schedule.size()));
    const auto& planned = schedule[order];
    const auto kernel = there.prepared.kernels.find(planned.id.arm);
    if (kernel == there.prepared.kernels.end())
        return fail(FaultDomain::Host, fmt::format("{}: no kernel of arm '{}'",
                                                   spool.prepared().string(), planned.id.arm));

    SlurmResult result;
    result.order = order;
    auto& by = result.maker;
    by = {task.plan.run.program,
          {},
          kernel->second.image_sha256,
          there.prepared.image.parent_path().filename().string(),
          this_node(),
          variable("SLURM_ARRAY_JOB_ID") + "_" + variable("SLURM_ARRAY_TASK_ID"),
          0};
    if (!variable("SLURM_RESTART_COUNT").empty()) {
        RIG_TRY(restarts, environment_number("SLURM_RESTART_COUNT"));
        by.restarts = restarts;
    }
    const auto folder =
        spool.making() / fmt::format("{}-{}-{}-{}", order, by.job, by.restarts, ::getpid());
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("node {}: cannot make {}: {}; the results have to be "
                                "in a folder that all nodes share",
                                by.node, folder.string(), error.message()));

    if (auto version = environment.hypervisor.version(arch_named(task.spec.kernel.arch)); version) {
        by.qemu = *version;
        result.sample = make(task, planned, there, environment, folder, stop);
    } else {
        result.sample = did_not_start(version.error().message, folder);
    }
    if (!result.sample && stop.stop_requested() &&
        result.sample.error().fault_domain == FaultDomain::Host &&
        result.sample.error().complaint.empty())
        return tl::unexpected(result.sample.error());
    if (result.sample) result.sample->host["slurm_restarts"] = by.restarts;
    RIG_CHECK(write_atomically(folder / kMakerFile, to_json(by).dump(2) + "\n"));
    RIG_CHECK(write_atomically(
        folder / kResultFile,
        to_json(result).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
    std::filesystem::rename(folder, spool.done(order), error);
    // If a result exists already, an attempt that was taken for lost has made it. That is no error.
    if (error && !std::filesystem::exists(spool.done(order) / kResultFile))
        return fail(FaultDomain::Host, fmt::format("node {}: cannot make {}: {}", by.node,
                                                   spool.done(order).string(), error.message()));
    return fmt::format("boot {} ({} {}) on {}{}{}\n", order, planned.id.arm, planned.id.index,
                       by.node, error ? ": made before" : "",
                       result.sample ? "" : ": " + result.sample.error().message);
}

} // namespace rig
