// SPDX-License-Identifier: GPL-2.0-or-later
// Runs one boot: assembles the initramfs and the command line, starts the guest, talks to its
// agent, stores the evidence and classifies how the boot ended.
#pragma once

#include "rig/base/error.h"
#include "rig/boot/counts_file.h"
#include "rig/boot/profile_boot.h"
#include "rig/guest_output/console_triage.h"
#include "rig/guest_output/sample_builder.h"
#include "rig/hypervisor/hypervisor.h"
#include "rig/hypervisor/machine.h"
#include "rig/kernel/kernel.h"
#include "rig/plan/guest_plan.h"
#include "rig/plan/schedule.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace rig {

// What is the same for all boots of a run.
struct GuestSetup {
    const Spec& spec;
    Machine machine;
    std::filesystem::path image; // initramfs without a plan
    Hypervisor& hypervisor;
    // Whether to dump the memory of a guest that hangs, as memory.elf in its evidence.
    bool dump_memory = false;
    std::vector<int> host_cpus = {}; // BootRequest::host_cpus
    // Receives what the memory dump lacks; kRegistersFile has the same text.
    std::function<void(const std::string&)> warn = {};
    // Into kCountsFile of the evidence, which a boot leaves however it ends.
    std::optional<InstructionCounting> counting = {};
    // Into kProfileFile of the evidence, likewise.
    std::optional<Profiling> profiling = {};
};

// The data of a boot that completed.
struct BootRecord {
    Artifacts artifacts;
    std::string release, version; // from the guest's uname
    double wall_s = 0, agent_ready_wall_s = 0;
    std::vector<SampleSplat> splats; // splats that the kernel survived
    unsigned further_splats = 0;
};

// In the evidence of a boot that hung: the vCPU registers.
inline constexpr const char* kRegistersFile = "registers.txt";
// In the evidence of a boot with splats: the splats of its console, with excerpts.
inline constexpr const char* kSplatsFile = "splats.txt";

std::string kernel_cmdline(const Spec& spec, const Machine& machine);
// How long a boot of this experiment may take on this machine, in time of the host.
std::chrono::seconds boot_deadline(const Spec& spec, const Machine& machine);

// The request for a boot of `kernel` with its scratch files in `dir`, which the caller removes.
BootRequest make_request(const GuestSetup& setup, const Kernel& kernel, std::uint64_t seed,
                         const std::filesystem::path& console_log);

// Feeds a whole console log in pieces, since a guest may print up to kMaxConsole bytes, and
// finishes `triage`. A missing file counts as an empty log.
void triage_log(const std::filesystem::path& log, ConsoleTriage& triage);

// Boots, hands over `plan` and collects data until power-off. In every case `evidence` then has
// console.log and everything that the guest sent. Errors by fault domain:
// Kernel: panic; no message from the agent (dead at boot); a hang, named after the detector that
// fired; any other failure of a guest whose kernel splatted before.
// Guest: agent, perf or workload reported a failure or died; protocol violation; incomplete
// evidence.
// Host: QEMU did not start or died; host resources ran out; cancelled.
// A splat in a boot that completed is no error but part of the record.
Result<BootRecord> boot_guest(const GuestSetup& setup, const Kernel& kernel,
                              const nlohmann::json& plan, std::uint64_t seed,
                              const std::filesystem::path& evidence, std::stop_token stop);

// Runs one measured boot and returns its sample.
Result<Sample> measure_boot(const GuestSetup& setup, const Kernel& kernel, const GuestPlan& plan,
                            const BootId& id, const std::filesystem::path& evidence,
                            std::stop_token stop);

} // namespace rig
