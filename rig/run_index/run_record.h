// SPDX-License-Identifier: GPL-2.0-or-later
// The data of a run that commands need without reading its folder: the content of the index, which
// `rig show` and `rig diff` print. Plain data, made from run.json and the report (report/json.h)
// only. Both are recomputed from raw samples if possible.
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
    std::vector<std::string> failed_checks; // IDs of the failed checks
    bool operator==(const ArmRecord&) const = default;
};

// One (metric, arm). nullopt: the value does not exist, such as an interval with too few boots, or
// a ratio to a baseline of zero.
struct MetricRecord {
    std::string metric, arm;
    std::string unit; // "count" | "ns" | "per_second"
    // For latencies, the statistic that represents a boot: "median".
    std::string per_boot;
    // Compact JSON for trends and intervals: [[boot, value], ...].
    std::string boots;
    std::optional<double> minimum, median, maximum; // over boots
    std::optional<double> ratio, ratio_low, ratio_high, difference, difference_low,
        // Compared with the first arm; 95 % intervals.
        difference_high;
    // "fell" | "rose" | "same" | "unclear", or "" for the baseline.
    std::string direction;
    std::string declared, verdict, why;
    bool operator==(const MetricRecord&) const = default;
};
// The values of single boots in a record, by boot. Empty if there are none.
std::vector<std::pair<unsigned, double>> boot_values(const MetricRecord& metric);

struct SplatRecord {
    std::string arm, kind, title, function;
    unsigned boots = 0;
    std::uint64_t count = 0;
    bool declared = false, followed = false; // as in ArmSplat
    bool operator==(const SplatRecord&) const = default;
};

// Failed attempts at boots, from boots/*/fault-N.txt.
struct FaultCount {
    std::string fault_domain, kind; // for example "host" and "disk-full" (boot_outcome.h)
    unsigned count = 0;
    bool operator==(const FaultCount&) const = default;
};

struct RunRecord {
    std::string id; // the name of its folder
    // "running" (it has a writer) | "interrupted" (it can be resumed) | "ended" | "failed" (the
    // kernel or the guest ended it) | "unreadable".
    std::string state;
    std::string experiment, description, spec_file, spec_sha256; // hash of its text and overrides
    std::vector<std::string> overrides, command;
    std::string started, ended, failure; // UTC (`started` and `ended`)
    std::string clock, clock_why, accelerator, host_boot;
    // As in the kernel's sources: "x86"; "" if the kernel's configuration is unknown.
    std::string arch;
    unsigned boots = 0, vcpus = 0; // boots: planned per arm
    std::uint64_t seed = 0;
    std::string rig_version, program, qemu_version, libvirt_version, perf_version, image;
    // "linux-source-6.12", a tarball with its SHA-256, or a repository; "" if the spec could not be
    // read.
    std::string source;
    std::string revision; // for git only
    // Whether verdict and figures were recomputed from raw samples; else they are from report.json
    // if there is one, and `why_not` gives the reason.
    bool recomputed = false;
    std::string why_not;
    // Exit code of `rig compare`: 0, 1, 4 (error.h); nullopt: unknown.
    std::optional<unsigned> exit;
    std::string closing;
    unsigned held = 0, broken = 0, undecided = 0, doubtful = 0, inconclusive = 0,
             unseen = 0;     // as in Comparison
    unsigned samples = 0;    // measured boots of all arms
    unsigned retries = 0;    // attempts lost to host faults, from the samples
    bool boots_kept = false; // boots/ exists; if not, `faults` are unknown
    std::vector<ArmRecord> arms;
    std::vector<MetricRecord> metrics;
    std::vector<SplatRecord> splats;
    std::vector<FaultCount> faults;

    // Whether the run ended and all validity checks passed, so that its figures are about the line
    // under test.
    bool proven() const;
    const char* verdict() const; // "pass" | "fail" | "inconclusive" | "unknown"
    bool operator==(const RunRecord&) const = default;
};

// The exit code of `compare` for a run that `failure` (of run.json, "DOMAIN: MESSAGE") ended: a
// kernel that panicked is a failure; an incomplete set of boots alone would be inconclusive.
unsigned exit_of_failure(std::string_view failure);

// Visits every (name, member) of the record's own row. Reading and writing use this one order.
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

// Fills in the data of run.json. Keys that are missing or have another type stay empty, since the
// file may be from another version of rig.
void take_run_json(const nlohmann::json& run, RunRecord& record);
// Fills in the data of a report. Returns false, and changes nothing, if it is no report as written
// by report/json.h.
bool take_report_json(const nlohmann::json& report, RunRecord& record);
// Fills in the data of one fault-N.txt: "host: disk-full: ...".
void take_fault(std::string_view text, RunRecord& record);

nlohmann::json to_json(const RunRecord& record);

} // namespace rig
