// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/guest_boot.h"

#include "guest/protocol/protocol.h"
#include "rig/base/files.h"
#include "rig/base/guest_clock.h"
#include "rig/base/scratch_dir.h"
#include "rig/boot/classify_end.h"
#include "rig/boot/guest_session.h"
#include "rig/boot/memory_dump.h"
#include "rig/guest_output/boot_outcome.h"
#include "rig/guest_output/console_triage.h"
#include "rig/guest_output/kernel_words.h"
#include "rig/hypervisor/qmp.h"
#include "rig/kernel/initramfs.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fstream>

namespace rig {
namespace {

using nlohmann::json;

HostRoom host_room(const std::filesystem::path& evidence, const std::filesystem::path& scratch) {
    const auto room = [](const std::filesystem::path& dir) {
        std::error_code unknown;
        const auto space = std::filesystem::space(dir, unknown);
        return unknown ? UINTMAX_MAX : space.available;
    };
    return {room(evidence), room(scratch)};
}

// For human readers: the file that the report calls the excerpts.
Status write_splats(const std::filesystem::path& file, const ConsoleTriage& console,
                    bool log_arrived) {
    std::string text;
    for (const auto& splat : console.splats())
        text += fmt::format("== {}: {}{} ({} ×){}\n{}\n", name(splat.kind), in_words(splat),
                            guilty_beside(splat), splat.count, splat.fatal ? ", fatal" : "",
                            splat.excerpt);
    if (!text.empty() && !log_arrived) text += fmt::format("== {}\n", kCannotTell);
    if (console.overflow())
        text += fmt::format("== {} more of other kinds are not kept; see console.log\n",
                            console.overflow());
    if (text.empty()) {
        std::error_code ignored; // left by an earlier attempt
        std::filesystem::remove(file, ignored);
        return {};
    }
    return write_atomically(file, text);
}

std::string all_registers(const GuestEnd& end) {
    auto text = end.registers;
    for (std::size_t i = 0; i < end.registers_again.size(); ++i)
        text += fmt::format("\n== again, {} ms of running later\n{}",
                            (i + 1) * kBetweenLooks.count(), end.registers_again[i]);
    return text;
}

std::vector<SampleSplat> as_data(const ConsoleTriage& console) {
    std::vector<SampleSplat> data;
    for (const auto& splat : console.splats())
        data.push_back({splat.kind, splat.title, splat.function, splat.trace, splat.count,
                        splat.guilty == splat.function ? "" : splat.guilty});
    return data;
}

// Whether user space of the guest computes besides the workload's own process.
bool computes_besides(const Spec& spec) {
    return spec.workload.bystander_mode != BystanderMode::Sleep || !spec.backgrounds.empty() ||
           has_threads(spec.workload);
}

} // namespace

std::string kernel_cmdline(const Spec& spec, const Machine& machine) {
    // nokaslr, norandmaps: the same addresses in every boot. panic=-1 with -no-reboot ends QEMU at
    // once.
    const auto& arch = arch_named(spec.kernel.arch);
    std::string line = fmt::format(
        "console={} nokaslr norandmaps mitigations=off panic=-1 oops=panic", arch.console);
    if (machine.accelerator == Accelerator::Tcg && !arch.cmdline_tcg.empty())
        line += " " + arch.cmdline_tcg;
    if (machine.clock == GuestClock::Virtual && !arch.cmdline_virtual.empty())
        line += " " + arch.cmdline_virtual;
    if (!spec.guest.extra_cmdline.empty()) line += " " + spec.guest.extra_cmdline;
    return line;
}

// For each command around the workload, in each pass.
constexpr unsigned kSecondsPerStep = 60;

std::chrono::seconds boot_deadline(const Spec& spec, const Machine& machine) {
    if (spec.guest.deadline_seconds) return std::chrono::seconds(spec.guest.deadline_seconds);
    // A boot with the default workload takes 5 s with 4 vCPUs under icount, and the time of the
    // single-threaded emulator grows with the vCPUs. Allow ten times that, plus a reserve for a
    // busy host.
    const unsigned work = 1 + spec.workload.iterations / 100;
    const unsigned per_vcpu = machine.accelerator == Accelerator::Kvm ? 2 : 15;
    const unsigned passes = spec.guest.passes == Passes::Count ? 1 : 2;
    // Commands around the workload run in each pass. How long they take nobody knows.
    unsigned steps = 0;
    for (const auto* command :
         {&spec.workload.setup, &spec.workload.check, &spec.workload.teardown})
        if (!command->empty()) steps += passes * kSecondsPerStep;
    // Under the wall clock every pass keeps its pace.
    const auto paced = static_cast<unsigned long long>(passes) * spec.workload.iterations *
                       spec.workload.pace_us / 1'000'000;
    return std::chrono::seconds(
        static_cast<long>(machine.slowness * (60 + steps + per_vcpu * spec.guest.vcpus * work)) +
        static_cast<long>(paced));
}

BootRequest make_request(const GuestSetup& setup, const Kernel& kernel, std::uint64_t seed,
                         const std::filesystem::path& console_log) {
    BootRequest request;
    request.arch = setup.spec.kernel.arch;
    request.pvh = kernel.pvh;
    request.kernel = kernel.boot_image;
    request.cmdline = kernel_cmdline(setup.spec, setup.machine);
    request.vcpus = setup.spec.guest.vcpus;
    request.numa = setup.spec.guest.numa;
    request.memory_mib = setup.spec.guest.memory_mib;
    request.clock = setup.machine.clock;
    request.accelerator = setup.machine.accelerator;
    request.seed = seed;
    request.host_cpus = setup.host_cpus;
    request.console_log = console_log;
    request.deadline = boot_deadline(setup.spec, setup.machine);
    return request;
}

void triage_log(const std::filesystem::path& log, ConsoleTriage& triage) {
    std::ifstream in(log, std::ios::binary);
    std::string piece(64 * 1024, '\0');
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
        triage.feed({piece.data(), static_cast<std::size_t>(in.gcount())});
    triage.finish();
}

Result<BootRecord> boot_guest(const GuestSetup& setup, const Kernel& kernel, const json& plan,
                              std::uint64_t seed, const std::filesystem::path& evidence,
                              std::stop_token stop) {
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    const auto log = evidence / "console.log";
    auto request = make_request(setup, kernel, seed, log);
    request.initrd = scratch.dir() / "initrd";
    request.channel = scratch.dir() / "channel";
    if (const auto monitor = scratch.dir() / "monitor"; monitor.string().size() <= kMaxSocketPath)
        request.monitor = monitor;
    if (setup.dump_memory) request.memory_dump = evidence / "memory.elf";
    if (setup.counting) {
        request.plugin =
            CountPlugin{setup.counting->module, std::filesystem::absolute(evidence / kCountsFile)};
        RIG_CHECK(create_counts_file(request.plugin->counts, setup.counting->layout));
    }
    if (setup.profiling) {
        RIG_CHECK(begin_profile(*setup.profiling, evidence));
        request.profiler = profiler_of(*setup.profiling, evidence);
    }
    RIG_CHECK(initramfs_with_plan(setup.image, plan.dump(), request.initrd));

    Conversation talk;
    RIG_CHECK(room_to_begin(host_room(evidence, scratch.dir())));
    auto end = setup.hypervisor.run(
        request, [&talk](std::string_view bytes) { return talk.take(bytes); }, stop);
    for (const auto& [name, content] : talk.artifacts)
        RIG_CHECK(write_atomically(evidence / name, content));
    const auto profiled =
        setup.profiling ? keep_profile(*setup.profiling, talk.artifacts, evidence) : Status{};
    if (!end) return did_not_start(end.error().message, log);
    std::error_code none;
    std::filesystem::remove(evidence / kRegistersFile, none); // left by an earlier attempt
    if (std::filesystem::exists(request.memory_dump, none))
        if (const auto described = describe_kernel_in_dump(request.memory_dump, kernel);
            !described) {
            const auto text = "memory.elf has no note VMCOREINFO, which drgn and crash look for: " +
                              described.error().message;
            end->registers += "\n" + text + "\n";
            if (setup.warn) setup.warn(text);
        }
    if (!end->registers.empty())
        RIG_CHECK(write_atomically(evidence / kRegistersFile, all_registers(*end)));
    const auto sent = [&](const char* name) -> std::string_view {
        const auto found = talk.artifacts.find(name);
        return found == talk.artifacts.end() ? std::string_view() : found->second;
    };
    const auto kernel_log = sent(guest::kKernelLog);
    const bool log_arrived = !kernel_log.empty();
    ConsoleTriage console(words_of(kernel_log).programs);
    triage_log(log, console);
    RIG_CHECK(write_splats(evidence / kSplatsFile, console, log_arrived));
    auto status = classify_end(*end,
                               {talk.ready.has_value(), talk.bye, talk.failure, talk.violation,
                                std::string(sent(guest::kTasks))},
                               console, host_room(evidence, scratch.dir()), log, request.deadline,
                               computes_besides(setup.spec));
    if (status) status = nothing_withheld(console, kernel_log, log);
    if (status && !talk.artifacts.contains(guest::kDetectorSwitches))
        status = ended(BootOutcome::BadEvidence,
                       fmt::format("the guest did not send {}", guest::kDetectorSwitches), log);
    if (status) status = no_detector_muted(console, sent(guest::kDetectorSwitches), log);
    if (!status) {
        // The host caused the stalls that the kernel of a starved guest reports.
        const bool starved = status.error().kind == about(BootOutcome::Starved).name;
        for (const auto& splat : console.splats())
            if (status.error().complaint.empty() && !is_notice(splat.kind) &&
                !(starved && is_stall(splat.kind)))
                status.error().complaint = in_words(splat);
        if (auto& error = status.error(); error.fault_domain == FaultDomain::Guest && log_arrived)
            if (auto withheld = nothing_withheld(console, kernel_log, log);
                !withheld && !withheld.error().complaint.empty()) {
                error.complaint = withheld.error().complaint;
                error = after_complaint(error);
            }
        if (auto& error = status.error();
            !log_arrived && !end->panicked && !error.complaint.empty()) {
            if (error.fault_domain == FaultDomain::Kernel)
                error.message += std::string("; ") + kCannotTell;
            // after_complaint() adds the splat and this remark to the message.
            if (error.fault_domain == FaultDomain::Host)
                error.complaint += fmt::format(" ({})", kCannotTell);
        }
        return tl::unexpected(std::move(status.error()));
    }
    RIG_CHECK(profiled);
    BootRecord record{std::move(talk.artifacts), talk.release,      talk.version, end->seconds, 0,
                      as_data(console),          console.overflow()};
    record.agent_ready_wall_s = std::chrono::duration<double>(*talk.ready - talk.started).count();
    return record;
}

Result<Sample> measure_boot(const GuestSetup& setup, const Kernel& kernel, const GuestPlan& plan,
                            const BootId& id, const std::filesystem::path& evidence,
                            std::stop_token stop) {
    RIG_TRY(record, boot_guest(setup, kernel, plan.json, id.seed, evidence, stop));
    // In the baseline, the experiment does not work; in another arm alone, its patch may be why.
    const bool reference = setup.spec.target.revisions || id.arm == setup.spec.arms.front().name;
    auto sample = collect(record.artifacts, plan, setup.spec,
                          reference ? FailedCheck::IsFault : FailedCheck::Counts);
    if (sample && setup.counting)
        if (auto added = add_instructions(*sample, *setup.counting, evidence / kCountsFile); !added)
            sample = tl::unexpected(std::move(added.error()));
    if (!sample) {
        auto& error = sample.error();
        error.log = evidence;
        if (error.kind.empty()) error.kind = about(BootOutcome::BadEvidence).name;
        const auto complaint =
            std::find_if(record.splats.begin(), record.splats.end(),
                         [](const SampleSplat& splat) { return !is_notice(splat.kind); });
        if (complaint == record.splats.end()) return sample;
        error.complaint = in_words(*complaint);
        error = after_complaint(error);
        return sample;
    }
    sample->id = id;
    sample->run_clock = name(setup.machine.clock);
    sample->accelerator = name(setup.machine.accelerator);
    sample->kernel_release = record.release;
    sample->kernel_version = record.version;
    sample->splats = std::move(record.splats);
    sample->further_splats = record.further_splats;
    sample->host = {{"boot_wall_s", record.wall_s},
                    {"agent_ready_wall_s", record.agent_ready_wall_s}};
    return sample;
}

} // namespace rig
