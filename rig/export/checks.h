// SPDX-License-Identifier: GPL-2.0-or-later
// What a run checked, one by one, for the formats of test results (ktap.h, junit.h, kcidb.h): so
// that they cannot differ in what counts as passed. Nothing but CheckOutcome::Held may ever be
// shown as a pass. Pure.
#pragma once

#include "rig/report/report.h"
#include "rig/results/fault_record.h"

#include <string>
#include <vector>

namespace rig {

enum class CheckOutcome {
    Held,     // as declared; a proof that holds; a boot's kernel that did not complain
    Broken,   // the kernel is not as declared: a bound, an exact value, a splat, a control that did
              // not fail, a panic
    Unproven, // nothing was tested, or not to its end: a proof fails, a metric is missing, the
              // guest failed, the run is a part
    Missed,   // a boot that the host failed, and that was not made again
    NotRun,   // an expectation about an arm without any boot
    Doubtful, // undecided, and what was seen speaks against it
    Undecided, // too few boots, or an interval across the bound
    Unseen,    // 0 as declared, but 0 in every arm: nothing shows that it can be seen
    NotJudged, // nothing is declared
    MadeAgain, // a boot that the host failed, which came to its end in a later attempt
};

enum class CheckKind {
    Verdict,       // of the whole run: its exit code
    Completed,     // did the run come to its end?
    ValidityCheck, // of exposure
    Expectation,   // one metric in one arm; also what is only reported, for the arms that are
                   // compared
    Splats,        // what the arm's kernels complained of
    Attempt,       // at a boot, that failed (fault_record.h)
};

struct Check {
    CheckKind kind = CheckKind::ValidityCheck;
    std::string name; // unique within its group: "proof.injections", "target_latency", "splats",
                      // "boot.0001-reviewed-0.attempt-0"
    CheckOutcome outcome = CheckOutcome::NotJudged;
    std::string why;                  // one line; from guests too, any characters
    std::vector<std::string> details; // figures, side by side; lines, any characters
};

struct CheckGroup {
    std::string name; // the arm's; "" for the whole run, which comes first
    std::vector<Check> checks;
};

// What was made to fail meanwhile, for an item that failed: where, in which function, and how often
// in a boot of the arm ("" for all arms). "with injected faults: fail_page_alloc in f(), 80 a boot
// in ipi". Empty for a run without. For one boot, `of_boot`, that gave no sample the number is not
// known, which is said.
std::string injected_faults(const ReportInput& input, const std::string& arm, bool of_boot = false);

// Broken, Unproven, Missed or Doubtful: what a reader may take for a failure of the kernel.
bool failing(CheckOutcome outcome);

// Each failing check of a run with injected faults says so at the end of `why`.
// A run that tested nothing has no Held expectation and at least one check that is not Held.
std::vector<CheckGroup> checks_of(const ReportInput& input, const std::vector<FaultRecord>& faults);

// "ipi 4.40 µs, reviewed 16.0 ms (median of a boot; median over boots)"; of counts the range over
// boots.
std::string side_by_side(const MetricResult& metric);

// Valid UTF-8 without control characters but blanks: the common ground of the formats. What is not
// becomes U+FFFD or '?'.
std::string clean_line(std::string_view text);

} // namespace rig
