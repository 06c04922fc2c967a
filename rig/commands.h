// What each subcommand does, apart from argv and printing: returns the text for stdout (JSON if asked for) and the exit
// code. Errors are values.
#pragma once

#include "rig/calibration.h"
#include "rig/experiment.h"
#include "rig/experiment/world.h"
#include "rig/store.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace rig {

struct Overrides {
    std::optional<unsigned> boots, vcpus;
    std::optional<std::uint64_t> seed;
    std::optional<std::string> clock;
    std::vector<std::string> set; // KEY=VALUE, see spec_override.h
};

struct CommandLine {
    std::filesystem::path spec;
    std::string run; // see find_run()
    std::filesystem::path html; // of report: the page to write; empty: none
    std::string arm, metric;
    std::vector<std::string> points; // of a suite; empty: all
    bool fresh = false; // do not go on with an interrupted run
    Overrides overrides;
    unsigned index = 0;
    bool print_only = false, gdb = false, prune = false, dump_memory = false;
    unsigned gdb_port = 1234;
    std::optional<double> max_gib;
    std::optional<unsigned> max_age_days;
    std::string format; // of an export, one of export_formats()
    std::filesystem::path out; // of an export; empty: stdout
    bool raw = false; // csv: single values
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

// The experiment file with the command line's say over it. Blame::Spec as load_spec().
Result<Spec> load_with_overrides(const std::filesystem::path& file, const Overrides& overrides);
// The words that say the same again: "--boots", "4", ...
std::vector<std::string> words_of(const Overrides& overrides);
// "./bootstrap compare FILE ...": what reproduces a run from the project's top.
std::vector<std::string> compare_command_words(const Spec& spec, const Overrides& overrides);
// Blame::Spec naming those there are.
Result<const Arm*> arm_of(const Spec& spec, const std::string& name);
// {"error": {"blame", "message", "log"}} on one line.
std::string error_json(const Error& error);

Result<CommandOutput> compare_command(const CommandLine&, const CommonOptions&, const World&, std::stop_token);
Result<CommandOutput> build_command(const CommandLine&, const CommonOptions&, const World&);
Result<CommandOutput> boot_command(const CommandLine&, const CommonOptions&, const World&, std::stop_token);
Result<CommandOutput> shell_command(const CommandLine&, const CommonOptions&, const World&, std::stop_token);
Result<CommandOutput> report_command(const CommandLine&, const CommonOptions&);
// How the verdicts on line.metric came about. Succeeds whatever they are.
Result<CommandOutput> explain_command(const CommandLine&, const CommonOptions&);
// Boots line.spec with its baseline twice, or takes a run that did (line.spec names its folder), and calibrates on it.
Result<CommandOutput> calibrate_command(const CommandLine&, const CommonOptions&, const World&, std::stop_token);
Result<CommandOutput> doctor_command(const CommonOptions&, const World&);
Result<CommandOutput> cache_command(const CommandLine&, const CommonOptions&, const World&);

} // namespace rig
