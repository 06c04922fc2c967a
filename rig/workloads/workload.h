// SPDX-License-Identifier: GPL-2.0-or-later
// The workloads as the host knows them: one declaration for each, in a file of its own beside this
// one. It says what a workload's parameters are, what one call of it is, what it counts, which
// counts follow from its parameters, and what a failed check most likely means with it. Nothing
// else in rig/ asks for a workload's name; the code that runs in the guest is
// guest/workloads/NAME.cc. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rig {

// A number, a kernel function ("" = none), or the words of a command.
using ParameterValue = std::variant<unsigned, std::string, std::vector<std::string>>;

// A key of [workload] that not every workload has.
struct WorkloadParameter {
    enum class Type { Number, KernelFunction, Command } type = Type::Number;
    std::string key;
    std::string meaning;               // for people, with the unit
    unsigned minimum = 0, maximum = 0; // Number
    ParameterValue standard = {};      // what it is if the file does not say
    bool required = false;
};

// [workload] of an experiment, read.
struct WorkloadSpec {
    std::string name = "munmap"; // one of workload_names()
    unsigned iterations = 20;    // calls, 1..100000
    unsigned pace_us =
        100000; // calls start this far apart, 0..10000000; 0 = back to back. A call that takes
                // longer makes the boot no sample: the windows of the arms must be equal
    bool bystanders = true;              // a sleeping thread on every other CPU
    unsigned bystander_period_us = 1000; // 50..1000000
    bool bystanders_busy =
        false; // bystander_mode = "busy": their CPUs compute between wake-ups instead of idling
    std::map<std::string, ParameterValue, std::less<>>
        parameters; // of this workload, as the file sets them

    // The value of a parameter, else its default; 0, "" or no words if this workload has none of
    // that name and type.
    unsigned number(std::string_view key) const;
    std::string text(std::string_view key) const;
    std::vector<std::string> words(std::string_view key) const;
};

// What one call is, and which of perf's events stand at its two ends.
struct TimedCall {
    std::string name;        // for people: "madvise", "exit_mmap"
    std::string enter, exit; // perf's names: "syscalls:sys_enter_madvise"
    std::string function; // not empty: enter and exit are probes on this kernel function, which the
                          // plan has to define
    bool of_children = false; // made by the processes that the workload starts, not by itself
    bool own_clock = true;    // the workload's own clock stands around the same calls
};
TimedCall timed_system_call(const std::string& name);
TimedCall timed_function(const std::string& function);

// A failed check, as far as a workload may know more about its cause than the check itself. What a
// hint returns is a reason, or (marked *) a clause that is added to the check's own; "" = nothing
// to say.
enum class HintFor {
    OrderTooHigh,      // * fault.min_order > 0, and nothing was injected
    NoInjection,       // nothing was injected, and nothing general explains it
    NoInjectionCause,  // one more of the causes to look at then
    AnySite,           // * fault.stack_filter is off
    OtherSites,        // * allocations failed at other sites although it is on
    TargetNotHit,      // the target did not run
    InjectedElsewhere, // the target did not run although allocations were made to fail
    WitnessNotHit,     // the target ran, the arm's witness did not
    ConfigDiffers,     // an option of [target.config] has another value
    SymbolMissing,     // a function under test is not in System.map
    Incomplete,        // * calls or work are missing
};

// What a hint may look at: of the arm's kernel, the experiment, and the first boot that failed the
// check.
struct HintFacts {
    std::string kernel_version;                       // "6.12.117"
    const std::map<std::string, std::string>& config; // name without CONFIG_ -> value
    bool stock = false;                               // built by rig without prerequisite patches
    std::string target_function, fault_function;
    unsigned fault_interval = 1;
    std::uint64_t work_done = 0; // of that boot
    std::string option;          // ConfigDiffers: its name

    std::string value_of(const std::string& name) const; // of an option; "" if it was not looked up
};
using Hint = std::string (*)(HintFor, const HintFacts&);

struct Workload {
    std::string name;
    std::string purpose; // a line, for people
    std::vector<WorkloadParameter> parameters;
    std::map<std::string, std::string> refused =
        {};              // other workloads' parameters that this one cannot have: key -> why
    TimedCall iteration; // one iteration; these bound the window of Sample::ipis_by_function
    std::string call_parameter =
        {}; // a parameter naming the function that call_latency times instead; "" = none
    bool starts_processes = false; // injection and counting follow them
    std::string work = {}; // what it reports to have done, in the plural ("tables"); "" = nothing
    std::string work_claim = {}; // "freed every table", where there is work
    std::uint64_t (*work_per_call)(const WorkloadSpec&) = nullptr;
    // How often the kernel enters the target for one call, where the workload decides that.
    // nullptr: the kernel or the injection does.
    std::uint64_t (*hits_per_call)(const WorkloadSpec&) = nullptr;
    std::map<std::string, unsigned> plan_only =
        {}; // numbers that the agent's plan has to hold, though they mean nothing here
    Hint hint = nullptr;
    std::vector<std::string> hint_options =
        {}; // options of the kernel, without CONFIG_, whose values its hints look at
};

// In the order of documentation. Names are unique.
const std::vector<const Workload*>& all_workloads();
const std::vector<std::string>& workload_names();
// nullptr if there is none of that name.
const Workload* find_workload(std::string_view name);
// For a name that was checked when the experiment was read.
const Workload& workload_named(std::string_view name);

// One iteration of the workload: as many are seen as were asked for.
TimedCall iteration_of(const WorkloadSpec& workload);
// What the metric call_latency times: the iteration, or the function that the experiment names in
// its place.
TimedCall call_of(const WorkloadSpec& workload);
// What the workload itself reports to have done in all its calls; 0 if it counts nothing.
std::uint64_t expected_work(const WorkloadSpec& workload);
std::optional<std::uint64_t> hits_per_call(const WorkloadSpec& workload);
bool has_children(const WorkloadSpec& workload);
// Names of what it counts besides, as guest/protocol/workload_counters.h has them.
std::span<const std::string_view> counters_of(std::string_view workload);
// Workloads that decide how often the target runs: those that go with target.same_path.
std::vector<std::string> workloads_with_predicted_hits();
// The keys of all workloads' parameters, each once.
const std::vector<std::string>& parameter_keys();
// The options that hints of any workload look at, each once: looked up in every kernel's .config.
std::vector<std::string> hint_options();
// The workload's hint, "" without one.
std::string hint(const WorkloadSpec& workload, HintFor what, const HintFacts& facts);

} // namespace rig
