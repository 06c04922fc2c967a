// SPDX-License-Identifier: GPL-2.0-or-later
// The experiment file that `rig try` writes: the settings that were derived, and the text. Pure.
#pragma once

#include "rig/base/error.h"

#include <cstddef>
#include <string>
#include <vector>

namespace rig {

// The text as a string of TOML, with its quotes.
std::string toml_text(const std::string& text);

// A bound that the user gave: `--not-worse target_latency=1%`.
struct NotWorse {
    std::string metric;
    double within = 0; // 0.01 = 1 %
};
// "METRIC=PERCENT%". FaultDomain::Spec for anything else. `latency` means target_latency,
// `duration` call_latency, and `ipis` total_ipis.
Result<NotWorse> parse_not_worse(const std::string& text);

// FaultDomain::Spec for a bound on a metric that no trial of this architecture has, whatever
// functions its series changes.
Status check_bounds(const std::vector<NotWorse>& bounds, const std::string& arch);

// An option with the reason for which it is set, which becomes a comment.
struct TrialOption {
    std::string name, value, reason;
};

struct TrialExperiment {
    std::string name, description;
    std::string source; // the value of kernel.source, as TOML
    std::string arch;
    // Relative to the folder of the file.
    std::vector<std::string> prerequisites, fragments;
    std::string series;
    std::vector<TrialOption> options;         // of both kernels
    std::vector<TrialOption> patched_options; // the tree without the series cannot have them
    std::vector<std::string> config_differs;  // what else follows from the series' Kconfig files
    unsigned vcpus = 4;
    unsigned boots = 0;            // 0: boots_for() the metrics of the file
    std::string clock = "virtual"; // only the emulator counts changed lines
    // Of the workload: its name, and for `command` what runs in each iteration.
    std::string workload;
    std::vector<std::string> command;
    unsigned iterations = 20, pace_us = 100'000;
    std::vector<std::string> image_files; // absolute paths
    std::string fault;                    // allocations below this function fail; empty: none
    std::string target;                   // the changed function whose latency is measured
    std::vector<std::string> functions;   // other changed functions: calls and latency of each
    std::vector<NotWorse> bounds;
};

// The file, with comments for whoever continues from it. FaultDomain::Spec for a bound on a metric
// that it does not have; the message lists those that it has.
Result<std::string> experiment_text(const TrialExperiment& trial);

// The least number of boots per arm with which each of `comparisons` two-sided comparisons can be
// decided with a family error of 5 %: the smallest p of the exact sign test over n pairs is
// 2^(1-n), and Holm's first step multiplies it by the number of comparisons. At least 6.
unsigned boots_for(std::size_t comparisons);

// A word of lower-case letters, digits and '-' for file and experiment names, at most 40 long:
// "mm/vmstat: skip idle CPUs" -> "mm-vmstat-skip-idle-cpus". "patch" if nothing is left.
std::string slug_of(const std::string& title);

} // namespace rig
