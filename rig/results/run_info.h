// SPDX-License-Identifier: GPL-2.0-or-later
// Everything about a run that is not a sample, as plain data: what run.json holds and a report
// prints. Nothing here is a path of this machine: file names are relative to the project or to the
// run's folder.
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
    std::vector<std::string>
        patches; // relative to the project, in the order applied, enabling ones included
    std::vector<std::string> patch_sha256; // of their texts, one each; empty in a run of format 5,
                                           // which did not store them
    KernelFacts facts;                     // version, image hash, what the static proofs need
};

struct RunInfo {
    std::string run_id;                  // chosen by RunWriter::create
    std::string spec_file;               // relative to the project
    std::string spec_text;               // as it was; also spec.toml
    std::vector<SpecOverride> overrides; // replaced in it before it was read
    std::string clock;                   // "virtual" | "wall": what was used
    std::string clock_why;   // why, if it was chosen: "auto: KVM does not start a kernel here"
    std::string accelerator; // "tcg" | "kvm"
    unsigned boots = 0;      // per arm, as planned (the command line may overrule the spec)
    unsigned vcpus = 0;
    std::uint64_t seed = 0;
    std::string seed_varies; // one sentence: what differs between two boots of an arm
    std::string program;     // SHA-256 of rig itself, as it ran
    std::string host_boot; // wall clock: this boot of the host, whose figures another one's are not
                           // compared with; else ""
    std::string rig_version, qemu_version, libvirt_version, perf_version;
    std::vector<std::string> command; // argv that gives this run again, relative to the project
    RunCpuAllocation cpu_allocation;
    std::vector<std::string> source_warnings; // what was not built though it lay in the source
    std::string image; // cache key of the initramfs: agent, perf and what the experiment adds
    std::string started,
        ended;            // UTC, 2026-02-23T10:32:48Z; `ended` empty: interrupted or still going on
    std::string failure;  // "kernel: kernel panic: ...": what ended it before its time; a fault of
                          // the host does not end a run
    unsigned resumed = 0; // how often it was taken up again
    std::vector<RunKernel> kernels; // in the order of the arms
    std::vector<Replay> replays;    // made when the boots were done

    // The same experiment on the same kernels by the same programs: whose boots may be counted
    // together.
    bool same_run(const RunInfo& other) const;
    const RunKernel* find_kernel(std::string_view arm) const;
};

// Round-trips exactly. Errors: FaultDomain::Host, "run.exposure.x: what was found, want what".
// Reads format 5 too.
nlohmann::json to_json(const RunInfo& info);
Result<RunInfo> run_info_from_json(const nlohmann::json& json);

// The spec as it was run: `info.spec_text` with boots, seed, vCPUs and clock of this run in force.
// `top` is the project's folder; files the spec names must still be there (FaultDomain::Spec
// otherwise).
Result<Spec> spec_of(const RunInfo& info, const std::filesystem::path& top);

} // namespace rig
