// SPDX-License-Identifier: GPL-2.0-or-later
// The faults that a run's attempts at a boot left: boots/<order>-<arm>-<index>/fault-N.txt, one
// line "blame: ending: message", written by experiment/boot_loop.cc. No report is computed from
// them (what was not measured is no sample), but an export that says which tests did not run has to
// name them.
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
    unsigned index = 0, order = 0; // of the boot, as BootId has them
    unsigned attempt = 0;          // 0-based
    std::string folder; // of the boot, within boots/: one that a killed rig left has its own
                        // (".cut-short-1")
    FaultDomain fault_domain = FaultDomain::Host;
    std::string kind;        // how it ended (boot_outcome.h), "rcu-stall"
    std::string message;     // from a guest or a tool: any text, may hold several lines
    bool made_again = false; // the boot came to its end in a later attempt
};

// `folder` and `file` are names ("0001-reviewed-0", "fault-0.txt"). FaultDomain::Host:
// "boots/x/fault-0.txt: what was found, want what".
Result<FaultRecord> parse_fault(std::string_view folder, std::string_view file,
                                std::string_view text);

// All of a run, in the order of the schedule; none where there is no boots/ (a run of which only
// the figures were kept).
Result<std::vector<FaultRecord>> load_faults(const std::filesystem::path& run_dir,
                                             const RunInfo& run,
                                             const std::vector<Sample>& samples);

} // namespace rig
