// SPDX-License-Identifier: GPL-2.0-or-later
// The result of one boot as plain data: one line of samples.jsonl. Everything in a report is
// recomputed from samples. Times are nanoseconds of the guest's own clock unless the name says
// otherwise.
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

// A boot runs the workload twice. The *count pass* arms every probe and tracepoint: counts,
// callchains, validity checks. The *latency pass* arms only the target's entry and return and those
// of the calls, so that the instruments of the count pass do not distort latencies. (For example, a
// kprobe in the IPI handler would make the IPI look slower.)
struct Exercised {
    // Count pass: the fault point's times before - after, the sum over all points.
    std::uint64_t injections = 0;
    // Count pass, perf stat: entries of spec.target.function by the workload.
    std::uint64_t target_hits = 0;
    // Count pass, perf stat: entries of the arm's marker by the workload.
    std::uint64_t marker_hits = 0;
    // Count pass, perf record: runs of the target in which the marker ran exactly once between
    // entry and return of the same task.
    std::uint64_t marked_hits = 0;
    // Count pass, perf stat: calls of the workload that the fault injection failed, all points.
    std::uint64_t failed_allocations = 0;
    // Count pass, perf stat: runs of the sync function on the receiving CPUs.
    std::uint64_t sync_handled = 0;
    // Count pass, perf record: the same IPIs as counts["sync_ipis"].
    std::uint64_t recorded_sync = 0;
    // Count pass: the work that the workload reports (Workload::work), such as tables freed.
    std::uint64_t work_done = 0;
    // Latency pass.
    std::uint64_t timed_injections = 0;
    // Latency pass, perf record: entries of the target with a matching return.
    std::uint64_t timed_target_hits = 0;
    // Latency pass, perf record: calls in call_latency_ns during which the target was entered.
    std::uint64_t exposed_calls = 0;
    // Completed iterations of the workload in each pass (equal, else FaultDomain::Guest).
    std::uint64_t calls = 0;
    // Both passes, perf record: lost events.
    std::uint64_t lost_events = 0;
    // Whether kprobes/list shows the target at its System.map address.
    bool probe_addresses_match = false;
};

// A splat in a boot that completed. Splats with equal title and function are one.
struct SampleSplat {
    SplatKind kind = SplatKind::Bug;
    std::string title;              // normalised: the same in every boot
    std::string function;           // "" if the console does not show it
    std::vector<std::string> trace; // its innermost callers, see console_triage.h
    unsigned count = 1;
    // See Splat::guilty; "" if unknown or equal to `function`.
    std::string guilty = {};
    bool operator==(const SampleSplat&) const = default;
};

// What was made to fail at one fault point.
struct FaultCounts {
    // Count pass and latency pass: times before - after.
    std::uint64_t injections = 0, timed_injections = 0;
    // Count pass, perf stat: failed calls of the workload.
    std::uint64_t failed = 0;
    // Count pass, perf record: failed calls with a frame in the functions that the fault names; all
    // if it names none.
    std::uint64_t below = 0;
    // Count pass, perf record: failed calls by the innermost caller.
    std::map<std::string, std::uint64_t> by_site = {};
    bool operator==(const FaultCounts&) const = default;
};

struct Sample {
    BootId id;
    std::string run_clock;     // "virtual" | "wall"
    std::string accelerator;   // "tcg" | "kvm"
    unsigned nodes_online = 1; // NUMA nodes
    unsigned cpus_online = 0;
    // `uname -r` and `uname -v` of the guest.
    std::string kernel_release;
    std::string kernel_version;
    Exercised exercised;

    // Count pass, perf stat, sum over CPUs. Keys: sync_ipis, csd_total, those of the architecture's
    // Arch::events (call_function_vectors), and those of the experiment's own metrics. The window
    // of perf stat is slightly wider than the workload: unlike ipis_by_function it includes the
    // start and stop of the instruments.
    std::map<std::string, std::uint64_t> counts;
    // Same keys; the index is the CPU.
    std::map<std::string, std::vector<std::uint64_t>> counts_per_cpu;

    // Count pass: csd:csd_queue_cpu by function, from perf record, between the entry of the first
    // iteration and the return of the last one (rig/workloads/workload.h). Total IPIs are their
    // sum.
    std::map<std::string, std::uint64_t> ipis_by_function;
    // Count pass, whole window: call sites that queued the IPIs of the sync function
    // ("smp_call_function+0x2b").
    std::map<std::string, std::uint64_t> sync_callsites;
    // Count pass: injected failures by the function whose allocation failed (innermost caller of
    // the allocator), from callchains.
    std::map<std::string, std::uint64_t> injections_by_site;

    // By fault point, if the experiment's faults are counted apart (Spec::failures_hit_target());
    // else empty.
    std::map<std::string, FaultCounts> faults = {};

    // Latency pass.
    // From perf: entry to return of the target, one value per hit.
    std::vector<std::uint64_t> target_latency_ns;
    // From perf: entry to return of the workload's call (rig/workloads/workload.h), one value per
    // call.
    std::vector<std::uint64_t> call_latency_ns;
    // From the workload's own clock, around the same calls; empty if it cannot time them.
    std::vector<std::uint64_t> agent_call_ns;
    // Lateness of each bystander wake-up, all CPUs together.
    std::vector<std::uint64_t> bystander_wakeup_ns;
    // Duration of a fixed piece of work after each wake-up.
    std::vector<std::uint64_t> bystander_work_time_ns;
    // Bystanders in user space, one value for each of their CPUs: pieces of work done in the
    // window, the length of the window, and the longest time between the ends of two pieces.
    std::vector<std::uint64_t> bystander_user_work;
    std::vector<std::uint64_t> bystander_user_window_ns;
    std::vector<std::uint64_t> bystander_user_gap_ns;
    // Lateness of each wake-up of the bystander on the caller's CPU.
    std::vector<std::uint64_t> caller_bystander_wakeup_ns;
    // By name: what the workload times itself (Workload::timings), part by part.
    std::map<std::string, std::vector<std::uint64_t>> workload_ns;
    // By metric: functions that the experiment times, and the workload's timings.
    std::map<std::string, std::vector<std::uint64_t>> latencies_ns;
    // By metric: what a background command measured.
    std::map<std::string, std::vector<std::uint64_t>> background_ns;

    // Both passes together: what the workload counts itself (counters_of()).
    std::map<std::string, std::uint64_t> counters;

    // What the experiment requires of the guest: requirement_key() -> 1 if the guest has it, else
    // 0.
    std::map<std::string, std::uint64_t> requirements = {};

    // From the console, for both passes and the boot itself, ordered by first occurrence.
    std::vector<SampleSplat> splats;
    // Occurrences of distinct splats that did not fit into the list.
    unsigned further_splats = 0;

    // Measurements of the host, never compared for determinism: key -> value ("boot_wall_s",
    // "agent_ready_wall_s").
    std::map<std::string, double> host;
};

// A second run of a boot under the virtual clock, compared with the first one.
struct Replay {
    std::string arm;
    unsigned index = 0;
    std::string difference; // as first_difference(): "" if there is none
};

// Round-trips exactly. sample_from_json() reports malformed input as FaultDomain::Host and names
// the key. With `with_host` false `host` is left out: two replays under the virtual clock are then
// equal byte for byte.
nlohmann::json to_json(const Sample& sample, bool with_host = true);
// The samples of one arm, by index. `samples` must outlive the result.
std::vector<const Sample*> boots_of(const std::vector<Sample>& samples, const std::string& arm);
// Compares a boot with its replay. Returns "" if they are equal byte for byte except for the
// measurements of the host, the arm's name and the position in the schedule; else the first value
// that differs: "/counts/sync_ipis".
std::string first_difference(const Sample& one, const Sample& again);
Result<Sample> sample_from_json(const nlohmann::json& json);
// Whether this is a warm-up boot. Validity checks and splats of warm-up boots count, their metrics
// do not.
bool is_warmup(const Spec& spec, const Sample& sample);

} // namespace rig
