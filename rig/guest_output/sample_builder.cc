// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/sample_builder.h"

#include "rig/base/text.h"
#include "rig/guest_output/boot_outcome.h"
#include "rig/guest_output/fault_counts.h"
#include "rig/guest_output/perf_output.h"
#include "rig/guest_output/perf_trace.h"
#include "rig/guest_output/requirements.h"
#include "rig/plan/count_keys.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sstream>
#include <utility>

namespace rig {
namespace {

using nlohmann::json;
constexpr unsigned kMaxCpus = 64;
// An error message of a workload, which may include the end of a command's output.
constexpr std::size_t kMaxError = 1000;

Result<std::string> artifact(const Artifacts& artifacts, const std::string& name) {
    const auto found = artifacts.find(name);
    if (found == artifacts.end())
        return guest_error(fmt::format("the guest did not send {}", name));
    return found->second;
}

// The k-th row of an event name on a CPU belongs to the k-th event with that name in the plan: perf
// prints events in the order given and cannot rename a tracepoint.
Status fill_counts(Sample& sample, const std::vector<StatRow>& rows,
                   const std::vector<StatEvent>& events, unsigned cpus,
                   const std::vector<MetricSpec>& metrics) {
    std::map<std::pair<std::string, unsigned>, std::size_t> seen;
    std::map<std::string, std::vector<std::string>> keys;
    for (const auto& event : events)
        keys[event.event].push_back(event.key);
    std::size_t used = 0;
    for (const auto& row : rows) {
        const auto found = keys.find(row.event);
        if (found == keys.end())
            return guest_error(
                fmt::format("perf stat counted {}, which was not asked for", row.event));
        const auto nth = seen[{row.event, row.cpu}]++;
        if (nth >= found->second.size() || row.cpu >= cpus)
            return guest_error(
                fmt::format("perf stat: one row of {} on CPU {} too many", row.event, row.cpu));
        const auto& key = found->second[nth];
        auto& per_cpu = sample.counts_per_cpu[key];
        per_cpu.resize(cpus);
        per_cpu[row.cpu] = row.count;
        sample.counts[key] += row.count;
        ++used;
    }
    for (const auto& metric : metrics)
        if (metric.custom && metric.custom->cpu) {
            const auto& per_cpu = sample.counts_per_cpu[custom_count_key(metric.name)];
            if (*metric.custom->cpu >= per_cpu.size())
                return guest_error(fmt::format("metrics.{}: no CPU {} was counted", metric.name,
                                               *metric.custom->cpu));
            sample.counts[custom_count_key(metric.name)] = per_cpu[*metric.custom->cpu];
        }
    if (used != events.size() * cpus)
        return guest_error(
            fmt::format("perf stat: {} rows, want {} events x {} CPUs", used, events.size(), cpus));
    return {};
}

// The name in messages for a pass of a plan and of a boot's files.
std::string pass_word(std::string_view name) {
    return name == "counted" ? "count" : name == "timed" ? "latency" : std::string(name);
}

// All arms are measured over windows of equal length, so no call may last longer than the pace.
Status check_pace(const Calls& calls, const Spec& spec, const char* pass) {
    const auto pace_ns = spec.workload.pace_us * 1000ull;
    if (pace_ns == 0) return {};
    const auto late = std::count_if(calls.latency_ns.begin(), calls.latency_ns.end(),
                                    [&](std::uint64_t ns) { return ns > pace_ns; });
    if (late == 0) return {};
    return guest_error(
        fmt::format("{} of {} calls of the {} pass took longer than their pace of {} us, so that "
                    "the windows of the arms would differ: raise workload.pace_us",
                    late, calls.latency_ns.size(), pass, spec.workload.pace_us));
}

std::uint64_t count_of(const Sample& sample, const std::string& key) {
    const auto found = sample.counts.find(key);
    return found == sample.counts.end() ? 0 : found->second;
}

Status check_workload(const json& pass, const std::string& name, const Spec& spec) {
    const auto& workload = pass.at("workload");
    if (workload.contains("signal"))
        return ended(
            BootOutcome::WorkloadCrash,
            fmt::format("the workload was killed by signal {} in the {} pass after {} calls",
                        workload.at("signal").get<int>(), name,
                        workload.at("calls").get<unsigned>()));
    if (const auto error = workload.at("error").get<std::string>(); !error.empty())
        return ended(BootOutcome::WorkloadFailure,
                     fmt::format("the workload failed in the {} pass: {}", name,
                                 printable_ascii(error, kMaxError)));
    if (workload.at("exit").get<int>() != 0 || !pass.at("workload_done").get<bool>())
        return ended(BootOutcome::WorkloadFailure,
                     fmt::format("the workload ended with exit code {} in the {} pass",
                                 workload.at("exit").get<int>(), name));
    if (workload.at("calls").get<unsigned>() > spec.workload.iterations)
        return guest_error(fmt::format("the workload reports {} calls in the {} pass, want {}",
                                       workload.at("calls").get<unsigned>(), name,
                                       spec.workload.iterations));
    return {};
}

// What the guest lacks is the likely cause of a workload's failure.
std::string what_is_missing(const Sample& sample) {
    std::vector<std::string> missing;
    for (const auto& [requirement, there] : sample.requirements)
        if (!there) missing.push_back(requirement);
    return missing.empty() ? ""
                           : fmt::format("; the guest lacks what the experiment requires: {}",
                                         fmt::join(missing, ", "));
}

// What workload.check said about the operation of this pass.
Status check_operation(Sample& sample, const json& pass, const std::string& name, const Spec& spec,
                       FailedCheck failed_check) {
    if (spec.workload.check.empty()) return {};
    auto& failures = sample.counts[kFailedChecks];
    const auto& check = pass.at("check");
    const bool killed = check.contains("signal");
    if (!killed && check.at("exit").get<int>() == 0) return {};
    ++failures;
    if (failed_check == FailedCheck::Counts) return {};
    return ended(BootOutcome::WorkloadFailure,
                 fmt::format("the workload's operation did not do its work in the {} pass: "
                             "workload.check {} {}{}; it said: {}",
                             name, killed ? "was killed by signal" : "ended with exit code",
                             check.at(killed ? "signal" : "exit").get<int>(),
                             what_is_missing(sample),
                             printable_ascii(check.at("said").get<std::string>(), kMaxError)));
}

// Adds the counters of this pass; a sample holds the sum over both passes.
Status fill_counters(Sample& sample, const json& pass, const Spec& spec) {
    const auto counters = pass.at("workload").value("counters", json::object());
    for (const auto& key : counters_of(spec.workload)) {
        if (!counters.contains(key))
            return guest_error(
                fmt::format("the workload did not report its counter {} in the {} pass", key,
                            pass_word(pass.at("name").get<std::string>())));
        sample.counters[key] += counters.at(key).get<std::uint64_t>();
    }
    for (const auto& metric : spec.metrics)
        if (metric.custom && metric.custom->kind == CustomMetric::Kind::Counter &&
            !metric.custom->per_second)
            sample.counts[custom_count_key(metric.name)] = sample.counters[metric.custom->what];
    return {};
}

// A rate is of the latency pass alone: the count pass's probes slow down what is counted.
void fill_rates(Sample& sample, const json& pass, const Calls& iterations, const Spec& spec) {
    for (const auto& metric : spec.metrics) {
        if (!metric.custom || !metric.custom->per_second) continue;
        const auto& what = metric.custom->what;
        sample.counts[rate_key(metric.name)] =
            what == kIterationsCounter
                ? iterations.latency_ns.size()
                : pass.at("workload").at("counters").at(what).get<std::uint64_t>();
        sample.counts[kRateWindowKey] = iterations.last - iterations.first;
    }
}

Status fill_counted(Sample& sample, const Artifacts& artifacts, const json& pass,
                    const GuestPlan& plan, const Spec& spec) {
    RIG_TRY(stat_text, artifact(artifacts, "counted-perf-stat.csv"));
    RIG_TRY(rows, parse_perf_stat(stat_text));
    RIG_CHECK(fill_counts(sample, rows, plan.stat, sample.cpus_online, spec.metrics));
    RIG_TRY(script, artifact(artifacts, "counted-perf-script.txt"));
    RIG_TRY(trace, parse_perf_script(script));
    const auto iteration = iteration_of(spec.workload);
    RIG_TRY(calls, pair_calls(trace, iteration));
    RIG_CHECK(check_pace(calls, spec, "count"));
    RIG_TRY(injections, fill_injections(sample, pass, plan, spec, &FaultCounts::injections));
    RIG_TRY(marked, marked_hits(trace, calls.last));
    Exercised& e = sample.exercised;
    e.marked_hits = marked;
    RIG_CHECK(fill_failures(sample, trace, plan, spec));
    for (const auto& event : trace.events)
        if (event.event == "csd:csd_queue_cpu") {
            const auto function = function_named(trace_field(event.trace, "func"), plan);
            if (function == spec.target.sync_function) {
                RIG_TRY(callsite, call_site_named(trace_field(event.trace, "callsite"), plan));
                ++e.recorded_sync;
                ++sample.sync_callsites[callsite];
            }
            if (event.time_ns >= calls.first && event.time_ns <= calls.last)
                ++sample.ipis_by_function[function];
        }
    e.injections = injections;
    e.target_hits = count_of(sample, "target_hits");
    e.marker_hits = count_of(sample, "witness_hits");
    for (const auto& fault : plan.faults) {
        const auto failed = count_of(sample, fault.point->count_key);
        e.failed_allocations += failed;
        if (!spec.failures_hit_target()) sample.faults[fault.point->name].failed = failed;
    }
    e.sync_handled = count_of(sample, "sync_handled");
    // The agent uses this key for the work of any workload.
    e.work_done = pass.at("workload").at("tables_freed").get<std::uint64_t>();
    e.lost_events += trace.lost;
    e.calls = calls.latency_ns.size();
    if (e.calls != pass.at("workload").at("calls").get<std::uint64_t>())
        return torn(trace,
                    fmt::format("perf saw {} calls of {}, the workload made {}", e.calls,
                                iteration.name, pass.at("workload").at("calls").get<unsigned>()));
    return {};
}

// Parses the output of cyclictest -h: "# comment" and "MICROSECONDS COUNT [COUNT...]", one column
// per thread.
Result<std::vector<std::uint64_t>> parse_histogram(const std::string& text,
                                                   const std::string& name) {
    constexpr std::uint64_t most = 4'000'000; // one hour of a 1 ms cycle
    std::vector<std::uint64_t> values;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::uint64_t us = 0, count = 0, sum = 0;
        constexpr std::string_view overflows = "# Histogram Overflows:";
        // The largest values would be missing, and they are what cyclictest is for.
        if (line.starts_with(overflows) &&
            line.find_first_of("123456789", overflows.size()) != line.npos)
            return guest_error(fmt::format(
                "background {}: values beyond its histogram ('{}'): give it a longer one", name,
                printable_ascii(line)));
        if (line.starts_with('#') || !(fields >> us)) continue;
        while (fields >> count)
            sum += count;
        if (!fields.eof() || us > 1'000'000'000 || sum > most || values.size() + sum > most)
            return guest_error(
                fmt::format("background {}: bad histogram line '{}'", name, printable_ascii(line)));
        values.insert(values.end(), sum, us * 1000);
    }
    if (values.empty())
        return guest_error(fmt::format("background {}: printed no histogram", name));
    return values;
}

Status fill_backgrounds(Sample& sample, const Artifacts& artifacts, const Spec& spec) {
    for (const auto& metric : spec.metrics) {
        if (!metric.custom || metric.custom->kind != CustomMetric::Kind::Histogram) continue;
        RIG_TRY(text, artifact(artifacts, "timed-background-" + metric.custom->what + ".txt"));
        RIG_TRY(values, parse_histogram(text, metric.custom->what));
        sample.background_ns[metric.name] = values;
    }
    return {};
}

// What the workload timed itself in this pass, and the metrics that read it.
Status fill_timings(Sample& sample, const json& pass, const Spec& spec) {
    const auto found = pass.at("workload").value("timings", json::object());
    const auto timings = timings_of(spec.workload);
    for (const auto& timing : timings)
        for (const auto& part : timing.parts) {
            if (!found.contains(part))
                return guest_error(
                    fmt::format("the workload did not report what it timed as {}", part));
            sample.workload_ns[part] = found.at(part).get<std::vector<std::uint64_t>>();
        }
    for (const auto& metric : spec.metrics) {
        if (!metric.custom || metric.custom->kind != CustomMetric::Kind::Timing) continue;
        auto& values = sample.latencies_ns[metric.name];
        for (const auto& timing : timings)
            for (const auto& part : timing.parts)
                if (const auto& some = sample.workload_ns[part]; timing.name == metric.custom->what)
                    values.insert(values.end(), some.begin(), some.end());
    }
    return {};
}

void append(std::vector<std::uint64_t>& all, const json& some) {
    const auto values = some.get<std::vector<std::uint64_t>>();
    all.insert(all.end(), values.begin(), values.end());
}

Status fill_bystanders(Sample& sample, const json& result, const WorkloadSpec& workload) {
    const auto kept = [](const json& one, const char* who, const char* period) -> Status {
        const auto dropped = one.at("dropped").get<std::uint64_t>();
        if (dropped == 0) return {};
        return guest_error(fmt::format("{} on CPU {}: {} wake-ups beyond what is kept: shorten the "
                                       "run or raise workload.{}",
                                       who, one.at("cpu").get<unsigned>(), dropped, period));
    };
    for (const auto& one : result.at("bystanders")) {
        RIG_CHECK(kept(one, "bystander", "bystander_period_us"));
        append(sample.bystander_wakeup_ns, one.at("wakeup_ns"));
        append(sample.bystander_work_time_ns, one.at("burst_ns"));
    }
    if (workload.bystanders && workload.bystander_mode == BystanderMode::User)
        for (const auto& one : result.at("user_bystanders")) {
            const auto work = one.at("work").get<std::uint64_t>();
            // Its share of an equal window cannot be known if it never ran.
            if (work == 0)
                return guest_error(fmt::format("the bystander in user space on CPU {} did no work: "
                                               "something else took all of its CPU",
                                               one.at("cpu").get<unsigned>()));
            sample.bystander_user_work.push_back(work);
            const auto window_ns = one.at("window_ns").get<std::uint64_t>();
            if (window_ns == 0)
                return guest_error("the bystanders in user space report a window of 0 ns");
            sample.bystander_user_window_ns.push_back(window_ns);
            sample.bystander_user_gap_ns.push_back(one.at("gap_ns").get<std::uint64_t>());
        }
    if (workload.caller_bystander) {
        const auto& one = result.at("caller_bystander");
        RIG_CHECK(kept(one, "the caller's bystander", "caller_bystander.period_us"));
        append(sample.caller_bystander_wakeup_ns, one.at("wakeup_ns"));
    }
    return {};
}

Status fill_timed(Sample& sample, const Artifacts& artifacts, const json& pass, const json& result,
                  const GuestPlan& plan, const Spec& spec) {
    RIG_TRY(script, artifact(artifacts, "timed-perf-script.txt"));
    RIG_TRY(trace, parse_perf_script(script));
    RIG_TRY(iterations, pair_calls(trace, iteration_of(spec.workload)));
    RIG_CHECK(check_pace(iterations, spec, "latency"));
    fill_rates(sample, pass, iterations, spec);
    const auto call = call_of(spec.workload);
    RIG_TRY(calls, pair_calls(trace, call));
    RIG_TRY(target, pair_calls(trace, "rig:target", "rig:target_return", iterations.last));
    for (const auto& metric : spec.metrics) {
        if (!metric.custom || metric.custom->kind != CustomMetric::Kind::Latency) continue;
        RIG_TRY(timed, pair_calls(trace, "rig:m_" + metric.name, "rig:m_" + metric.name + "_return",
                                  iterations.last));
        sample.latencies_ns[metric.name] = timed.latency_ns;
    }
    RIG_CHECK(fill_backgrounds(sample, artifacts, spec));
    RIG_TRY(injections, fill_injections(sample, pass, plan, spec, &FaultCounts::timed_injections));
    Exercised& e = sample.exercised;
    e.timed_injections = injections;
    e.timed_target_hits = target.latency_ns.size();
    e.exposed_calls = exposed_calls(trace, call);
    e.lost_events += trace.lost;
    sample.target_latency_ns = target.latency_ns;
    sample.call_latency_ns = calls.latency_ns;
    const auto agent = pass.at("workload").at("call_ns").get<std::vector<std::uint64_t>>();
    if (iterations.latency_ns.size() != e.calls || agent.size() != e.calls)
        return torn(
            trace,
            fmt::format(
                "the latency pass saw {} calls by perf and {} by the workload, the count pass {}",
                iterations.latency_ns.size(), agent.size(), e.calls));
    if (call.own_clock) sample.agent_call_ns = agent;
    RIG_CHECK(fill_timings(sample, pass, spec));
    return fill_bystanders(sample, result, spec.workload);
}

// The agent disables optimised probes, see disable_probe_optimization().
Status no_optimised_probe(const std::string& list) {
    const auto at = list.find("[OPTIMIZED]");
    if (at == list.npos) return {};
    const auto line = list.rfind('\n', at) + 1; // npos + 1 is 0
    return guest_error(
        fmt::format("the kernel optimised a probe, whose handler may miss others: {}",
                    printable_ascii(list.substr(line, list.find('\n', at) - line))));
}

// Whether the kernel placed the target's probe at its System.map address.
bool probe_matches(const std::string& list, std::uint64_t address, const std::string& function) {
    const auto want = fmt::format("{:016x}  k  {}+0x0", address, function);
    return list.find(want) != std::string::npos;
}

} // namespace

Result<Sample> collect(const Artifacts& artifacts, const GuestPlan& plan, const Spec& spec,
                       FailedCheck failed_check) {
    RIG_TRY(text, artifact(artifacts, "result.json"));
    RIG_TRY(kprobes, artifact(artifacts, "kprobes.txt"));
    try {
        // The agent sends whole numbers only. Converting a fraction that does not fit into an
        // integer would be undefined behaviour, so fractions are rejected.
        std::string fraction;
        const json result = json::parse(text, [&](int, json::parse_event_t, const json& value) {
            if (value.is_number_float() && fraction.empty()) fraction = value.dump();
            return true;
        });
        if (!fraction.empty())
            return guest_error(fmt::format("result.json: found {}, want whole numbers", fraction));
        Sample sample;
        sample.cpus_online = result.at("cpus_online").get<unsigned>();
        if (sample.cpus_online == 0 || sample.cpus_online > kMaxCpus)
            return guest_error(fmt::format("result.json: {} CPUs online, want 1..{}",
                                           sample.cpus_online, kMaxCpus));
        if (!spec.required.empty()) {
            RIG_TRY(cpuinfo, artifact(artifacts, kCpuInfo));
            RIG_TRY(required, look_up(spec.required, cpuinfo, result.value("required", json())));
            sample.requirements = required;
        }
        const auto& passes = result.at("passes");
        const bool timed = spec.guest.passes == Passes::Both;
        if (const std::size_t want = timed ? 2 : 1; passes.size() != want)
            return guest_error(fmt::format("result.json: {} passes, want {}", passes.size(), want));
        if (spec.guest.numa > 1) sample.nodes_online = result.at("nodes_online").get<unsigned>();
        for (const auto& pass : passes) {
            const auto name = pass_word(pass.at("name").get<std::string>());
            if (auto status = check_workload(pass, name, spec); !status) {
                status.error().message += what_is_missing(sample);
                return tl::unexpected(std::move(status.error()));
            }
            RIG_CHECK(check_operation(sample, pass, name, spec, failed_check));
            RIG_CHECK(fill_counters(sample, pass, spec));
        }
        RIG_CHECK(fill_counted(sample, artifacts, passes.at(0), plan, spec));
        if (timed) RIG_CHECK(fill_timed(sample, artifacts, passes.at(1), result, plan, spec));
        RIG_CHECK(no_optimised_probe(kprobes));
        sample.exercised.probe_addresses_match =
            probe_matches(kprobes, plan.target_address, spec.target.function);
        return sample;
    } catch (const json::exception& e) {
        return guest_error(fmt::format("result.json: {}", e.what()));
    }
}

} // namespace rig
