// SPDX-License-Identifier: GPL-2.0-or-later
// One boot's result as plain data: what samples.jsonl holds, one line per boot. Everything in a
// report is recomputed from these. Times are nanoseconds of the guest's own clock unless the name
// says otherwise.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/splat.h"
#include "rig/plan/schedule.h"
#include "rig/spec/spec.h"

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace rig {

// A boot runs the workload twice. The *counted* pass carries every probe and tracepoint: counts,
// callchains, exposure. The *timed* pass carries only the target's entry and return and the calls,
// so that the instruments of the first do not stand in the latencies (a kprobe in the IPI handler,
// for one, would make the IPI look slower).
struct Exercised {
    std::uint64_t injections = 0; // counted pass: fail_page_alloc/times before - after
    std::uint64_t target_hits =
        0; // counted pass, perf stat: entries of spec.target.function by the workload
    std::uint64_t marker_hits =
        0; // counted pass, perf stat: entries of the arm's witness by the workload
    std::uint64_t marked_hits =
        0; // counted pass, perf record: runs of the target in which, between entry and return of
           // the same task, the witness ran exactly once
    std::uint64_t failed_allocations =
        0; // counted pass, perf stat: allocations of the workload that were made to fail
    std::uint64_t sync_handled =
        0; // counted pass, perf stat: runs of the sync function on the receiving CPUs
    std::uint64_t recorded_sync =
        0;                       // counted pass, perf record: the same IPIs as counts["sync_ipis"]
    std::uint64_t work_done = 0; // counted pass: what the workload reports to have done
                                 // (Workload::work), such as tables freed
    std::uint64_t timed_injections = 0; // timed pass
    std::uint64_t timed_target_hits =
        0; // timed pass, perf record: target entries with a matching return
    std::uint64_t exposed_calls = 0; // timed pass, perf record: calls, of those call_latency_ns
                                     // holds, during which the target was entered
    std::uint64_t calls =
        0; // iterations of the workload completed in each pass (equal, else FaultDomain::Guest)
    std::uint64_t lost_events = 0;      // perf record, both passes: LOST records
    bool probe_addresses_match = false; // kprobes/list shows the target where System.map has it
};

// What the kernel complained of in a boot that completed nevertheless; equal title and function are
// one.
struct SampleSplat {
    SplatKind kind = SplatKind::Bug;
    std::string title;              // normalised: the same in every boot
    std::string function;           // "" if the console does not tell
    std::vector<std::string> trace; // its innermost callers, see console_triage.h
    unsigned count = 1;
    std::string guilty = {}; // see Splat::guilty; "": not told, or `function` itself
    bool operator==(const SampleSplat&) const = default;
};

struct Sample {
    BootId id;
    std::string run_clock;   // "virtual" | "wall"
    std::string accelerator; // "tcg" | "kvm"
    unsigned cpus_online = 0;
    std::string kernel_release; // uname -r, and
    std::string kernel_version; // uname -v of the guest
    Exercised exercised;

    // Counted pass, perf stat, sum over CPUs. Keys: sync_ipis, csd_total, those of the
    // architecture's Arch::events (call_function_vectors), and those of the experiment's own
    // metrics. The window of perf stat is a little wider than the workload: it holds the
    // instruments' own start and stop; ipis_by_function does not.
    std::map<std::string, std::uint64_t> counts;
    std::map<std::string, std::vector<std::uint64_t>> counts_per_cpu; // same keys; index = CPU

    // Counted pass: csd:csd_queue_cpu by function, from perf record, between the first iteration's
    // entry and the last one's return (rig/workloads/workload.h). Total IPIs = their sum.
    std::map<std::string, std::uint64_t> ipis_by_function;
    // Counted pass, whole window: where the IPIs of the sync function were queued
    // ("smp_call_function+0x2b").
    std::map<std::string, std::uint64_t> sync_callsites;
    // Counted pass: injected failures by the function whose allocation failed (innermost caller of
    // the allocator), from callchains.
    std::map<std::string, std::uint64_t> injections_by_site;

    // Timed pass.
    std::vector<std::uint64_t> target_latency_ns; // perf: entry..return of the target, one per hit
    std::vector<std::uint64_t> call_latency_ns;   // perf: entry..return of the workload's call
                                                  // (rig/workloads/workload.h), one per call
    std::vector<std::uint64_t> agent_call_ns;     // the workload's own clock around the same calls;
                                                  // empty if it cannot time them
    std::vector<std::uint64_t>
        bystander_wakeup_ns; // lateness of each bystander wake-up, all CPUs together
    std::vector<std::uint64_t>
        bystander_work_time_ns; // duration of a fixed piece of work after each wake-up
    std::map<std::string, std::vector<std::uint64_t>>
        latencies_ns; // by metric: functions the experiment times, workload's tasks
    std::map<std::string, std::vector<std::uint64_t>>
        background_ns; // by metric: what a background command measured

    // Both passes together: what the workload counts itself (guest/protocol/workload_counters.h).
    std::map<std::string, std::uint64_t> counters;

    // Both passes and the boot itself, from the console, by first occurrence.
    std::vector<SampleSplat> splats;
    unsigned further_splats = 0; // occurrences of splats that found no room in the list

    // Figures of the host, never compared for determinism: key -> value ("boot_wall_s",
    // "agent_ready_wall_s").
    std::map<std::string, double> host;
};

// A boot under the virtual clock made once more.
struct Replay {
    std::string arm;
    unsigned index = 0;
    std::string difference; // first_difference(): "" if there is none
};

// Round-trips exactly. from_json reports FaultDomain::Host with what is malformed. `with_host`
// false leaves `host` out: two replays under the virtual clock must then be equal byte for byte.
nlohmann::json to_json(const Sample& sample, bool with_host = true);
// Those of one arm, by index. The samples must outlive it.
std::vector<const Sample*> boots_of(const std::vector<Sample>& samples, const std::string& arm);
// Of a boot and its replay: "" if they are the same in every byte but the figures of the host, the
// arm's name and the place in the schedule; else the first figure that differs:
// "/counts/sync_ipis".
std::string first_difference(const Sample& one, const Sample& again);
Result<Sample> sample_from_json(const nlohmann::json& json);
// Is this one of the warm-up boots, which are proven but not judged?
bool is_warmup(const Spec& spec, const Sample& sample);

} // namespace rig
