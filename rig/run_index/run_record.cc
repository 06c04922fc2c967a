// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/run_record.h"

#include "rig/base/error.h"
#include "rig/base/sha256.h"
#include "rig/workloads/older_names.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

constexpr unsigned report_format = 1; // of report/json.cc

// The file may be from another version: a missing key, or one with another type, leaves `out`
// unchanged.
template<class T> void take(const json& object, const char* key, T& out) {
    const auto found = object.find(key);
    if (found == object.end()) return;
    if constexpr (std::is_same_v<T, std::string>) {
        if (found->is_string()) out = found->get<T>();
    } else if constexpr (std::is_same_v<T, bool>) {
        if (found->is_boolean()) out = found->get<T>();
    } else if constexpr (std::is_integral_v<T>) {
        if (found->is_number_unsigned()) out = found->get<T>();
    } else {
        if (found->is_array() && std::all_of(found->begin(), found->end(),
                                             [](const json& one) { return one.is_string(); }))
            out = found->get<T>();
    }
}

std::optional<double> number(const json& value) {
    return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

void take_estimate(const json& estimate, std::optional<double>& value, std::optional<double>& low,
                   std::optional<double>& high) {
    value = number(estimate.at("value"));
    if (const auto& interval = estimate.at("interval"); interval.is_object())
        low = number(interval.at("low")), high = number(interval.at("high"));
}

MetricRecord metric_record(const json& metric, const json& arm) {
    MetricRecord out;
    out.metric = older::metric(metric.at("name").get<std::string>());
    out.unit = metric.at("unit");
    out.per_boot = metric.at("per_boot");
    out.arm = arm.at("arm");
    json boots = json::array();
    for (const auto& boot : arm.at("boots"))
        boots.push_back({boot.at("boot"), boot.at("value")});
    out.boots = boots.dump();
    if (const auto& spread = arm.at("over_boots"); spread.is_object())
        out.minimum = number(spread.at("min")), out.median = number(spread.at("median")),
        out.maximum = number(spread.at("max"));
    if (const auto& change = arm.at("change"); change.is_object()) {
        take_estimate(change.at("ratio"), out.ratio, out.ratio_low, out.ratio_high);
        take_estimate(change.at("difference"), out.difference, out.difference_low,
                      out.difference_high);
        out.direction = change.at("direction");
    }
    out.declared = arm.at("declared");
    out.verdict = older::metric_verdict(arm.at("verdict").get<std::string>());
    out.why = arm.at("why");
    return out;
}

ArmRecord& arm_record(RunRecord& record, const std::string& name) {
    const auto found = std::find_if(record.arms.begin(), record.arms.end(),
                                    [&](const ArmRecord& arm) { return arm.arm == name; });
    if (found != record.arms.end()) return *found;
    record.arms.emplace_back().arm = name;
    return record.arms.back();
}

void take_report(const json& report, RunRecord& record) {
    if (report.at("format") != report_format)
        throw json::other_error::create(501, "another format", nullptr);
    record.experiment = report.at("experiment");
    record.description = report.at("description");
    const auto& verdict = report.at("verdict");
    record.exit = verdict.at("exit");
    record.closing = older::closing(verdict.at("closing").get<std::string>());
    record.held = verdict.at("held"), record.broken = verdict.at("failed"),
    record.undecided = verdict.at("undecided");
    record.doubtful = verdict.at("doubtful"), record.inconclusive = verdict.at("inconclusive"),
    record.unseen = verdict.at("unseen");
    for (const auto& metric : report.at("metrics"))
        for (const auto& arm : metric.at("arms"))
            record.metrics.push_back(metric_record(metric, arm));
    for (const auto& check : report.at("proofs")) {
        auto& arm = arm_record(record, check.at("arm"));
        if (check.at("passed").get<bool>())
            ++arm.checks_passed;
        else
            ++arm.checks_failed, arm.failed_checks.push_back(check.at("id"));
    }
    for (const auto& arm : report.at("splats").at("arms"))
        for (const char* list : {"splats", "notices"})
            for (const auto& splat : arm.at(list))
                record.splats.push_back({arm.at("arm"), splat.at("kind"), splat.at("title"),
                                         splat.at("function"), splat.at("boots"), splat.at("count"),
                                         splat.at("declared"), splat.at("followed")});
}

template<class Record, class Visit> json columns_json(const Record& record, Visit visit_all) {
    json out = json::object();
    visit_all(record, [&](const char* name, const auto& value) {
        if constexpr (requires { value.has_value(); })
            out[name] = value ? json(*value) : json(nullptr);
        else
            out[name] = value;
    });
    return out;
}

} // namespace

std::vector<std::pair<unsigned, double>> boot_values(const MetricRecord& metric) {
    std::vector<std::pair<unsigned, double>> out;
    const auto boots = json::parse(metric.boots, nullptr, false);
    if (!boots.is_array()) return out;
    for (const auto& boot : boots)
        if (boot.is_array() && boot.size() == 2 && boot[0].is_number_unsigned() &&
            boot[1].is_number())
            out.emplace_back(boot[0].get<unsigned>(), boot[1].get<double>());
    return out;
}

std::string spec_identity(std::string text, const std::vector<std::string>& overrides) {
    for (const auto& one : overrides)
        text += "\n--set " + one;
    return sha256_hex(text);
}

unsigned exit_of_failure(std::string_view failure) {
    return static_cast<unsigned>(failure.starts_with(std::string(name(FaultDomain::Kernel)) + ":")
                                     ? Exit::Fail
                                     : Exit::Inconclusive);
}

bool RunRecord::proven() const {
    return state == "ended" && std::all_of(arms.begin(), arms.end(), [](const ArmRecord& arm) {
               return arm.checks_failed == 0;
           });
}

const char* RunRecord::verdict() const {
    if (!exit) return "unknown";
    return *exit == static_cast<unsigned>(Exit::Pass)   ? "pass"
           : *exit == static_cast<unsigned>(Exit::Fail) ? "fail"
                                                        : "inconclusive";
}

void take_run_json(const json& run, RunRecord& record) {
    if (!run.is_object()) return;
    for (const auto& [key, out] : std::initializer_list<std::pair<const char*, std::string*>>{
             {"spec_file", &record.spec_file},
             {"started", &record.started},
             {"ended", &record.ended},
             {"failure", &record.failure},
             {"clock", &record.clock},
             {"clock_why", &record.clock_why},
             {"accelerator", &record.accelerator},
             {"host_boot", &record.host_boot},
             {"rig_version", &record.rig_version},
             {"program", &record.program},
             {"qemu_version", &record.qemu_version},
             {"libvirt_version", &record.libvirt_version},
             {"perf_version", &record.perf_version},
             {"image", &record.image}})
        take(run, key, *out);
    take(run, "boots", record.boots);
    take(run, "vcpus", record.vcpus);
    take(run, "seed", record.seed);
    take(run, "overrides", record.overrides);
    take(run, "command", record.command);
    const auto kernels = run.find("kernels");
    if (kernels == run.end() || !kernels->is_array()) return;
    for (const auto& kernel : *kernels) {
        if (!kernel.is_object() || !kernel.contains("arm") || !kernel.at("arm").is_string())
            continue;
        auto& arm = arm_record(record, kernel.at("arm"));
        take(kernel, "key", arm.key);
        take(kernel, "compiler", arm.compiler);
        take(kernel, "patches", arm.patches);
        const auto facts = kernel.find("facts");
        if (facts == kernel.end() || !facts->is_object()) continue;
        take(*facts, "version", arm.kernel_version);
        take(*facts, "image_sha256", arm.image_sha256);
        if (const auto config = facts->find("config");
            config != facts->end() && config->is_object())
            for (const auto& [option, arch] :
                 {std::pair{"X86", "x86"}, {"ARM64", "arm64"}, {"RISCV", "riscv"}})
                if (config->value(option, json()) == "y") record.arch = arch;
    }
}

bool take_report_json(const json& report, RunRecord& record) {
    auto filled = record;
    try {
        take_report(report, filled);
    } catch (const json::exception&) { // a missing key, or one of another type
        return false;
    }
    record = std::move(filled);
    return true;
}

void take_fault(std::string_view text, RunRecord& record) {
    const auto fault_domain = text.substr(0, text.find(": "));
    const auto rest = text.substr(std::min(fault_domain.size() + 2, text.size()));
    const auto kind = rest.substr(0, rest.find(": "));
    const auto found =
        std::find_if(record.faults.begin(), record.faults.end(), [&](const FaultCount& one) {
            return one.fault_domain == fault_domain && one.kind == kind;
        });
    if (found != record.faults.end())
        ++found->count;
    else
        record.faults.push_back({std::string(fault_domain), std::string(kind), 1});
    std::sort(record.faults.begin(), record.faults.end(), [](const auto& a, const auto& b) {
        return std::tie(a.fault_domain, a.kind) < std::tie(b.fault_domain, b.kind);
    });
}

json to_json(const RunRecord& record) {
    auto out = columns_json(record, [](const auto& r, auto visit) { visit_columns(r, visit); });
    out["verdict"] = record.verdict();
    for (const char* list : {"arms", "metrics", "splats", "faults"})
        out[list] = json::array();
    for (const auto& arm : record.arms)
        out["arms"].push_back(
            columns_json(arm, [](const auto& r, auto visit) { visit_arm_columns(r, visit); }));
    for (const auto& metric : record.metrics) {
        auto one =
            columns_json(metric, [](const auto& r, auto visit) { visit_metric_columns(r, visit); });
        one["boots"] = json::parse(metric.boots, nullptr, false);
        out["metrics"].push_back(std::move(one));
    }
    for (const auto& splat : record.splats)
        out["splats"].push_back(
            columns_json(splat, [](const auto& r, auto visit) { visit_splat_columns(r, visit); }));
    for (const auto& fault : record.faults)
        out["faults"].push_back(
            columns_json(fault, [](const auto& r, auto visit) { visit_fault_columns(r, visit); }));
    return out;
}

} // namespace rig
