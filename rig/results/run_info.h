// SPDX-License-Identifier: GPL-2.0-or-later
// Everything about a run that is not a sample, as plain data: the content of run.json, which
// reports print. No paths of this machine: file names are relative to the project or to the run's
// folder.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/sample.h"
#include "rig/host/cpu_allocation.h"
#include "rig/kernel/kernel_facts.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace rig {

struct RunKernel {
    std::string arm;
    std::string key;         // cache key
    std::string compiler;    // "gcc (Debian 12.2.0-14+deb12u1) 12.2.0"
    std::string config_file; // relative to the run's folder; empty if there is none
    // Relative to the project, in the order applied, prerequisites included.
    std::vector<std::string> patches;
    // SHA-256 of each text in `patches`. Empty in a run of format 5, which did not store them.
    std::vector<std::string> patch_sha256;
    KernelFacts facts; // version, image hash, and what the checks of kernel files need
};

struct RunInfo {
    std::string run_id;                  // chosen by RunWriter::create
    std::string spec_file;               // relative to the project
    std::string spec_text;               // as it was read; also stored as spec.toml
    std::vector<SpecOverride> overrides; // applied to spec_text before it was parsed
    std::string clock;                   // "virtual" | "wall": the clock in use
    // The reason, if rig chose the clock: "auto: KVM does not start a kernel here".
    std::string clock_why;
    std::string accelerator; // "tcg" | "kvm"
    unsigned boots = 0;      // planned per arm (the command line may override the spec)
    unsigned vcpus = 0;
    std::uint64_t seed = 0;
    std::string seed_varies; // one sentence: what differs between two boots of an arm
    std::string program;     // SHA-256 of the rig binary that ran
    // Under the wall clock: the boot ID of the host, since figures of different host boots are not
    // compared; else "".
    std::string host_boot;
    std::string rig_version, qemu_version, libvirt_version, perf_version;
    std::vector<std::string> command; // argv that reproduces this run, relative to the project
    RunCpuAllocation cpu_allocation;
    std::vector<std::string> source_warnings; // source files that were not built
    std::string image; // cache key of the initramfs: agent, perf and the experiment's additions
    std::string started,
        // UTC, 2026-02-23T10:32:48Z. `ended` is empty if the run was interrupted or is still
        // running.
        ended;
    // What ended the run early: "kernel: kernel panic: ...". A host fault does not end a run.
    std::string failure;
    unsigned resumed = 0;           // how often the run was resumed
    std::vector<RunKernel> kernels; // in the order of the arms
    std::vector<Replay> replays;    // replayed after all boots were done

    // Whether both are the same experiment on the same kernels with the same programs, so that
    // their boots may be counted together.
    bool same_run(const RunInfo& other) const;
    const RunKernel* find_kernel(std::string_view arm) const;
};

// Round-trips exactly. Errors are FaultDomain::Host: "run.KEY: what was found, want what". Format 5
// can be read too.
nlohmann::json to_json(const RunInfo& info);
Result<RunInfo> run_info_from_json(const nlohmann::json& json);

// The spec as it was run: `info.spec_text` with boots, seed, vCPUs and clock of this run. `top` is
// the project's folder. Files that the spec names must still exist, else FaultDomain::Spec.
Result<Spec> spec_of(const RunInfo& info, const std::filesystem::path& top);

} // namespace rig
