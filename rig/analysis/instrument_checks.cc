// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/instrument_checks.h"

#include "rig/plan/count_keys.h"
#include "rig/stats/estimate.h"
#include "rig/workloads/workload.h"

#include <cstdint>
#include <fmt/format.h>
#include <map>
#include <string>

namespace rig {
namespace {

// If the clocks differ by more than this factor, one of them does not keep time (for example a
// clock source of whole ticks), and no latency of the boot is usable.
constexpr double clock_factor = 2;

// A workload with races need not reach the target equally often in both passes. If it does so in
// one pass only, its latencies come from a pass in which nothing happened.
constexpr double same_exercised = 0.9;

// Compares two counts of the same events: per CPU and in total. A metric of one CPU equals that
// CPU's count.
Wrong cpus_do_not_add_up(const Spec& spec, const Sample& s) {
    std::map<std::string, unsigned> of_one_cpu;
    for (const auto& metric : spec.metrics)
        if (metric.custom && metric.custom->cpu)
            of_one_cpu[custom_count_key(metric.name)] = *metric.custom->cpu;
    for (const auto& [key, total] : s.counts) {
        const auto per_cpu = s.counts_per_cpu.find(key);
        if (per_cpu == s.counts_per_cpu.end())
            continue; // reported below if no counter has per-CPU counts
        if (const auto one = of_one_cpu.find(key); one != of_one_cpu.end()) {
            const auto counted =
                one->second < per_cpu->second.size() ? per_cpu->second[one->second] : 0;
            if (counted != total)
                return fmt::format("{}: {} on CPU {}, {} in the metric, want equal", key, counted,
                                   one->second, total);
            continue;
        }
        std::uint64_t sum = 0;
        for (auto one : per_cpu->second)
            sum += one;
        if (sum != total)
            return fmt::format("{}: {} on all CPUs together, {} in total, want equal", key, sum,
                               total);
    }
    if (s.counts_per_cpu.empty()) return "no counter was kept per CPU";
    return {};
}

} // namespace

void check_instruments(const ArmEvidence& evidence, const Boots& boots,
                       std::vector<ValidityCheck>& checks) {
    const auto& spec = evidence.spec;
    const auto& workload = workload_named(spec.workload.name);
    if (!spec.target.sync_function.empty())
        checks.push_back(over_boots(
            {"sync_reconciles", "sync IPIs counted = recorded = handled", true,
             range(boots, [](const Sample& s) { return s.exercised.sync_handled; }), ""},
            boots,
            [](const Sample& s) -> Wrong {
                auto counted = s.counts.find("sync_ipis");
                if (counted == s.counts.end()) return "sync IPIs were not counted";
                if (counted->second == s.exercised.recorded_sync &&
                    counted->second == s.exercised.sync_handled)
                    return {};
                return fmt::format("{} counted, {} recorded, {} handled, want all equal",
                                   counted->second, s.exercised.recorded_sync,
                                   s.exercised.sync_handled);
            },
            [](const Sample& s) -> std::string {
                if (s.exercised.lost_events > 0) return "perf lost events: see no_lost_events";
                return "one of the three instruments missed some: a probe hit while another ran on "
                       "that CPU (kprobes' nmissed), one not armed on "
                       "every CPU, or a CPU whose queue was not empty at the end";
            }));
    checks.push_back(over_boots(
        {"cpus_reconcile", "the counts of all CPUs add up to each total", true,
         "every counter in every boot", ""},
        boots, [&](const Sample& s) { return cpus_do_not_add_up(spec, s); },
        [](const Sample&) {
            return "a CPU's row of perf stat is missing or was read twice: it came online late, or "
                   "the sample was changed";
        }));
    checks.push_back(over_boots(
        {"no_lost_events", "perf lost no event", true, "0 lost in every boot", ""}, boots,
        [](const Sample& s) {
            return s.exercised.lost_events == 0
                       ? Wrong{}
                       : Wrong{fmt::format("{} lost, want 0", s.exercised.lost_events)};
        },
        [](const Sample&) {
            return "the ring buffer overran: raise guest.perf_pages or workload.pace_us, or lower "
                   "iterations";
        }));
    checks.push_back(over_boots(
        {"probe_addresses", "the probe sits where System.map has " + spec.target.function, true,
         "in every boot", ""},
        boots,
        [](const Sample& s) {
            return s.exercised.probe_addresses_match ? Wrong{}
                                                     : Wrong{"the addresses differ, want the same"};
        },
        [](const Sample&) {
            return "System.map belongs to another image, or the kernel was moved (nokaslr missing)";
        }));
    checks.push_back(over_boots(
        {"workload_complete",
         "the workload made every call" +
             (workload.work.empty() ? "" : " and " + workload.work_claim),
         true, range(boots, [](const Sample& s) { return s.exercised.calls; }), ""},
        boots,
        [&](const Sample& s) -> Wrong {
            const auto calls = std::uint64_t{spec.workload.iterations},
                       work = expected_work(spec.workload);
            if (s.exercised.calls == calls && s.exercised.work_done == work) return {};
            if (workload.work.empty() && s.exercised.work_done == work)
                return fmt::format("{} calls, want {}", s.exercised.calls, calls);
            return fmt::format(
                "{} calls and {} {}, want {} and {}", s.exercised.calls, s.exercised.work_done,
                workload.work.empty() ? "pieces of work" : workload.work, calls, work);
        },
        [&](const Sample& s) {
            return "the workload ended early" + workload_hint(evidence, HintFor::Incomplete, &s);
        }));
    const bool timed = spec.guest.passes == Passes::Both;
    const bool one_for_each = spec.injects() && spec.failures_hit_target();
    if (timed)
        checks.push_back(over_boots(
            {"timed_pass", "the latency pass took the same path", true,
             range(boots, [](const Sample& s) { return s.exercised.timed_target_hits; }), ""},
            boots,
            [&](const Sample& s) -> Wrong {
                const auto& e = s.exercised;
                if (e.timed_target_hits == 0 && !one_for_each) return "0 target hits, want > 0";
                if (e.timed_target_hits == 0 ||
                    (e.timed_injections != e.timed_target_hits && one_for_each))
                    return fmt::format("{} injections and {} target hits, want equal and > 0",
                                       e.timed_injections, e.timed_target_hits);
                // The workload's own waits and reports, between rig's orders, are no test.
                if (e.exposed_calls == 0)
                    return fmt::format("{} target hits, none of them in an iteration",
                                       e.timed_target_hits);
                // One more: the count pass also counts a wait that has not returned when it ends.
                if (e.timed_target_hits + 1 >= e.target_hits ||
                    static_cast<double>(e.timed_target_hits) >=
                        same_exercised * static_cast<double>(e.target_hits))
                    return {};
                return fmt::format(
                    "{} target hits, want at least nine tenths of the count pass's {}",
                    e.timed_target_hits, e.target_hits);
            },
            [&](const Sample& s) -> std::string {
                if (s.exercised.timed_target_hits == 0 && !spec.injects())
                    return "the workload does not lead there: see target_hits";
                if (s.exercised.timed_injections == 0 && spec.injects())
                    return "faults were not armed again after the count pass";
                return "the probe's entry or return was missed (perf's buffer, or kretprobe's "
                       "maxactive)";
            }));
    if (timed && call_of(spec.workload).own_clock)
        checks.push_back(over_boots(
            {"clocks_agree",
             "the workload's clock and perf's agree on the median call within a factor of two",
             true, "in every boot", ""},
            boots,
            [](const Sample& s) -> Wrong {
                const auto agent = median({s.agent_call_ns.begin(), s.agent_call_ns.end()}),
                           perf = median({s.call_latency_ns.begin(), s.call_latency_ns.end()});
                if (!agent || !perf) return {}; // reported by workload_complete
                if (*agent <= clock_factor * *perf + clock_tolerance_ns &&
                    *perf <= clock_factor * *agent)
                    return {};
                return fmt::format("{:.1f} us by the workload's clock, {:.1f} us by perf",
                                   *agent / 1e3, *perf / 1e3);
            },
            [](const Sample&) {
                return "the guest's clock does not keep time with perf's: look at its clock source "
                       "(clocksource=, tsc=)";
            }));
    checks.push_back(over_boots(
        {"cpus_online", "every vCPU is online", true,
         range(boots, [](const Sample& s) { return s.cpus_online; }), ""},
        boots,
        [&](const Sample& s) -> Wrong {
            if (s.cpus_online == spec.guest.vcpus) return {};
            return fmt::format("{} online, want {}", s.cpus_online, spec.guest.vcpus);
        },
        [](const Sample& s) -> std::string {
            if (s.cpus_online == 1)
                return "with one CPU there is nobody to send an IPI to: CONFIG_SMP, ACPI, or "
                       "maxcpus=";
            return "CONFIG_NR_CPUS is too small, or a CPU did not come up (see the console log)";
        }));
    if (spec.guest.numa > 1)
        checks.push_back(over_boots(
            {"numa_nodes", "the kernel has every NUMA node", true,
             range(boots, [](const Sample& s) { return s.nodes_online; }), ""},
            boots,
            [&](const Sample& s) -> Wrong {
                if (s.nodes_online == spec.guest.numa) return {};
                return fmt::format("{} online, want {}", s.nodes_online, spec.guest.numa);
            },
            [](const Sample&) -> std::string {
                return "CONFIG_NUMA or CONFIG_X86_64_ACPI_NUMA is off, or the command line has "
                       "numa=";
            }));
}

} // namespace rig
