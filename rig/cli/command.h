// SPDX-License-Identifier: GPL-2.0-or-later
// What all subcommands share. A subcommand does neither argv nor printing: it returns the text for
// stdout (JSON if requested) and the exit code. Errors are values.
#pragma once

#include "rig/analysis/calibration.h"
#include "rig/base/error.h"
#include "rig/experiment/experiment.h"
#include "rig/spec/load_spec.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct CommandOptions {
    std::filesystem::path spec;
    std::string run;            // see find_run()
    std::filesystem::path html; // for report: the page to write; empty: none
    bool mail = false;          // for report: as text for a mailing list
    std::string arm, metric;
    std::vector<std::string> points; // of a suite; empty: all points
    bool fresh = false;              // do not resume an interrupted run
    Overrides overrides;
    unsigned index = 0;
    bool count_lines = false;       // of boot: count the changed lines
    std::vector<std::string> count; // of boot: kernel functions whose instructions are counted
    bool profile = false;           // of boot and compare: profile the guests
    bool print_only = false, gdb = false, prune = false, dump_memory = false;
    unsigned gdb_port = 1234;
    std::optional<double> max_gib;
    std::optional<unsigned> max_age_days;
    std::string format;                // for export: one of export_formats()
    std::filesystem::path out;         // for export; empty: stdout
    bool raw = false;                  // for csv: single values
    std::optional<std::string> origin; // for kcidb
    CalibrationOptions calibration;
};

struct CommonOptions {
    bool json = false, quiet = false, colour = false;
    std::filesystem::path results = "results";
    unsigned jobs = 0; // concurrent boots, CpuAllocationWish::parallel
    std::uintmax_t disk_budget_mib = kDiskBudget >> 20;
    std::function<void(const std::string&)> warn = {}; // prints a warning on stderr
};

struct CommandOutput {
    std::string text;
    Exit exit = Exit::Pass;
    // Replaces `exit` for callers with another protocol (git bisect run).
    std::optional<int> code = {};
};

// Calls load_with_overrides(). Reports older names in the file through common.warn, in one line.
Result<Spec> load_and_warn(const std::filesystem::path& file, const Overrides& overrides,
                           const CommonOptions& common);

// What a command prints with --json: indented, with a line end. What is not UTF-8 is replaced.
std::string dumped(const nlohmann::json& value);
// "1 boot", "2 boots".
std::string plural(std::size_t count, const char* thing);

// {"error": {"blame", "kind", "message", "log"}} on one line.
std::string error_json(const Error& error);

} // namespace rig
