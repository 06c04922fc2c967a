// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/target_checks.h"

#include "rig/analysis/injection_checks.h"
#include "rig/analysis/instrument_checks.h"
#include "rig/analysis/kernel_checks.h"
#include "rig/analysis/line_checks.h"
#include "rig/analysis/requirement_checks.h"
#include "rig/guest_output/metric.h"
#include "rig/plan/count_keys.h"
#include "rig/plan/schedule.h"
#include "rig/stats/estimate.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <set>

namespace rig {
namespace {

Boots boots_of(const ArmEvidence& evidence, const Arm& arm) {
    return rig::boots_of(evidence.samples, arm.name);
}

// ---- Checks from the boots

ValidityCheck check_boots(const ArmEvidence& evidence, const Boots& boots) {
    ValidityCheck check{"boots", "every planned boot is there, once", true, "", ""};
    std::set<unsigned> seen;
    const auto planned =
        planned_boots(evidence.spec, !boots.empty() && boots[0]->run_clock == "wall");
    for (const auto* boot : boots)
        if (!seen.insert(boot->id.index).second || boot->id.index >= planned) {
            check.passed = false;
            check.found =
                fmt::format("boot {} {}", boot->id.index,
                            boot->id.index >= planned ? "was not planned" : "is there twice");
            check.reason = "samples.jsonl was changed by hand, or holds another run's samples";
            return check;
        }
    check.passed = seen.size() == planned && planned > 0;
    check.found = fmt::format("{} of {} boots", seen.size(), planned);
    if (!check.passed)
        check.reason =
            "the run goes on, was interrupted, or could boot no guest: see boots/*/fault-*.txt";
    return check;
}

// Different clocks or accelerators, or another kernel under the same name, must not be compared.
ValidityCheck check_platform(const ArmEvidence& evidence, const Boots& boots) {
    const auto* first = evidence.samples.empty() ? nullptr : &evidence.samples.front();
    auto platform = [](const Sample& s) { return s.run_clock + " clock, " + s.accelerator; };
    auto check = over_boots(
        {"platform", "clock, accelerator and kernel are the same in every boot", true, "", ""},
        boots,
        [&](const Sample& s) -> Wrong {
            if (platform(s) != platform(*first))
                return fmt::format("{}, want {} as in the run's first boot", platform(s),
                                   platform(*first));
            if (s.kernel_release != boots[0]->kernel_release ||
                s.kernel_version != boots[0]->kernel_version)
                return fmt::format("kernel {} {}, want {} {} as in boot {}", s.kernel_release,
                                   s.kernel_version, boots[0]->kernel_release,
                                   boots[0]->kernel_version, boots[0]->id.index);
            return {};
        },
        [](const Sample&) {
            return "the run was resumed on another machine or after another build";
        });
    if (check.passed)
        check.found = fmt::format("{}, {}", platform(*first), boots[0]->kernel_release);
    return check;
}

// Under the virtual clock the same seed must give the same bytes; this is verified.
ValidityCheck check_replay(const ArmEvidence& evidence) {
    ValidityCheck check{"replay", "boot 0 made once more is the same in every byte", true, "", ""};
    const auto replay = std::find_if(evidence.replays.begin(), evidence.replays.end(),
                                     [&](const Replay& r) { return r.arm == evidence.arm.name; });
    if (replay == evidence.replays.end()) {
        check.passed = false;
        check.found = "it was not repeated, want once";
        check.reason = "the run was interrupted before its replays";
    } else if (!replay->difference.empty()) {
        check.passed = false;
        check.found = fmt::format("it differs, first in {}", replay->difference);
        check.reason = "no fault of the kernel: QEMU did not run the guest alike, as on a busy "
                       "host without the right to real-time priority (CAP_SYS_NICE)";
    } else {
        check.found = "all counts, latencies and splats";
    }
    return check;
}

// Replaces a marker: the target ran exactly as often as its callers predict, so nothing else
// reached it and no call was left out.
void check_same_path(const ArmEvidence& evidence, const Boots& boots,
                     std::vector<ValidityCheck>& checks) {
    const auto per_call = hits_per_call(evidence.spec.workload);
    if (!per_call) { // the spec parser rejects such a workload
        checks.push_back({"hits_as_called", "the target runs as often as predicted", false,
                          "no prediction for this workload",
                          fmt::format("target.same_path is for {}",
                                      fmt::join(workloads_with_predicted_hits(), " and "))});
        return;
    }
    checks.push_back(over_boots(
        {"hits_as_called",
         fmt::format("{}() ran {} times in each call", evidence.spec.target.function, *per_call),
         true, range(boots, [](const Sample& s) { return s.exercised.target_hits; }), ""},
        boots,
        [&](const Sample& s) {
            const auto hits = s.exercised.target_hits, want = s.exercised.calls * *per_call;
            return hits == want ? Wrong{}
                                : Wrong{fmt::format("{} hits, want {} in each of {} calls", hits,
                                                    *per_call, s.exercised.calls)};
        },
        [](const Sample&) {
            return "this kernel reaches the function by other ways, or only some of the calls took "
                   "this one";
        }));
}

// What a boot must have seen, according to the experiment, to have tested anything: races that took
// place, for example.
void check_at_least(const ArmEvidence& evidence, const Boots& boots,
                    std::vector<ValidityCheck>& checks) {
    for (const auto& metric : evidence.spec.metrics) {
        if (metric.at_least == 0) continue;
        const auto value = [&](const Sample& s) {
            return metric_value(metric.name, s, evidence.spec.target);
        };
        checks.push_back(over_boots(
            {"at_least_" + metric.name,
             fmt::format("{} at least {} in every boot", metric.name, metric.at_least), true,
             range(boots, [&](const Sample& s) { return value(s).value_or(0); }), ""},
            boots,
            [&](const Sample& s) -> Wrong {
                const auto found = value(s);
                if (!found)
                    return fmt::format("no {} in the sample, want at least {}", metric.name,
                                       metric.at_least);
                if (*found >= static_cast<double>(metric.at_least)) return {};
                return fmt::format("{}, want at least {}", *found, metric.at_least);
            },
            [](const Sample&) {
                return "what was to be tested did not take place, or too seldom: more iterations, "
                       "or another seed";
            }));
    }
}

// A marker that the baseline calls too does not distinguish the arms.
void check_marker_differs(const ArmEvidence& evidence, std::vector<ValidityCheck>& checks) {
    const auto& base = evidence.spec.arms.front();
    const auto& marker = evidence.arm.marker;
    const auto key = marker_key(marker);
    ValidityCheck check{"witness_differs", "the baseline's workload never calls " + marker + "()",
                        true, "", ""};
    if (marker == base.marker) {
        check.passed = false;
        check.found =
            fmt::format("{}() is the marker of {} too, want one that only this arm's line calls",
                        marker, base.name);
        check.reason = "nothing shows that the changed line ran: name a function that the series "
                       "adds (noinline) or calls in its place";
        return checks.push_back(std::move(check));
    }
    if (const auto found = evidence.baseline.symbols.find(marker);
        found != evidence.baseline.symbols.end() && found->second.empty()) {
        check.found = fmt::format("{} has no such function", base.name);
        return checks.push_back(std::move(check));
    }
    const auto boots = boots_of(evidence, base);
    const auto called = [&](const Sample& s) -> std::optional<std::uint64_t> {
        const auto found = s.counts.find(key);
        if (found == s.counts.end()) return std::nullopt;
        return found->second;
    };
    check.found = fmt::format("0 calls in each of {} boots of {}", boots.size(), base.name);
    checks.push_back(over_boots(
        std::move(check), boots,
        [&](const Sample& s) -> Wrong {
            if (const auto calls = called(s); calls != 0u)
                return calls ? fmt::format("{} calls in {}, want 0", *calls, base.name)
                             : fmt::format("not counted in {}", base.name);
            return {};
        },
        [](const Sample&) {
            return "the baseline calls it as well, so that it does not show that the changed line "
                   "ran: name another marker";
        }));
}

void check_hits(const ArmEvidence& evidence, const Boots& boots,
                std::vector<ValidityCheck>& checks) {
    const auto& target = evidence.spec.target.function;
    checks.push_back(over_boots(
        {"target_hits", target + "() ran in every boot", true,
         range(boots, [](const Sample& s) { return s.exercised.target_hits; }), ""},
        boots,
        [](const Sample& s) {
            return s.exercised.target_hits > 0 ? Wrong{} : Wrong{"0 hits, want > 0"};
        },
        [&](const Sample& s) -> std::string {
            if (auto more = workload_hint(evidence, HintFor::TargetNotHit, &s); !more.empty())
                return more;
            if (evidence.spec.injects() && s.exercised.injections == 0)
                return "no allocation failed, so the fallback was not needed: see injections";
            if (!evidence.spec.injects())
                return "the workload does not lead there, or this kernel does it elsewhere";
            const auto more = workload_hint(evidence, HintFor::InjectedElsewhere, &s);
            return more.empty() ? "the failures hit something that does not lead to the target: "
                                  "see failure_sites"
                                : more;
        }));
    if (evidence.spec.target.same_path) return check_same_path(evidence, boots, checks);
    if (evidence.spec.target.revisions) return; // a bisection searches for the changed line
    if (evidence.arm.marker.empty()) return;    // the lines themselves are counted: check_lines()
    checks.push_back(over_boots(
        {"witness_hits",
         evidence.arm.marker + "(), which this arm's line calls, ran once per hit of the target",
         true, range(boots, [](const Sample& s) { return s.exercised.marker_hits; }), ""},
        boots,
        [](const Sample& s) {
            const auto hits = s.exercised.marker_hits, want = s.exercised.target_hits;
            return hits > 0 && (hits == want || want == 0)
                       ? Wrong{}
                       : Wrong{fmt::format("{} hits, want one for each of the target's {}", hits,
                                           want)};
        },
        [&](const Sample& s) -> std::string {
            if (s.exercised.target_hits == 0)
                return "the target did not run either: see target_hits";
            if (auto more = workload_hint(evidence, HintFor::WitnessNotHit, &s); !more.empty())
                return more;
            return "the target took another branch: the series does not change this line, or the "
                   "marker is wrong";
        }));
    checks.push_back(over_boots(
        {"witness_within", "the marker ran within the target, once in each run of it", true,
         range(boots, [](const Sample& s) { return s.exercised.marked_hits; }), ""},
        boots,
        [](const Sample& s) {
            const auto inside = s.exercised.marked_hits, want = s.exercised.target_hits;
            return inside == want ? Wrong{}
                                  : Wrong{fmt::format("in {} of the target's {} runs, want all",
                                                      inside, want)};
        },
        [](const Sample& s) -> std::string {
            if (s.exercised.marker_hits != s.exercised.target_hits)
                return "it did not run as often as the target: see witness_hits";
            return "as often as the target, but not by it: the series changes another place than "
                   "target.function, or the marker is called there as well";
        }));
    if (evidence.arm.name != evidence.spec.arms.front().name)
        check_marker_differs(evidence, checks);
}

} // namespace

std::vector<ValidityCheck> prove(const ArmEvidence& evidence) {
    auto boots = boots_of(evidence, evidence.arm);
    auto checks = check_kernel(evidence);
    checks.push_back(check_boots(evidence, boots));
    checks.push_back(check_platform(evidence, boots));
    if (!boots.empty() && has_replays(evidence.spec, boots[0]->run_clock == "wall"))
        checks.push_back(check_replay(evidence));
    if (evidence.spec.injects())
        check_faults(evidence, boots, checks);
    else
        check_no_faults(boots, checks);
    check_hits(evidence, boots, checks);
    check_lines(evidence, boots, checks);
    check_at_least(evidence, boots, checks);
    check_instruments(evidence, boots, checks);
    check_requirements(evidence, boots, checks);
    return checks;
}

std::string thinly_exposed(const Spec& spec, const std::vector<Sample>& samples,
                           const std::string& arm) {
    if (spec.target.same_path) return "";
    std::size_t thin = 0, boots = 0;
    for (const auto& sample : samples)
        if (sample.id.arm == arm)
            ++boots, thin += 2 * sample.exercised.exposed_calls <= sample.call_latency_ns.size();
    return thin ? fmt::format("in {} of {} boots at most half of the calls ran the target", thin,
                              boots)
                : "";
}

std::vector<std::string> clock_warnings(const ArmEvidence& evidence) {
    std::size_t bad = 0, compared = 0;
    std::string first;
    for (const auto* boot : boots_of(evidence, evidence.arm)) {
        auto agent = median({boot->agent_call_ns.begin(), boot->agent_call_ns.end()});
        auto perf = median({boot->call_latency_ns.begin(), boot->call_latency_ns.end()});
        if (!agent || !perf) continue; // the verdict reports a missing latency
        ++compared;
        auto tolerance = std::max(clock_tolerance_ns, clock_tolerance_share * *perf);
        if (std::abs(*agent - *perf) <= tolerance) continue;
        if (++bad == 1)
            first = fmt::format("boot {}: {:.1f} us by the workload's clock, {:.1f} us by perf, "
                                "tolerance {:.1f} us",
                                boot->id.index, *agent / 1e3, *perf / 1e3, tolerance / 1e3);
    }
    if (bad == 0) return {};
    return {fmt::format("{}: the clocks disagree on the median {} in {} of {} boots; {}",
                        evidence.arm.name, call_of(evidence.spec.workload).name, bad, compared,
                        first)};
}

} // namespace rig
