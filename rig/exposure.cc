#include "rig/exposure.h"

#include "rig/exposure_kernel.h"
#include "rig/measured_call.h"
#include "rig/metric.h"
#include "rig/plan/count_keys.h"
#include "rig/schedule.h"
#include "rig/statistics.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <set>

namespace rig {
namespace {

// How far the workload's clock and perf may differ on the median munmap of a boot before the report says so. The
// workload's figure holds the system call's entry and exit, two clock readings and both tracepoints: 5 to 15 us under
// emulation, where one instruction takes about a nanosecond, so 25 us for short calls and a tenth for long ones.
constexpr double clock_tolerance_ns = 25'000;
constexpr double clock_tolerance_share = 0.10;
// Beyond this one of the two does not keep time (a clock source of whole ticks), and no latency of the boot means anything.
constexpr double clock_factor = 2;

// A workload that races with others need not reach the target equally often in both passes; one that does so in one pass only
// has its latencies from a pass in which nothing happened.
constexpr double same_exposure = 0.9;

using Boots = std::vector<const Sample*>; // of one arm, by index

Boots boots_of(const ArmEvidence& evidence, const Arm& arm) { return rig::boots_of(evidence.samples, arm.name); }

// ---- Proofs from the boots

// `wrong` gives what is wrong with a boot, nullopt if nothing is; `reason` is asked about the first bad boot.
template<class Wrong, class Reason> Proof over_boots(Proof proof, const Boots& boots, Wrong wrong, Reason reason) {
    const Sample* first = nullptr;
    std::string what;
    std::size_t bad = 0;
    for (const auto* boot : boots)
        if (auto fault = wrong(*boot)) {
            ++bad;
            if (!first) first = boot, what = *fault;
        }
    proof.passed = bad == 0 && !boots.empty();
    if (boots.empty()) {
        proof.found = "no boot, want at least one";
        proof.reason = "nothing was measured in this arm";
    } else if (first) {
        proof.found = fmt::format("boot {}: {}", first->id.index, what);
        if (bad > 1) proof.found += fmt::format(" ({} of {} boots fail)", bad, boots.size());
        proof.reason = reason(*first);
    }
    return proof;
}

// "80 in each of 8 boots" or "78..82 in 8 boots".
template<class Value> std::string range(const Boots& boots, Value value) {
    if (boots.empty()) return "no boot";
    auto low = value(*boots[0]), high = low;
    for (const auto* boot : boots) {
        low = std::min(low, value(*boot));
        high = std::max(high, value(*boot));
    }
    return low == high ? fmt::format("{} in each of {} boots", low, boots.size()) : fmt::format("{}..{} in {} boots", low, high, boots.size());
}

using Wrong = std::optional<std::string>;

Proof prove_boots(const ArmEvidence& evidence, const Boots& boots) {
    Proof proof{"boots", "every planned boot is there, once", true, "", ""};
    std::set<unsigned> seen;
    const auto planned = planned_boots(evidence.spec, !boots.empty() && boots[0]->run_clock == "wall");
    for (const auto* boot : boots)
        if (!seen.insert(boot->id.index).second || boot->id.index >= planned) {
            proof.passed = false;
            proof.found = fmt::format("boot {} {}", boot->id.index, boot->id.index >= planned ? "was not planned" : "is there twice");
            proof.reason = "samples.jsonl was changed by hand, or holds another run's samples";
            return proof;
        }
    proof.passed = seen.size() == planned && planned > 0;
    proof.found = fmt::format("{} of {} boots", seen.size(), planned);
    if (!proof.passed) proof.reason = "the run was interrupted or nothing could be booted; a part is not the experiment";
    return proof;
}

// Mixed clocks or accelerators, or another kernel behind the same name, would be compared as if they were alike.
Proof prove_platform(const ArmEvidence& evidence, const Boots& boots) {
    const auto* first = evidence.samples.empty() ? nullptr : &evidence.samples.front();
    auto platform = [](const Sample& s) { return s.run_clock + " clock, " + s.accelerator; };
    auto proof = over_boots(
        {"platform", "clock, accelerator and kernel are the same in every boot", true, "", ""}, boots,
        [&](const Sample& s) -> Wrong {
            if (platform(s) != platform(*first)) return fmt::format("{}, want {} as in the run's first boot", platform(s), platform(*first));
            if (s.kernel_release != boots[0]->kernel_release || s.kernel_version != boots[0]->kernel_version)
                return fmt::format("kernel {} {}, want {} {} as in boot {}", s.kernel_release, s.kernel_version, boots[0]->kernel_release,
                                   boots[0]->kernel_version, boots[0]->id.index);
            return {};
        },
        [](const Sample&) { return "the run was resumed on another machine or after another build"; });
    if (proof.passed) proof.found = fmt::format("{}, {}", platform(*first), boots[0]->kernel_release);
    return proof;
}

// Under the virtual clock the same seed gives the same bytes: that it does is not assumed.
Proof prove_replay(const ArmEvidence& evidence) {
    Proof proof{"replay", "boot 0 made once more is the same in every byte", true, "", ""};
    const auto replay = std::find_if(evidence.replays.begin(), evidence.replays.end(), [&](const Replay& r) { return r.arm == evidence.arm.name; });
    if (replay == evidence.replays.end()) {
        proof.passed = false;
        proof.found = "it was not made again, want once";
        proof.reason = "the run was interrupted before its replays";
    } else if (!replay->difference.empty()) {
        proof.passed = false;
        proof.found = fmt::format("it differs, first in {}", replay->difference);
        proof.reason = "no fault of the kernel: QEMU did not run the guest alike, as on a busy host without the right to real-time priority (CAP_SYS_NICE)";
    } else {
        proof.found = "all counts, latencies and splats";
    }
    return proof;
}

std::string why_no_injection(const ArmEvidence& evidence, const Sample& s) {
    const auto& fault = evidence.spec.fault;
    if (fault.min_order > 0) return fmt::format("fault.min_order = {} lets order-0 allocations pass, and a table batch is one page", fault.min_order);
    if (fault.times == 0) return "fault.times = 0 allows no injection";
    for (const char* name : {"FAIL_PAGE_ALLOC", "FAULT_INJECTION_STACKTRACE_FILTER"})
        if (kernel_option(evidence.kernel, name) == "n" && (fault.stack_filter || name == std::string("FAIL_PAGE_ALLOC")))
            return fmt::format("CONFIG_{}=n: the kernel cannot inject this", name);
    if (s.exposure.tables_freed == 0) return "the workload freed no page table, so none was queued for freeing";
    if (bypasses_table_batch(evidence)) return bypass_reason;
    if (fault.interval > s.exposure.tables_freed)
        return fmt::format("fault.interval = {} is more than the {} tables freed", fault.interval, s.exposure.tables_freed);
    std::vector<std::string> causes;
    if (fault.stack_filter)
        causes.push_back(fmt::format("the stack filter's range is not {}() (inlined, or System.map of another image)", fault.function));
    if (fault.task_filter) causes.push_back("make-it-fail was not set for the workload's task");
    causes.push_back("the batch page never came from the page allocator");
    return fmt::format("{}", fmt::join(causes, "; or "));
}

std::string why_not_only_target(const ArmEvidence& evidence, const Sample& s) {
    if (!evidence.spec.fault.stack_filter) return "fault.stack_filter = false: every allocation of the task may fail, tlb_next_batch()'s too";
    const auto& e = s.exposure;
    if (!evidence.spec.fault.task_filter && e.injections > e.target_hits)
        return "fault.task_filter = false: allocations failed outside the workload as well, whose effects are not told apart";
    if (e.target_hits > e.injections) return "allocations failed that were not injected: too little guest.memory_mib, or another way into the target";
    if (e.target_hits < e.injections) return "the stack filter let other call sites fail: tlb_next_batch() also asks for order-0 GFP_NOWAIT pages";
    return "fail_page_alloc/times and the probe on should_fail_alloc_page() disagree: the probe missed some";
}

void prove_faults(const ArmEvidence& evidence, const Boots& boots, std::vector<Proof>& proofs) {
    proofs.push_back(over_boots(
        {"injections", "allocations were made to fail in every boot", true, range(boots, [](const Sample& s) { return s.exposure.injections; }), ""},
        boots, [](const Sample& s) { return s.exposure.injections > 0 ? Wrong{} : Wrong{"0 injections, want > 0"}; },
        [&](const Sample& s) { return why_no_injection(evidence, s); }));
    proofs.push_back(over_boots(
        {"faults_reconcile", "injections = failed allocations = target hits", true,
         range(boots, [](const Sample& s) { return s.exposure.injections; }), ""},
        boots,
        [](const Sample& s) -> Wrong {
            const auto& e = s.exposure;
            if (e.injections == e.failed_allocations && e.injections == e.target_hits) return {};
            return fmt::format("{} injections, {} failed allocations, {} target hits, want all equal", e.injections, e.failed_allocations,
                               e.target_hits);
        },
        [&](const Sample& s) { return why_not_only_target(evidence, s); }));
    const auto& function = evidence.spec.fault.function;
    proofs.push_back(over_boots(
        {"failure_sites", "every failure was in " + function + "()", true, range(boots, [](const Sample& s) { return s.exposure.injections; }), ""},
        boots,
        [&](const Sample& s) -> Wrong {
            std::uint64_t sum = 0;
            for (const auto& [site, count] : s.injections_by_site) {
                if (site != function) return fmt::format("{} in {}(), want only {}()", count, site, function);
                sum += count;
            }
            if (sum == s.exposure.injections) return {};
            return fmt::format("{} failures have a callchain, want all {} injections", sum, s.exposure.injections);
        },
        [&](const Sample& s) -> std::string {
            if (!evidence.spec.fault.stack_filter) return "fault.stack_filter = false lets any call site of the task fail";
            if (s.injections_by_site.empty() || s.injections_by_site.contains("unknown"))
                return "perf recorded no usable callchain: CONFIG_UNWINDER_FRAME_POINTER is wanted";
            return "the stack filter let another call site fail, or the kernel's name for the site differs (inlined)";
        }));
}

void prove_no_faults(const Boots& boots, std::vector<Proof>& proofs) {
    proofs.push_back(over_boots(
        {"no_injections", "no allocation was made to fail (faults are off)", true, "0 in every boot", ""}, boots,
        [](const Sample& s) -> Wrong {
            auto all = s.exposure.injections + s.exposure.timed_injections + s.exposure.failed_allocations;
            return all == 0 ? Wrong{} : Wrong{fmt::format("{} failures, want 0", all)};
        },
        [](const Sample&) { return "fail_page_alloc was armed although fault.enabled = false"; }));
}

// In place of a witness: nothing else led to the target, and nothing it was to do was left out.
void prove_same_path(const ArmEvidence& evidence, const Boots& boots, std::vector<Proof>& proofs) {
    const auto per_call = hits_per_call(evidence.spec.workload);
    if (!per_call) { // the reader of experiments takes none like it
        proofs.push_back({"hits_as_called", "the target runs as often as predicted", false, "no prediction for this workload", "target.same_path is for collapse and pmd_unshare"});
        return;
    }
    proofs.push_back(over_boots(
        {"hits_as_called", fmt::format("{}() ran {} times in each call", evidence.spec.target.function, *per_call), true,
         range(boots, [](const Sample& s) { return s.exposure.target_hits; }), ""},
        boots, [&](const Sample& s) {
            const auto hits = s.exposure.target_hits, want = s.exposure.calls * *per_call;
            return hits == want ? Wrong{} : Wrong{fmt::format("{} hits, want {} in each of {} calls", hits, *per_call, s.exposure.calls)};
        },
        [](const Sample&) { return "this kernel reaches the function by other ways, or only some of the calls took this one"; }));
}

// What the experiment says that a boot must have seen to have tested anything: races that took place, for one.
void prove_at_least(const ArmEvidence& evidence, const Boots& boots, std::vector<Proof>& proofs) {
    for (const auto& metric : evidence.spec.metrics) {
        if (metric.at_least == 0) continue;
        const auto value = [&](const Sample& s) { return metric_value(metric.name, s, evidence.spec.target); };
        proofs.push_back(over_boots(
            {"at_least_" + metric.name, fmt::format("{} at least {} in every boot", metric.name, metric.at_least), true,
             range(boots, [&](const Sample& s) { return value(s).value_or(0); }), ""},
            boots, [&](const Sample& s) -> Wrong {
                const auto found = value(s);
                if (!found) return fmt::format("no {} in the sample, want at least {}", metric.name, metric.at_least);
                if (*found >= static_cast<double>(metric.at_least)) return {};
                return fmt::format("{}, want at least {}", *found, metric.at_least);
            },
            [](const Sample&) { return "what was to be tested did not take place, or too seldom: more iterations, or another seed"; }));
    }
}

// A witness that the baseline calls as well tells the arms apart as little as no witness.
void prove_witness_differs(const ArmEvidence& evidence, std::vector<Proof>& proofs) {
    const auto& base = evidence.spec.arms.front();
    const auto& witness = evidence.arm.witness;
    const auto key = witness_key(witness);
    Proof proof{"witness_differs", "the baseline's workload never calls " + witness + "()", true, "", ""};
    if (witness == base.witness) {
        proof.passed = false;
        proof.found = fmt::format("{}() is the witness of {} too, want one that only this arm's line calls", witness, base.name);
        proof.reason = "nothing shows that the changed line ran: name a function that the series adds (noinline) or calls in its place";
        return proofs.push_back(std::move(proof));
    }
    if (const auto found = evidence.baseline.symbols.find(witness); found != evidence.baseline.symbols.end() && found->second.empty()) {
        proof.found = fmt::format("{} has no such function", base.name);
        return proofs.push_back(std::move(proof));
    }
    const auto boots = boots_of(evidence, base);
    const auto called = [&](const Sample& s) -> std::optional<std::uint64_t> {
        const auto found = s.counts.find(key);
        if (found == s.counts.end()) return std::nullopt;
        return found->second;
    };
    proof.found = fmt::format("0 calls in each of {} boots of {}", boots.size(), base.name);
    proofs.push_back(over_boots(
        std::move(proof), boots,
        [&](const Sample& s) -> Wrong {
            if (const auto calls = called(s); calls != 0u) return calls ? fmt::format("{} calls in {}, want 0", *calls, base.name) : fmt::format("not counted in {}", base.name);
            return {};
        },
        [](const Sample&) { return "the baseline calls it as well, so that it does not show that the changed line ran: name another witness"; }));
}

void prove_hits(const ArmEvidence& evidence, const Boots& boots, std::vector<Proof>& proofs) {
    const auto& target = evidence.spec.target.function;
    proofs.push_back(over_boots(
        {"target_hits", target + "() ran in every boot", true, range(boots, [](const Sample& s) { return s.exposure.target_hits; }), ""}, boots,
        [](const Sample& s) { return s.exposure.target_hits > 0 ? Wrong{} : Wrong{"0 hits, want > 0"}; },
        [&](const Sample& s) -> std::string {
            if (bypasses_table_batch(evidence)) return bypass_reason;
            if (evidence.spec.fault.enabled && s.exposure.injections == 0)
                return "no allocation failed, so the fallback was not needed: see injections";
            if (!evidence.spec.fault.enabled) return "the workload does not lead there, or this kernel does it elsewhere";
            return "the failures hit something else than the table batch: see failure_sites";
        }));
    if (evidence.spec.target.same_path) return prove_same_path(evidence, boots, proofs);
    if (evidence.spec.target.revisions) return; // which line changed is what is searched
    proofs.push_back(over_boots(
        {"witness_hits", evidence.arm.witness + "(), which this arm's line calls, ran once per hit of the target", true,
         range(boots, [](const Sample& s) { return s.exposure.witness_hits; }), ""},
        boots, [](const Sample& s) {
            const auto hits = s.exposure.witness_hits, want = s.exposure.target_hits;
            return hits > 0 && (hits == want || want == 0) ? Wrong{} : Wrong{fmt::format("{} hits, want one for each of the target's {}", hits, want)};
        },
        [&](const Sample& s) -> std::string {
            if (s.exposure.target_hits == 0) return "the target did not run either: see target_hits";
            if (kernel_option(evidence.kernel, "PT_RECLAIM") == "y") return pt_reclaim_reason;
            return "the target took another branch: the series does not change this line, or the witness is wrong";
        }));
    proofs.push_back(over_boots(
        {"witness_within", "the witness ran within the target, once in each run of it", true, range(boots, [](const Sample& s) { return s.exposure.witnessed_hits; }), ""},
        boots, [](const Sample& s) {
            const auto inside = s.exposure.witnessed_hits, want = s.exposure.target_hits;
            return inside == want ? Wrong{} : Wrong{fmt::format("in {} of the target's {} runs, want all", inside, want)};
        },
        [](const Sample& s) -> std::string {
            if (s.exposure.witness_hits != s.exposure.target_hits) return "it did not run as often as the target: see witness_hits";
            return "as often as the target, but not by it: the series changes another place than target.function, or the witness is called there as well";
        }));
    if (evidence.arm.name != evidence.spec.arms.front().name) prove_witness_differs(evidence, proofs);
}

// The same events counted twice: CPU by CPU, and all together. A metric of one CPU is that CPU's count.
Wrong cpus_do_not_add_up(const Spec& spec, const Sample& s) {
    std::map<std::string, unsigned> of_one_cpu;
    for (const auto& metric : spec.metrics)
        if (metric.custom && metric.custom->cpu) of_one_cpu[custom_count_key(metric.name)] = *metric.custom->cpu;
    for (const auto& [key, total] : s.counts) {
        const auto per_cpu = s.counts_per_cpu.find(key);
        if (per_cpu == s.counts_per_cpu.end()) continue; // told below if none is there
        if (const auto one = of_one_cpu.find(key); one != of_one_cpu.end()) {
            const auto counted = one->second < per_cpu->second.size() ? per_cpu->second[one->second] : 0;
            if (counted != total) return fmt::format("{}: {} on CPU {}, {} in the metric, want equal", key, counted, one->second, total);
            continue;
        }
        std::uint64_t sum = 0;
        for (auto one : per_cpu->second)
            sum += one;
        if (sum != total) return fmt::format("{}: {} on all CPUs together, {} in total, want equal", key, sum, total);
    }
    if (s.counts_per_cpu.empty()) return "no counter was kept per CPU";
    return {};
}

void prove_instruments(const ArmEvidence& evidence, const Boots& boots, std::vector<Proof>& proofs) {
    const auto& spec = evidence.spec;
    if (!spec.target.sync_function.empty()) proofs.push_back(over_boots(
        {"sync_reconciles", "sync IPIs counted = recorded = handled", true, range(boots, [](const Sample& s) { return s.exposure.sync_handled; }),
         ""},
        boots,
        [](const Sample& s) -> Wrong {
            auto counted = s.counts.find("sync_ipis");
            if (counted == s.counts.end()) return "sync IPIs were not counted";
            if (counted->second == s.exposure.recorded_sync && counted->second == s.exposure.sync_handled) return {};
            return fmt::format("{} counted, {} recorded, {} handled, want all equal", counted->second, s.exposure.recorded_sync,
                               s.exposure.sync_handled);
        },
        [](const Sample& s) -> std::string {
            if (s.exposure.lost_events > 0) return "perf lost events: see no_lost_events";
            return "one of the three instruments missed some: a probe hit while another ran on that CPU (kprobes' nmissed), one not armed on "
                   "every CPU, or a CPU whose queue was not empty at the end";
        }));
    proofs.push_back(over_boots(
        {"cpus_reconcile", "the counts of all CPUs add up to each total", true, "every counter in every boot", ""},
        boots, [&](const Sample& s) { return cpus_do_not_add_up(spec, s); },
        [](const Sample&) { return "a CPU's row of perf stat is missing or was read twice: it came online late, or the sample was changed"; }));
    proofs.push_back(over_boots(
        {"no_lost_events", "perf lost no event", true, "0 lost in every boot", ""}, boots,
        [](const Sample& s) { return s.exposure.lost_events == 0 ? Wrong{} : Wrong{fmt::format("{} lost, want 0", s.exposure.lost_events)}; },
        [](const Sample&) { return "the ring buffer overran: raise guest.perf_pages or workload.pace_us, or lower iterations"; }));
    proofs.push_back(over_boots(
        {"probe_addresses", "the probe sits where System.map has " + spec.target.function, true, "in every boot", ""}, boots,
        [](const Sample& s) { return s.exposure.probe_addresses_match ? Wrong{} : Wrong{"the addresses differ, want the same"}; },
        [](const Sample&) { return "System.map belongs to another image, or the kernel was moved (nokaslr missing)"; }));
    proofs.push_back(over_boots(
        {"workload_complete", "the workload made every call and freed every table", true,
         range(boots, [](const Sample& s) { return s.exposure.calls; }), ""},
        boots,
        [&](const Sample& s) -> Wrong {
            auto calls = std::uint64_t{spec.workload.iterations}, tables = expected_tables(spec.workload);
            if (s.exposure.calls == calls && s.exposure.tables_freed == tables) return {};
            return fmt::format("{} calls and {} tables, want {} and {}", s.exposure.calls, s.exposure.tables_freed, calls, tables);
        },
        [](const Sample&) { return "the workload ended early, or its mapping does not fill whole page tables"; }));
    proofs.push_back(over_boots(
        {"timed_pass", "the timed pass took the same path", true, range(boots, [](const Sample& s) { return s.exposure.timed_target_hits; }), ""},
        boots,
        [&](const Sample& s) -> Wrong {
            const auto& e = s.exposure;
            if (e.timed_target_hits == 0 || (e.timed_injections != e.timed_target_hits && spec.fault.enabled))
                return fmt::format("{} injections and {} target hits, want equal and > 0", e.timed_injections, e.timed_target_hits);
            if (static_cast<double>(e.timed_target_hits) >= same_exposure * static_cast<double>(e.target_hits)) return {};
            return fmt::format("{} target hits, want at least nine tenths of the counted pass's {}", e.timed_target_hits, e.target_hits);
        },
        [](const Sample& s) -> std::string {
            if (s.exposure.timed_injections == 0) return "faults were not armed again after the counted pass";
            return "the probe's entry or return was missed (perf's buffer, or kretprobe's maxactive)";
        }));
    if (call_of(spec.workload).own_clock) proofs.push_back(over_boots(
        {"clocks_agree", "the workload's clock and perf's agree on the median call within a factor of two", true, "in every boot", ""}, boots,
        [](const Sample& s) -> Wrong {
            const auto agent = median({s.agent_munmap_ns.begin(), s.agent_munmap_ns.end()}), perf = median({s.munmap_latency_ns.begin(), s.munmap_latency_ns.end()});
            if (!agent || !perf) return {}; // workload_complete tells
            if (*agent <= clock_factor * *perf + clock_tolerance_ns && *perf <= clock_factor * *agent) return {};
            return fmt::format("{:.1f} us by the workload's clock, {:.1f} us by perf", *agent / 1e3, *perf / 1e3);
        },
        [](const Sample&) { return "the guest's clock does not keep time with perf's: look at its clock source (clocksource=, tsc=)"; }));
    proofs.push_back(over_boots(
        {"cpus_online", "every vCPU is online", true, range(boots, [](const Sample& s) { return s.cpus_online; }), ""}, boots,
        [&](const Sample& s) -> Wrong {
            if (s.cpus_online == spec.guest.vcpus) return {};
            return fmt::format("{} online, want {}", s.cpus_online, spec.guest.vcpus);
        },
        [](const Sample& s) -> std::string {
            if (s.cpus_online == 1) return "with one CPU there is nobody to send an IPI to: CONFIG_SMP, ACPI, or maxcpus=";
            return "CONFIG_NR_CPUS is too small, or a CPU did not come up (see the console log)";
        }));
}

} // namespace

bool ArmProofs::all_pass() const {
    return !proofs.empty() && std::all_of(proofs.begin(), proofs.end(), [](const Proof& p) { return p.passed; });
}

std::vector<Proof> prove(const ArmEvidence& evidence) {
    auto boots = boots_of(evidence, evidence.arm);
    auto proofs = prove_kernel(evidence);
    proofs.push_back(prove_boots(evidence, boots));
    proofs.push_back(prove_platform(evidence, boots));
    if (!boots.empty() && has_replays(evidence.spec, boots[0]->run_clock == "wall")) proofs.push_back(prove_replay(evidence));
    if (evidence.spec.fault.enabled)
        prove_faults(evidence, boots, proofs);
    else
        prove_no_faults(boots, proofs);
    prove_hits(evidence, boots, proofs);
    prove_at_least(evidence, boots, proofs);
    prove_instruments(evidence, boots, proofs);
    return proofs;
}

std::string thinly_exposed(const Spec& spec, const std::vector<Sample>& samples, const std::string& arm) {
    if (spec.target.same_path) return "";
    std::size_t thin = 0, boots = 0;
    for (const auto& sample : samples)
        if (sample.id.arm == arm) ++boots, thin += 2 * sample.exposure.exposed_calls <= sample.munmap_latency_ns.size();
    return thin ? fmt::format("in {} of {} boots at most half of the calls ran the target", thin, boots) : "";
}

std::vector<std::string> clock_warnings(const ArmEvidence& evidence) {
    std::size_t bad = 0, compared = 0;
    std::string first;
    for (const auto* boot : boots_of(evidence, evidence.arm)) {
        auto agent = median({boot->agent_munmap_ns.begin(), boot->agent_munmap_ns.end()});
        auto perf = median({boot->munmap_latency_ns.begin(), boot->munmap_latency_ns.end()});
        if (!agent || !perf) continue; // a missing latency is the verdict's to report
        ++compared;
        auto tolerance = std::max(clock_tolerance_ns, clock_tolerance_share * *perf);
        if (std::abs(*agent - *perf) <= tolerance) continue;
        if (++bad == 1)
            first = fmt::format("boot {}: {:.1f} us by the workload's clock, {:.1f} us by perf, tolerance {:.1f} us", boot->id.index, *agent / 1e3,
                                *perf / 1e3, tolerance / 1e3);
    }
    if (bad == 0) return {};
    return {fmt::format("{}: the clocks disagree on the median {} in {} of {} boots; {}", evidence.arm.name,
                        call_of(evidence.spec.workload).name, bad, compared, first)};
}

} // namespace rig
