// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/sample.h"

#include "rig/base/json_reader.h"
#include "rig/workloads/older_names.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

// Bounds on the memory that one line may take. A boot's stream is cut off at 256 MiB and an event
// takes at least 32 bytes of it, so no valid boot has more values than this.
constexpr std::size_t max_values = 8u << 20;
constexpr std::size_t max_names = 4096; // functions; a run has about 40
constexpr std::size_t max_counters = 64;
constexpr std::size_t max_own_counters = 256; // a workload's: of its threads and their errors
constexpr std::size_t max_timings = 256;
constexpr std::size_t max_cpus = 4096;
constexpr std::size_t max_requirements = 256;
constexpr std::size_t max_faults = 8;
constexpr std::size_t max_text = 256;  // uname fields have at most 64 bytes
constexpr std::size_t max_splats = 32; // kMaxSplats and kMaxTrace of console_triage.h
constexpr std::size_t max_trace = 8;

// One list for reading and writing, so that both use the same keys.
template<class Visit, class E> void visit_exposure(E& exercised, Visit visit) {
    visit("injections", exercised.injections);
    visit("target_hits", exercised.target_hits);
    visit("witness_hits", exercised.marker_hits);
    visit("witnessed_hits", exercised.marked_hits);
    visit("failed_allocations", exercised.failed_allocations);
    visit("sync_handled", exercised.sync_handled);
    visit("recorded_sync", exercised.recorded_sync);
    visit("work_done", exercised.work_done);
    visit("timed_injections", exercised.timed_injections);
    visit("timed_target_hits", exercised.timed_target_hits);
    visit("exposed_calls", exercised.exposed_calls);
    visit("calls", exercised.calls);
    visit("lost_events", exercised.lost_events);
}

template<class Visit, class F> void visit_fault(F& fault, Visit visit) {
    visit("injections", fault.injections);
    visit("timed_injections", fault.timed_injections);
    visit("failed", fault.failed);
    visit("below", fault.below);
}

template<class Visit, class S> void visit_latencies(S& sample, Visit visit) {
    visit("target_latency_ns", sample.target_latency_ns);
    visit("call_latency_ns", sample.call_latency_ns);
    visit("agent_call_ns", sample.agent_call_ns);
    visit("bystander_wakeup_ns", sample.bystander_wakeup_ns);
    visit("bystander_work_time_ns", sample.bystander_work_time_ns);
}

// Values of few experiments: absent if there are none.
template<class Visit, class S> void visit_rare(S& sample, Visit visit) {
    visit("bystander_user_work", sample.bystander_user_work);
    visit("bystander_user_window_ns", sample.bystander_user_window_ns);
    visit("bystander_user_gap_ns", sample.bystander_user_gap_ns);
    visit("caller_bystander_wakeup_ns", sample.caller_bystander_wakeup_ns);
}

// Samples of older versions of rig have some values under other keys. If both keys are present, the
// old one is an unknown key and thus an error.
std::string key_in(const JsonReader& reader, const char* key) {
    const auto before = older::sample_key(key);
    return before.empty() || reader.has(key) || !reader.has(before) ? key : before;
}

Status read_id(JsonReader reader, BootId& id) {
    RIG_CHECK(reader.text("arm", id.arm, max_text));
    RIG_CHECK(reader.whole("index", id.index));
    RIG_CHECK(reader.whole("seed", id.seed));
    RIG_CHECK(reader.whole("order", id.order));
    return reader.finish();
}

Status read_splat(JsonReader reader, SampleSplat& splat) {
    std::string kind;
    RIG_CHECK(reader.one_of("kind", kind, splat_kind_names()));
    splat.kind = splat_kind(kind).value();
    RIG_CHECK(reader.text("title", splat.title, max_text));
    RIG_CHECK(reader.text("function", splat.function, 2 * max_text)); // a data race has two
    RIG_CHECK(reader.texts("trace", splat.trace, max_trace));
    RIG_CHECK(reader.whole("count", splat.count));
    // Absent if it equals `function`, and in samples of older versions of rig.
    if (reader.has("guilty")) RIG_CHECK(reader.text("guilty", splat.guilty, max_text));
    return reader.finish();
}

Status read_exercised(JsonReader reader, Exercised& exercised) {
    Status status;
    visit_exposure(exercised, [&](const char* key, std::uint64_t& value) {
        if (status) status = reader.whole(key_in(reader, key), value);
    });
    RIG_CHECK(status);
    RIG_CHECK(reader.boolean("probe_addresses_match", exercised.probe_addresses_match));
    return reader.finish();
}

// [{"point": NAME, ...}]: a reader of JSON goes through a list of objects.
json faults_json(const std::map<std::string, FaultCounts>& faults) {
    json out = json::array();
    for (const auto& [point, counts] : faults) {
        auto& one = out.emplace_back(json{{"point", point}, {"by_site", counts.by_site}});
        visit_fault(counts, [&](const char* key, std::uint64_t value) { one[key] = value; });
    }
    return out;
}

Status read_faults(JsonReader& reader, std::map<std::string, FaultCounts>& faults) {
    RIG_TRY(list, reader.objects("faults", max_faults));
    for (auto& one : list) {
        std::string point;
        FaultCounts counts;
        RIG_CHECK(one.one_of("point", point, fault_point_names()));
        Status status;
        visit_fault(counts, [&](const char* key, std::uint64_t& value) {
            if (status) status = one.whole(key, value);
        });
        RIG_CHECK(status);
        RIG_CHECK(one.map("by_site", counts.by_site, max_names));
        RIG_CHECK(one.finish());
        if (!faults.emplace(point, std::move(counts)).second)
            return fail(FaultDomain::Host,
                        fmt::format("sample.faults: '{}' is there twice", point));
    }
    return {};
}

} // namespace

json to_json(const Sample& sample, bool with_host) {
    json exercised = {{"probe_addresses_match", sample.exercised.probe_addresses_match}};
    visit_exposure(sample.exercised,
                   [&](const char* key, std::uint64_t value) { exercised[key] = value; });
    json out = {
        {"id",
         {{"arm", sample.id.arm},
          {"index", sample.id.index},
          {"seed", sample.id.seed},
          {"order", sample.id.order}}},
        {"run_clock", sample.run_clock},
        {"accelerator", sample.accelerator},
        {"cpus_online", sample.cpus_online},
        {"kernel_release", sample.kernel_release},
        {"kernel_version", sample.kernel_version},
        {"exposure", std::move(exercised)},
        {"counts", sample.counts},
        {"counts_per_cpu", sample.counts_per_cpu},
        {"ipis_by_function", sample.ipis_by_function},
        {"sync_callsites", sample.sync_callsites},
        {"injections_by_site", sample.injections_by_site},
    };
    visit_latencies(sample, [&](const char* key, const std::vector<std::uint64_t>& values) {
        out[key] = values;
    });
    if (!sample.faults.empty()) out["faults"] = faults_json(sample.faults);
    if (sample.nodes_online > 1) out["nodes_online"] = sample.nodes_online;
    visit_rare(sample, [&](const char* key, const std::vector<std::uint64_t>& values) {
        if (!values.empty()) out[key] = values;
    });
    if (!sample.workload_ns.empty()) out["workload_ns"] = sample.workload_ns;
    out["latencies_ns"] = sample.latencies_ns;
    out["background_ns"] = sample.background_ns;
    out["counters"] = sample.counters;
    if (!sample.requirements.empty()) out["requires"] = sample.requirements;
    out["splats"] = json::array();
    for (const auto& splat : sample.splats) {
        auto& one = out["splats"].emplace_back(json{{"kind", name(splat.kind)},
                                                    {"title", splat.title},
                                                    {"function", splat.function},
                                                    {"trace", splat.trace},
                                                    {"count", splat.count}});
        if (!splat.guilty.empty()) one["guilty"] = splat.guilty;
    }
    out["further_splats"] = sample.further_splats;
    if (with_host) out["host"] = sample.host;
    return out;
}

std::string first_difference(const Sample& one, const Sample& again) {
    const auto figures = [](const Sample& sample) {
        auto out = to_json(sample, false);
        out["id"].erase("arm");
        out["id"].erase("order");
        return out;
    };
    const auto diff = json::diff(figures(one), figures(again));
    return diff.empty() ? "" : diff[0]["path"].get<std::string>();
}

Result<Sample> sample_from_json(const json& value) {
    Sample sample;
    RIG_TRY(reader, JsonReader::open(value, "sample"));
    RIG_TRY(id, reader.object("id"));
    RIG_CHECK(read_id(id, sample.id));
    RIG_CHECK(reader.one_of("run_clock", sample.run_clock, {"virtual", "wall"}));
    RIG_CHECK(reader.one_of("accelerator", sample.accelerator, {"tcg", "kvm"}));
    RIG_CHECK(reader.whole("cpus_online", sample.cpus_online));
    RIG_CHECK(reader.text("kernel_release", sample.kernel_release, max_text));
    RIG_CHECK(reader.text("kernel_version", sample.kernel_version, max_text));
    RIG_TRY(exercised, reader.object("exposure"));
    RIG_CHECK(read_exercised(exercised, sample.exercised));
    RIG_CHECK(reader.map("counts", sample.counts, max_counters));
    RIG_CHECK(reader.map("counts_per_cpu", sample.counts_per_cpu, max_counters, max_cpus));
    RIG_CHECK(reader.map("ipis_by_function", sample.ipis_by_function, max_names));
    RIG_CHECK(reader.map("sync_callsites", sample.sync_callsites, max_names));
    RIG_CHECK(reader.map("injections_by_site", sample.injections_by_site, max_names));
    if (reader.has("faults")) RIG_CHECK(read_faults(reader, sample.faults));
    Status status;
    visit_latencies(sample, [&](const char* key, std::vector<std::uint64_t>& values) {
        if (status) status = reader.wholes(key_in(reader, key), values, max_values);
    });
    visit_rare(sample, [&](const char* key, std::vector<std::uint64_t>& values) {
        if (status && reader.has(key)) status = reader.wholes(key, values, max_values);
    });
    RIG_CHECK(status);
    if (reader.has("nodes_online")) RIG_CHECK(reader.whole("nodes_online", sample.nodes_online));
    if (reader.has("workload_ns"))
        RIG_CHECK(reader.map("workload_ns", sample.workload_ns, max_timings, max_values));
    RIG_CHECK(reader.map("latencies_ns", sample.latencies_ns, max_counters, max_values));
    RIG_CHECK(reader.map("background_ns", sample.background_ns, max_counters, max_values));
    RIG_CHECK(reader.map("counters", sample.counters, max_own_counters));
    // Absent if the experiment requires nothing.
    if (reader.has("requires"))
        RIG_CHECK(reader.map("requires", sample.requirements, max_requirements));
    RIG_TRY(splats, reader.objects("splats", max_splats));
    for (auto& one : splats)
        RIG_CHECK(read_splat(one, sample.splats.emplace_back()));
    RIG_CHECK(reader.whole("further_splats", sample.further_splats));
    // Absent if written by to_json(sample, false).
    if (reader.has("host")) RIG_CHECK(reader.map("host", sample.host, max_counters));
    RIG_CHECK(reader.finish());
    return sample;
}

bool is_warmup(const Spec& spec, const Sample& sample) {
    return sample.run_clock == "wall" && sample.id.index < spec.guest.warmup_boots;
}

std::vector<const Sample*> boots_of(const std::vector<Sample>& samples, const std::string& arm) {
    std::vector<const Sample*> boots;
    for (const auto& sample : samples)
        if (sample.id.arm == arm) boots.push_back(&sample);
    std::stable_sort(boots.begin(), boots.end(),
                     [](const Sample* a, const Sample* b) { return a->id.index < b->id.index; });
    return boots;
}

} // namespace rig
