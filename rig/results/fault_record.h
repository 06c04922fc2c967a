// SPDX-License-Identifier: GPL-2.0-or-later
// The failed attempts at boots of a run. Each is boots/<order>-<arm>-<index>/fault-N.txt with one
// line "fault domain: outcome: message", written by experiment/boot_loop.cc. Reports do not use
// them, since what was not measured is no sample. Exports do, to name the tests that did not run.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/sample.h"
#include "rig/results/run_info.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct FaultRecord {
    std::string arm;
    unsigned index = 0, order = 0; // as in the BootId of the boot
    unsigned attempt = 0;          // 0-based
    // The boot's folder within boots/. A folder that a killed rig left has a name of its own
    // (".cut-short-1").
    std::string folder;
    FaultDomain fault_domain = FaultDomain::Host;
    std::string kind;        // the outcome (boot_outcome.h): "rcu-stall"
    std::string message;     // from a guest or a tool: any text, possibly several lines
    bool made_again = false; // a later attempt completed the boot
};

// `folder` and `file` are names ("0001-reviewed-0", "fault-0.txt"). Errors are FaultDomain::Host:
// "boots/x/fault-0.txt: what was found, want what".
Result<FaultRecord> parse_fault(std::string_view folder, std::string_view file,
                                std::string_view text);

// All failed attempts of a run, in the order of the schedule. Empty if there is no boots/ (a run of
// which only the figures were kept).
Result<std::vector<FaultRecord>> load_faults(const std::filesystem::path& run_dir,
                                             const RunInfo& run,
                                             const std::vector<Sample>& samples);

} // namespace rig
