// SPDX-License-Identifier: GPL-2.0-or-later
// The host's view of the workloads: one declaration for each, in its own file in this folder. A
// declaration contains the workload's parameters, what one call is, its counters, the counts that
// follow from its parameters, and likely causes of failed checks. Nothing else in rig/ checks a
// workload's name. The code that runs in the guest is guest/workloads/NAME.cc. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rig {

struct ParameterTable;
// A number, a text such as a kernel function ("" = none), several texts such as the words of a
// command, or the tables of a list.
using ParameterValue =
    std::variant<unsigned, std::string, std::vector<std::string>, std::vector<ParameterTable>>;

// One table [[workload.KEY]], with the value or the default of every key that it may have.
struct ParameterTable {
    std::map<std::string, ParameterValue, std::less<>> values;

    // 0, "" or no words if there is no such key, or one of another type.
    unsigned number(std::string_view key) const;
    std::string text(std::string_view key) const;
    std::vector<std::string> words(std::string_view key) const;
};

// A key of [workload] that only some workloads have.
struct WorkloadParameter {
    enum class Type {
        Number,
        KernelFunction,
        Command,   // a path in the guest and arguments
        Text,      // accepted by `accepts`
        Texts,     // 1..maximum texts, each accepted by `accepts`
        Arguments, // the same, or whole numbers, which become their decimal texts
        Tables,    // 1..maximum tables [[workload.KEY]] with the keys `keys`
    } type = Type::Number;
    std::string key;
    std::string meaning;               // for people, with the unit
    unsigned minimum = 0, maximum = 0; // if type is Number
    ParameterValue standard = {};      // the default
    bool required = false;
    // What is wanted instead of the text; nullopt if the text is accepted.
    std::optional<std::string> (*accepts)(const std::string& text) = nullptr;
    std::vector<WorkloadParameter> keys = {}; // if type is Tables
    std::vector<std::string> choices = {};    // Text: the accepted values, instead of `accepts`
};

// What the bystanders do on their CPUs.
enum class BystanderMode {
    Sleep, // they sleep, wake at their period and do a piece of work; their CPUs are idle meanwhile
    Busy,  // the same, and a thread of lowest priority computes on each of their CPUs
    User,  // they compute without ever entering the kernel, and look for gaps in their time
};

// A real-time thread that wakes at its period on the CPU of a caller.
struct CallerBystander {
    unsigned cpu = 0;          // below guest.vcpus
    unsigned period_us = 1000; // 50..1000000
    unsigned priority = 50;    // of SCHED_FIFO, 1..99
};

// The table [workload] of an experiment file.
struct WorkloadSpec {
    std::string name = "munmap"; // one of workload_names()
    unsigned iterations = 20;    // number of calls, 1..100000
    // Time from the start of one call to the start of the next, 0..10000000; 0 = back to back. A
    // boot in which a call takes longer is no sample, because the windows of the arms must be
    // equal.
    unsigned pace_us = 100000;
    bool bystanders = true;              // one thread on each of their CPUs
    unsigned bystander_period_us = 1000; // 50..1000000; without meaning if the mode is User
    BystanderMode bystander_mode = BystanderMode::Sleep;
    // As "1,3" or "1-3" (guest/protocol/cpu_list.h); empty: every CPU but CPU 0.
    std::string bystander_cpus = {};
    std::optional<CallerBystander> caller_bystander = {};
    // The parameters of this workload that the file sets.
    std::map<std::string, ParameterValue, std::less<>> parameters;
    // Commands in the guest, as in BackgroundSpec, run once in each pass outside its measured
    // window: before the workload starts, after the last call, and after the workload's end. Empty:
    // none. A set-up or teardown that fails is a fault of the guest. An exit code of `check` other
    // than 0 says that the operation did not do its work.
    std::vector<std::string> setup = {}, check = {}, teardown = {};

    // The value of a parameter, or its default. 0, "" or no words if this workload has no such
    // parameter, or one of another type.
    unsigned number(std::string_view key) const;
    std::string text(std::string_view key) const;
    std::vector<std::string> words(std::string_view key) const;
    std::vector<ParameterTable> tables(std::string_view key) const;
};

// One call, and the two perf events at which it begins and ends.
struct TimedCall {
    std::string name;        // for people: "madvise", "exit_mmap"
    std::string enter, exit; // perf's names: "syscalls:sys_enter_madvise"
    std::string function; // if not empty, enter and exit are probes on this kernel function, which
                          // the plan defines
    bool of_children = false; // the calls are made by processes that the workload starts, not by
                              // the workload itself
    bool own_clock = true;    // the workload's own clock measures the same calls
};
TimedCall timed_system_call(const std::string& name);
TimedCall timed_function(const std::string& function);

// Failed checks about whose cause a workload may know more than the check does. A hint is a reason
// or, if marked *, a clause that is appended to the check's own reason; "" = no hint.
enum class HintFor {
    OrderTooHigh,      // * fault.min-order > 0, and nothing was injected
    NoInjection,       // nothing was injected, and no general reason explains it
    NoInjectionCause,  // one more possible cause to list then
    AnySite,           // * fault.stack_filter is off
    OtherSites,        // * allocations failed at other call sites although it is on
    TargetNotHit,      // the target did not run
    InjectedElsewhere, // the target did not run although allocations were made to fail
    WitnessNotHit,     // the target ran, but the arm's marker did not
    ConfigDiffers,     // an option of [target.config] has another value
    SymbolMissing,     // a function under test is not in System.map
    Incomplete,        // * calls or work are missing
};

// What a hint may use: facts about the arm's kernel, the experiment, and the first boot that failed
// the check.
struct HintFacts {
    std::string kernel_version;                       // "6.12.117"
    const std::map<std::string, std::string>& config; // name without CONFIG_ -> value
    bool stock = false;                               // built by rig without prerequisite patches
    std::string target_function, fault_function;
    unsigned fault_interval = 1;
    std::uint64_t work_done = 0; // in the boot that failed the check
    std::string option;          // for ConfigDiffers: the option's name

    std::string value_of(const std::string& name) const; // of an option; "" if it was not looked up
};
using Hint = std::string (*)(HintFor, const HintFacts&);

// A value of one of a workload's tables that does not go with the others, or with the guest.
struct ParameterFault {
    std::string list;      // the parameter with the tables
    std::size_t table = 0; // which of them
    std::string key;       // of this table; it may be absent
    std::string want;
};

// What a workload times itself: the lists of the samples that make it up, in their order.
struct WorkloadTiming {
    std::string name;
    std::vector<std::string> parts;
};

struct Workload {
    std::string name;
    std::string purpose; // one line, for people
    std::vector<WorkloadParameter> parameters;
    // Parameters of other workloads that this one cannot support: key -> reason.
    std::map<std::string, std::string> refused = {};
    // One iteration; its two events bound the window of Sample::ipis_by_function.
    TimedCall iteration;
    // The parameter with the name of the function that call_latency times instead; "" = none.
    std::string call_parameter = {};
    bool starts_processes = false; // injection and counting include them
    // The same, if that depends on the parameters.
    bool (*may_start_processes)(const WorkloadSpec&) = nullptr;
    // The calls are made by threads, which the workload starts before the window opens.
    bool has_threads = false;
    // What the workload reports as done, in the plural ("tables"); "" = nothing.
    std::string work = {};
    std::string work_claim = {}; // if there is work: "freed every table"
    std::uint64_t (*work_per_call)(const WorkloadSpec&) = nullptr;
    // How often one call makes the kernel enter the target, if the workload determines that.
    // nullptr: the kernel or the injection determines it.
    std::uint64_t (*hits_per_call)(const WorkloadSpec&) = nullptr;
    // Numbers that the agent requires in its plan although they mean nothing for this workload.
    std::map<std::string, unsigned> plan_only = {};
    // Counters whose names follow from the parameters. Others are in
    // guest/protocol/workload_counters.h.
    std::vector<std::string> (*counters)(const WorkloadSpec&) = nullptr;
    std::vector<WorkloadTiming> (*timings)(const WorkloadSpec&) = nullptr;
    // The first of the tables' values that is refused, after each was accepted for itself.
    std::optional<ParameterFault> (*refuse)(const WorkloadSpec&, unsigned vcpus) = nullptr;
    Hint hint = nullptr;
    // Kernel options, without CONFIG_, that the workload's hints look at.
    std::vector<std::string> hint_options = {};
};

// In the order in which they are documented. Names are unique.
const std::vector<const Workload*>& all_workloads();
const std::vector<std::string>& workload_names();
// nullptr if no workload has that name.
const Workload* find_workload(std::string_view name);
// For a name that was checked when the experiment was read.
const Workload& workload_named(std::string_view name);

// One iteration of the workload. A boot must show exactly `iterations` of them.
TimedCall iteration_of(const WorkloadSpec& workload);
// What the metric call_latency times: the iteration, or the function that the experiment names
// instead.
TimedCall call_of(const WorkloadSpec& workload);
// The work that the workload must report for all its calls together; 0 if it counts none.
std::uint64_t expected_work(const WorkloadSpec& workload);
std::optional<std::uint64_t> hits_per_call(const WorkloadSpec& workload);
bool has_children(const WorkloadSpec& workload);
bool has_threads(const WorkloadSpec& workload);
// Names of the workload's further counters.
std::vector<std::string> counters_of(const WorkloadSpec& workload);
// What the workload times besides its iterations; names are unique.
std::vector<WorkloadTiming> timings_of(const WorkloadSpec& workload);
// Workloads that determine how often the target runs: target.same_path needs one of them.
std::vector<std::string> workloads_with_predicted_hits();
// The keys of all workloads' parameters, each once.
const std::vector<std::string>& parameter_keys();
// The options that the hints of any workload look at, each once. They are looked up in every
// kernel's .config.
std::vector<std::string> hint_options();
// The workload's hint; "" if it has none.
std::string hint(const WorkloadSpec& workload, HintFor what, const HintFacts& facts);

} // namespace rig
