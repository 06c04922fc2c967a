// SPDX-License-Identifier: GPL-2.0-or-later
// The single checks of a run, which all formats of test results use (ktap.h, junit.h, kcidb.h), so
// that they agree on what counts as passed. Only CheckOutcome::Held may ever be shown as a pass.
// Pure.
#pragma once

#include "rig/report/report.h"
#include "rig/results/fault_record.h"

#include <string>
#include <vector>

namespace rig {

enum class CheckOutcome {
    // As declared; a validity check that passed; a boot whose kernel did not splat.
    Held,
    // The kernel is not as declared: a bound, an exact value, a splat, a control that did not fail,
    // a panic.
    Broken,
    // Nothing was tested, or not completely: a validity check or the guest failed, a metric is
    // missing, or the run is incomplete.
    Unproven,
    // A boot that failed because of the host and was not completed by a retry.
    Missed,
    // An expectation about an arm without any boot.
    NotRun,
    // Undecided, and other observations contradict the expectation.
    Doubtful,
    // Too few boots, or an interval that contains the bound.
    Undecided,
    // 0 as declared, but 0 in every arm: nothing shows that the metric can be seen.
    Unseen,
    // No expectation is declared.
    NotJudged,
    // A boot that failed because of the host, and that a retry completed.
    MadeAgain,
};

enum class CheckKind {
    Verdict,       // one for the whole run: its exit code
    Completed,     // whether the run completed
    ValidityCheck, // from the boots or the kernel's files
    // One metric in one arm. Also metrics that are only reported, for the arms that are compared.
    Expectation,
    Splats,  // the splats of an arm's kernels
    Attempt, // a failed attempt at a boot (fault_record.h)
};

struct Check {
    CheckKind kind = CheckKind::ValidityCheck;
    std::string name; // unique within its group: "proof.injections", "target_latency", "splats",
                      // "boot.0001-reviewed-0.attempt-0"
    CheckOutcome outcome = CheckOutcome::NotJudged;
    std::string why; // one line with any characters, since it may come from a guest
    std::vector<std::string> details; // lines with any characters: the figures of all arms
};

struct CheckGroup {
    std::string name; // the arm's; "" for the whole run, which comes first
    std::vector<Check> checks;
};

// Whether this is Broken, Unproven, Missed or Doubtful: a reader may take it for a failure of the
// kernel.
bool failing(CheckOutcome outcome);

// All checks of a run. If faults were injected, each failing check mentions them at the end of
// `why`. A run that tested nothing has no Held expectation and at least one check that is not Held.
std::vector<CheckGroup> checks_of(const ReportInput& input, const std::vector<FaultRecord>& faults);

// "ipi 4.40 µs, reviewed 16.0 ms (median of a boot; median over boots)"; for counts the range over
// boots.
std::string side_by_side(const MetricResult& metric);

// Makes valid UTF-8 without control characters except blanks, which all formats accept. Other bytes
// become U+FFFD or '?'.
std::string clean_line(std::string_view text);

} // namespace rig
