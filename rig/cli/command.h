// SPDX-License-Identifier: GPL-2.0-or-later
// What each subcommand does, apart from argv and printing: it returns the text for stdout (JSON if
// asked for) and the exit code. Errors are values. This header has what the subcommands share.
#pragma once

#include "rig/analysis/calibration.h"
#include "rig/base/error.h"
#include "rig/experiment/experiment.h"
#include "rig/spec/load_spec.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct CommandLine {
    std::filesystem::path spec;
    std::string run;            // see find_run()
    std::filesystem::path html; // of report: the page to write; empty: none
    std::string arm, metric;
    std::vector<std::string> points; // of a suite; empty: all
    bool fresh = false;              // do not go on with an interrupted run
    Overrides overrides;
    unsigned index = 0;
    std::vector<std::string> count; // of boot: kernel functions whose instructions are counted
    bool print_only = false, gdb = false, prune = false, dump_memory = false;
    unsigned gdb_port = 1234;
    std::optional<double> max_gib;
    std::optional<unsigned> max_age_days;
    std::string format;                // of an export, one of export_formats()
    std::filesystem::path out;         // of an export; empty: stdout
    bool raw = false;                  // csv: single values
    std::optional<std::string> origin; // kcidb
    CalibrationOptions calibration;
};

struct CommonOptions {
    bool json = false, quiet = false, colour = false;
    std::filesystem::path results = "results";
    unsigned jobs = 0; // boots at once, PackingWish::parallel
    std::uintmax_t disk_budget_mib = kDiskBudget >> 20;
    std::function<void(const std::string&)> warn = {}; // to stderr
};

struct CommandOutput {
    std::string text;
    Exit exit = Exit::AsExpected;
    std::optional<int> code = {}; // in the place of `exit`, for who asked for another protocol
};

// {"error": {"blame", "message", "log"}} on one line.
std::string error_json(const Error& error);

} // namespace rig
