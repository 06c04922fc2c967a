// SPDX-License-Identifier: GPL-2.0-or-later
// A made-up run for tests of the stages after the boots: two arms whose validity checks all pass,
// with the figures of the prototype in domain.md (20 munmaps x 4 tables, 4 vCPUs).
#pragma once

#include "rig/guest_output/sample.h"
#include "rig/kernel/kernel_facts.h"
#include "rig/plan/count_keys.h"
#include "rig/results/run_info.h"
#include "rig/spec/spec.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace rig::fixture {

inline Spec make_spec(unsigned boots = 8) {
    Spec spec;
    spec.name = "batch-alloc-fail";
    spec.description = "what a failed table batch costs";
    spec.kernel.source = DistroSource{"linux-source-6.12", ""};
    spec.kernel.prerequisites = {"kernel-patches/6.12/enable"};
    spec.arms = {{"ipi", {}, "smp_call_function", {}},
                 {"reviewed", {"kernel-patches/6.12/reviewed"}, "synchronize_rcu", {}}};
    spec.guest.boots = boots;
    spec.faults[0].function = "tlb_remove_table";
    spec.target.function = "tlb_remove_table_one";
    spec.target.sync_function = "tlb_remove_table_smp_sync";
    spec.target.config = {{"MMU_GATHER_RCU_TABLE_FREE", "y"}, {"PT_RECLAIM", "n"}};
    return spec;
}

inline KernelFacts make_facts(char hash) {
    KernelFacts facts;
    facts.version = "6.12.117";
    facts.image_sha256 = std::string(64, hash);
    facts.config_known = true;
    facts.config = {{"MMU_GATHER_RCU_TABLE_FREE", "y"},
                    {"PT_RECLAIM", "n"},
                    {"X86", "y"},
                    {"PARAVIRT", "y"},
                    {"FAIL_PAGE_ALLOC", "y"},
                    {"FAULT_INJECTION_STACKTRACE_FILTER", "y"}};
    for (const auto& option : detector_options())
        facts.config[option] = "n";
    facts.config["BUG"] = "y";
    for (const char* name : {"tlb_remove_table", "tlb_remove_table_one",
                             "tlb_remove_table_smp_sync", "smp_call_function", "synchronize_rcu"})
        facts.symbols[name] = name;
    return facts;
}

// `patched`: no sync IPIs, slow target, more wake-ups. The values vary a little with the index of
// the boot.
inline Sample make_sample(const std::string& arm, unsigned index, bool patched) {
    Sample s;
    s.id = {arm, index, 1000 + index, 2 * index + patched};
    s.run_clock = "virtual";
    s.accelerator = "tcg";
    s.cpus_online = 4;
    s.kernel_release = "6.12.117";
    s.kernel_version = "#1 SMP";
    const std::uint64_t sync = patched ? 0 : 240;
    s.exercised = {80, 80, 80, 80, 80, sync, sync, 80, 80, 80, 20, 20, 0, true};
    s.counts = {{"sync_ipis", sync},
                {"csd_total", (patched ? 580 : 554) + index},
                {"tlb_flushes", 100},
                {"call_function_vectors", patched ? 160u : 400u},
                {"call_function_single_vectors", (patched ? 400 : 154) + index}};
    const std::uint64_t many = patched ? 40 : 110, one = patched ? 60 : 40;
    s.counts_per_cpu = {
        {"call_function_vectors", {patched ? 40u : 70u, many, many, many}},
        {"call_function_single_vectors", {patched ? 220u : 34u, one, one, one + index}}};
    s.ipis_by_function = {{"flush_tlb_func", 80},
                          {"nohz_full_kick_func", 4},
                          {"ttwu_pending", (patched ? 476 : 210) + index}};
    if (!patched) s.counts[marker_key("synchronize_rcu")] = 0;
    if (sync) s.ipis_by_function["tlb_remove_table_smp_sync"] = sync;
    s.injections_by_site = {{"tlb_remove_table", 80}};
    for (unsigned i = 0; i < 80; ++i)
        s.target_latency_ns.push_back((patched ? 8'000'000 : 10'500) + 100 * i + 7 * index);
    for (unsigned i = 0; i < 20; ++i) {
        s.call_latency_ns.push_back((patched ? 32'000'000 : 43'000) + 100 * i + 11 * index);
        s.agent_call_ns.push_back(s.call_latency_ns.back() + 9'000);
    }
    for (unsigned i = 0; i < 300; ++i) {
        s.bystander_wakeup_ns.push_back((patched ? 5'000 : 5'200) + 10 * (i % 50) + 3 * index);
        s.bystander_work_time_ns.push_back(30'000 + (!patched && i % 10 == 0 ? 2'000 : 0) + index);
    }
    s.host = {{"boot_wall_s", 13.5}};
    return s;
}

inline std::vector<Sample> make_samples(const Spec& spec) {
    std::vector<Sample> samples;
    for (unsigned index = 0; index < spec.guest.boots; ++index)
        for (const auto& arm : spec.arms)
            samples.push_back(make_sample(arm.name, index, arm.name != spec.arms.front().name));
    return samples;
}

inline RunInfo make_run(const Spec& spec) {
    RunInfo run;
    run.run_id = "20260223-103248-batch-alloc-fail";
    run.spec_file = "configs/batch-alloc-fail.toml";
    run.spec_text = "name = \"batch-alloc-fail\"\n";
    run.clock = "virtual";
    run.clock_why = "auto; no KVM: the probe boot did not start";
    run.accelerator = "tcg";
    run.boots = spec.guest.boots;
    run.vcpus = spec.guest.vcpus;
    run.seed = spec.guest.seed;
    run.seed_varies = "start offset 0-3999 us against the tick, 0-255 ballast pages";
    run.rig_version = "0.1.0";
    run.qemu_version = "7.2.11";
    run.perf_version = "perf version 6.12.117";
    run.command = {"./bootstrap", "compare", "configs/batch-alloc-fail.toml", "--seed", "1"};
    run.started = "2026-02-23T10:32:48Z";
    run.ended = "2026-02-23T10:36:31Z";
    char hash = 'a';
    for (const auto& arm : spec.arms) {
        RunKernel kernel{arm.name,
                         std::string(64, hash),
                         "gcc 12.2.0",
                         "kernels/" + arm.name + ".config",
                         {"kernel-patches/6.12/enable/0001-mm-use-the-table-batch.patch"},
                         {std::string(64, '1')},
                         make_facts(hash)};
        if (!arm.series.empty()) {
            kernel.patches.push_back("kernel-patches/6.12/" + arm.name + "/0001-mm-rcu.patch");
            kernel.patch_sha256.push_back(std::string(64, hash));
        }
        run.kernels.push_back(std::move(kernel));
        run.replays.push_back({arm.name, 0, ""});
        ++hash;
    }
    return run;
}

inline MetricSpec exactly(std::string name, std::map<std::string, ExactValue> values) {
    return {std::move(name), ExpectKind::Exactly, std::move(values), 0, 0};
}
inline MetricSpec at_most(std::string name, double ratio) {
    return {std::move(name), ExpectKind::AtMost, {}, ratio, 0};
}
inline MetricSpec not_worse(std::string name, double within) {
    return {std::move(name), ExpectKind::NotWorse, {}, 0, within};
}

// The text of an experiment that is read as make_spec(): for runs that are judged again from their
// folder.
inline constexpr std::string_view results_spec = R"(name = "batch-alloc-fail"
description = "what a failed table batch costs"
[kernel]
source = { distro = "linux-source-6.12" }
prerequisites = ["kernel-patches/6.12/enable"]
[[arm]]
name = "ipi"
marker = "smp_call_function"
[[arm]]
name = "reviewed"
series = ["kernel-patches/6.12/reviewed"]
marker = "synchronize_rcu"
[target]
function = "tlb_remove_table_one"
sync_function = "tlb_remove_table_smp_sync"
[target.config]
MMU_GATHER_RCU_TABLE_FREE = "y"
[metrics.sync_ipis]
expect = "exactly"
values = { ipi = "predicted", reviewed = 0 }
[metrics.target_latency]
expect = "at-most"
ratio = 5000
)";

} // namespace rig::fixture
