// SPDX-License-Identifier: GPL-2.0-or-later
// What is worth knowing of a run without reading its folder: what the index holds, and `rig show`
// and `rig diff` print. Plain data, made from run.json and the report (report/json.h), nothing
// else; both are recomputed from raw samples where that is possible.
#pragma once

#include "rig/base/error.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct ArmRecord {
    std::string arm;
    std::string kernel_version, image_sha256, key, compiler;
    std::vector<std::string> patches;
    unsigned checks_passed = 0, checks_failed = 0;
    std::vector<std::string> failed_checks; // their ids
    bool operator==(const ArmRecord&) const = default;
};

// One (metric, arm). nullopt: does not exist, such as the interval at too few boots, or a ratio to
// a baseline of zero.
struct MetricRecord {
    std::string metric, arm;
    std::string unit;     // "count" | "ns"
    std::string per_boot; // how a boot becomes one number, for latencies: "median"
    std::string
        boots; // compact JSON: [[boot, value], ...], what trends and intervals are drawn from
    std::optional<double> minimum, median, maximum; // over boots
    std::optional<double> ratio, ratio_low, ratio_high, difference, difference_low,
        difference_high;   // against the first arm, 95 % intervals
    std::string direction; // "fell" | "rose" | "same" | "unclear", "" for the baseline
    std::string declared, verdict, why;
    bool operator==(const MetricRecord&) const = default;
};
// The boots' values of a record, by boot. Empty if there are none.
std::vector<std::pair<unsigned, double>> boot_values(const MetricRecord& metric);

struct SplatRecord {
    std::string arm, kind, title, function;
    unsigned boots = 0;
    std::uint64_t count = 0;
    bool declared = false, followed = false; // as in ArmSplat
    bool operator==(const SplatRecord&) const = default;
};

// Attempts at a boot that were no sample, from boots/*/fault-N.txt.
struct FaultCount {
    std::string fault_domain, kind; // "host", "disk-full" (boot_outcome.h)
    unsigned count = 0;
    bool operator==(const FaultCount&) const = default;
};

struct RunRecord {
    std::string id;    // the name of its folder
    std::string state; // "running" (it has a writer) | "interrupted" (can be gone on with) |
                       // "ended" | "failed" (the kernel or the guest ended it) | "unreadable"
    std::string experiment, description, spec_file, spec_sha256; // of its text and overrides
    std::vector<std::string> overrides, command;
    std::string started, ended, failure; // UTC
    std::string clock, clock_why, accelerator, host_boot;
    std::string
        arch; // as the kernel's sources name it: "x86"; "" if its configuration is not known
    unsigned boots = 0, vcpus = 0; // boots: per arm, as planned
    std::uint64_t seed = 0;
    std::string rig_version, program, qemu_version, libvirt_version, perf_version, image;
    std::string source;   // "linux-source-6.12", a tarball with its SHA-256, a repository; "" where
                          // the spec could not be read
    std::string revision; // git only
    bool recomputed = false; // verdict and figures come from raw samples; else from report.json, if
                             // there is one, and
    std::string why_not;     // says why
    std::optional<unsigned>
        exit; // as `rig compare` ended: 0, 1, 4 (error.h); nullopt: nobody knows
    std::string closing;
    unsigned held = 0, broken = 0, undecided = 0, doubtful = 0, inconclusive = 0,
             unseen = 0;     // as in Comparison
    unsigned samples = 0;    // boots measured, all arms
    unsigned retries = 0;    // attempts that faults of the host cost, from the samples
    bool boots_kept = false; // boots/ is there; else `faults` are not known any more
    std::vector<ArmRecord> arms;
    std::vector<MetricRecord> metrics;
    std::vector<SplatRecord> splats;
    std::vector<FaultCount> faults;

    // It ended, and not one proof failed: its figures say something of the line that was to be
    // tested.
    bool proven() const;
    const char* verdict() const; // "as-expected" | "broken" | "inconclusive" | "unknown"
    bool operator==(const RunRecord&) const = default;
};

// Every (name, member) of the record's own row, in one order for all who write and read it.
template<class Record, class Visit> void visit_columns(Record& run, Visit visit) {
    visit("id", run.id), visit("state", run.state), visit("experiment", run.experiment),
        visit("description", run.description);
    visit("spec_file", run.spec_file), visit("spec_sha256", run.spec_sha256),
        visit("overrides", run.overrides), visit("command", run.command);
    visit("started", run.started), visit("ended", run.ended), visit("failure", run.failure);
    visit("clock", run.clock), visit("clock_why", run.clock_why),
        visit("accelerator", run.accelerator), visit("host_boot", run.host_boot);
    visit("arch", run.arch), visit("boots", run.boots), visit("vcpus", run.vcpus),
        visit("seed", run.seed);
    visit("rig_version", run.rig_version), visit("program", run.program),
        visit("qemu_version", run.qemu_version);
    visit("libvirt_version", run.libvirt_version), visit("perf_version", run.perf_version),
        visit("image", run.image);
    visit("source", run.source), visit("revision", run.revision),
        visit("recomputed", run.recomputed), visit("why_not", run.why_not);
    visit("exit", run.exit), visit("closing", run.closing), visit("held", run.held),
        visit("broken", run.broken), visit("undecided", run.undecided);
    visit("doubtful", run.doubtful), visit("inconclusive", run.inconclusive),
        visit("unseen", run.unseen);
    visit("samples", run.samples), visit("retries", run.retries),
        visit("boots_kept", run.boots_kept);
}
template<class Record, class Visit> void visit_arm_columns(Record& arm, Visit visit) {
    visit("arm", arm.arm), visit("kernel_version", arm.kernel_version),
        visit("image_sha256", arm.image_sha256), visit("key", arm.key);
    visit("compiler", arm.compiler), visit("patches", arm.patches),
        visit("proofs_held", arm.checks_passed), visit("proofs_failed", arm.checks_failed);
    visit("failed_proofs", arm.failed_checks);
}
template<class Record, class Visit> void visit_metric_columns(Record& metric, Visit visit) {
    visit("metric", metric.metric), visit("arm", metric.arm), visit("unit", metric.unit),
        visit("per_boot", metric.per_boot), visit("boots", metric.boots);
    visit("minimum", metric.minimum), visit("median", metric.median),
        visit("maximum", metric.maximum);
    visit("ratio", metric.ratio), visit("ratio_low", metric.ratio_low),
        visit("ratio_high", metric.ratio_high);
    visit("difference", metric.difference), visit("difference_low", metric.difference_low),
        visit("difference_high", metric.difference_high);
    visit("direction", metric.direction), visit("declared", metric.declared),
        visit("verdict", metric.verdict), visit("why", metric.why);
}
template<class Record, class Visit> void visit_splat_columns(Record& splat, Visit visit) {
    visit("arm", splat.arm), visit("kind", splat.kind), visit("title", splat.title),
        visit("function", splat.function), visit("boots", splat.boots);
    visit("count", splat.count), visit("declared", splat.declared),
        visit("followed", splat.followed);
}
template<class Record, class Visit> void visit_fault_columns(Record& fault, Visit visit) {
    visit("blame", fault.fault_domain), visit("kind", fault.kind), visit("count", fault.count);
}

// RunRecord::spec_sha256 of an experiment's text and its overrides, each "KEY=VALUE".
std::string spec_identity(std::string text, const std::vector<std::string>& overrides);

// Fills in what run.json says. What it lacks, or holds in another type, stays empty: it may be of
// another version of rig.
void take_run_json(const nlohmann::json& run, RunRecord& record);
// Fills in what a report says. False, and nothing taken, if it is no report as report/json.h writes
// it.
bool take_report_json(const nlohmann::json& report, RunRecord& record);
// Fills in one fault-N.txt: "host: disk-full: ...".
void take_fault(std::string_view text, RunRecord& record);

nlohmann::json to_json(const RunRecord& record);

} // namespace rig
