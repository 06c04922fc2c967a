// SPDX-License-Identifier: GPL-2.0-or-later
// One boot: assemble the initramfs and the command line, boot, talk, keep the evidence, and say how
// it ended with blame.
#pragma once

#include "rig/base/error.h"
#include "rig/boot/counts_file.h"
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

// Everything of a boot that does not change from one to the next.
struct GuestSetup {
    const Spec& spec;
    Machine machine;
    std::filesystem::path image; // initramfs without a plan
    Hypervisor& hypervisor;
    bool dump_memory = false;        // of a guest that hangs, as memory.elf in its evidence
    std::vector<int> host_cpus = {}; // BootRequest::host_cpus
    // What the dump lacks, which kRegistersFile says as well.
    std::function<void(const std::string&)> warn = {};
    // Into kCountsFile of the evidence, which a boot leaves however it ends.
    std::optional<InstructionCounting> counting = {};
};

// What a boot left behind when it ended in good order.
struct BootRecord {
    Artifacts artifacts;
    std::string release, version; // uname of the guest
    double wall_s = 0, agent_ready_wall_s = 0;
    std::vector<SampleSplat> splats; // what the kernel complained of and survived
    unsigned further_splats = 0;
};

inline constexpr const char* kRegistersFile =
    "registers.txt"; // in the evidence of a boot that hung
inline constexpr const char* kSplatsFile =
    "splats.txt"; // in a boot's evidence: what the console complains of, with excerpts

std::string kernel_cmdline(const Spec& spec, const Machine& machine);
// Of the host's time, for a boot of this experiment on this machine.
std::chrono::seconds boot_deadline(const Spec& spec, const Machine& machine);

// The request for a boot of `kernel` with its scratch files in `dir` (removed by the caller).
BootRequest make_request(const GuestSetup& setup, const Kernel& kernel, std::uint64_t seed,
                         const std::filesystem::path& console_log);

// A whole console, read in pieces: a guest may print up to kMaxConsole bytes. Nothing where there
// is no file.
void triage_log(const std::filesystem::path& log, ConsoleTriage& triage);

// Boots, hands over `plan` and gathers until power-off. Evidence (console.log, everything the guest
// sent) lies in `evidence` in every case. Errors:
//   Blame::Kernel  panic; silence before the agent (dead at boot); hang, named after the detector
//   that spoke; any other
//                  end of a guest whose kernel complained before
//   Blame::Guest   agent, perf or workload reported a failure; protocol violated; the agent died
//   Blame::Host    QEMU did not start or died; cancelled
// A splat in a boot that completed is no error but part of the record.
Result<BootRecord> boot_guest(const GuestSetup& setup, const Kernel& kernel,
                              const nlohmann::json& plan, std::uint64_t seed,
                              const std::filesystem::path& evidence, std::stop_token stop);

// One measured boot as a sample.
Result<Sample> measure_boot(const GuestSetup& setup, const Kernel& kernel, const GuestPlan& plan,
                            const BootId& id, const std::filesystem::path& evidence,
                            std::stop_token stop);

} // namespace rig
