// SPDX-License-Identifier: GPL-2.0-or-later
// An experiment file (configs/*.toml) as plain data; spec_parser.h reads one. Paths in a file are
// relative to the project's top (the nearest parent of the file that contains `kernel-patches/`).
// They are kept that way, only normalised: open them as `spec.top / path`.
#pragma once

#include "rig/arch/arch.h"
#include "rig/base/error.h"
#include "rig/fault_points/fault_point.h"
#include "rig/workloads/workload.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rig {

// A Debian source package such as linux-source-6.12. With an empty suite it comes from the host's
// own package lists. A named suite (trixie-backports) is fetched with a private apt configuration;
// the host's stays unchanged.
struct DistroSource {
    std::string package;
    std::string suite;
};
struct TarballSource {
    std::filesystem::path path;
    std::string sha256; // 64 lower-case hex digits; checked before unpacking
};
struct GitSource {
    std::filesystem::path repository; // a local repository
    std::string revision;
    // If set, this revision's tree is unpacked instead of `revision`'s, and the difference becomes
    // a patch on top: all revisions with one base share an object tree. Empty: none.
    std::string base{};
};
struct PrebuiltSource {}; // every arm names its own bzImage
using Source = std::variant<DistroSource, TarballSource, GitSource, PrebuiltSource>;

struct PrebuiltImage {
    std::filesystem::path bzimage;
    std::filesystem::path system_map; // either this,
    std::filesystem::path vmlinux;    // or this (rig runs nm on it)
    std::filesystem::path config;     // the .config of the build; the validity checks read it
};

struct Arm {
    std::string name; // [a-z0-9][a-z0-9-]*, unique; the first arm is the baseline
    // Folders with a quilt `series` file, applied in order.
    std::vector<std::filesystem::path> series;
    // The function that only this arm's version of the changed line calls; see target_checks.h.
    // Empty with target.same_path, and in every arm where the changed lines are counted instead
    // (line_checks.h).
    std::string marker;
    std::optional<PrebuiltImage> prebuilt;
    // Set if the arm is broken on purpose: every boot must splat, with this text in the splat's
    // title, function or call trace.
    std::string splat = {};
    // Options, without CONFIG_, in which this kernel may differ from the baseline's; "*": any.
    std::vector<std::string> config_differs = {};
    // A revision of kernel.source's git repository, instead of the one that kernel.source names.
    // Empty: that one.
    std::string revision = {};
    // Appended to the kernel command line of this arm, after guest.extra_cmdline.
    std::string cmdline = {};
    // Override kernel.options in this arm's kernel: name without CONFIG_ -> value. In the checks
    // they count as named in config_differs.
    std::map<std::string, std::string> options = {};
};

struct KernelSpec {
    Source source;
    std::string arch = kDefaultArch; // one of all_archs()
    // Series that are applied to every arm first; the report names them.
    std::vector<std::filesystem::path> prerequisites;
    std::vector<std::filesystem::path> fragments; // merged in this order, starting from allnoconfig
    // Overrides the fragments: name without CONFIG_ -> y, n, 42, "text".
    std::map<std::string, std::string> options;
};

enum class ClockChoice { Auto, Virtual, Wall };

// The passes of a boot: with Count, none is timed and there is no latency.
enum class Passes { Both, Count };

// A guest with more CPUs than this, or with several NUMA nodes, is a large one: its kernel has
// further options (configs/kernel/large.config).
inline constexpr unsigned kOrdinaryVcpus = 16;

struct GuestSpec {
    unsigned vcpus = 4;        // 2..64
    unsigned numa = 1;         // NUMA nodes, each with as many vCPUs and as much memory, 1..8
    unsigned memory_mib = 512; // 128..65536; by default default_memory_mib()
    Passes passes = Passes::Both;
    ClockChoice clock = ClockChoice::Auto;
    unsigned boots = 8; // per arm, 1..1000. Virtual clock: each has its own perturbation seed
    // Per arm, 0..100, before the others. They must pass the validity checks, but are left out of
    // every comparison. Wall clock only.
    unsigned warmup_boots = 0;
    std::uint64_t seed = 1; // 0..2^53: all perturbation seeds and the schedule derive from it
    unsigned deadline_seconds = 0; // wall seconds for one boot; 0 = derived from clock and vCPUs
    // Size of perf record's ring buffer per CPU: a power of two up to 16384. The guest needs that
    // memory.
    unsigned perf_pages = 1024;
    std::string extra_cmdline; // appended to the kernel command line

    bool is_large() const { return vcpus > kOrdinaryVcpus || numa > 1; }
};
// Each CPU has a ring buffer of perf, buffers of the bystanders and the kernel's own data.
unsigned default_memory_mib(unsigned vcpus);

// A command that runs next to the workload in both passes. It is started before the measured window
// opens, and ended by SIGINT after the window has closed. Its output is kept as evidence in
// boots/<boot>/<pass>-background-NAME.txt.
struct BackgroundSpec {
    std::string name;                 // [a-z0-9-]{1,32}, unique
    std::vector<std::string> command; // an absolute path in the guest, and its arguments
};

// What is made to fail at one fault point.
struct FaultSpec {
    std::string point = standard_fault_point().name; // one of fault_point_names()
    bool enabled = true;
    // For the stack-trace filter: only calls below these functions fail. From the first to the last
    // of them in memory; `last` is empty if it is one. Empty: any call site.
    std::string function, last = {};
    // The same of calls that never fail.
    std::string reject = {}, last_rejected = {};
    unsigned interval = 1; // 1 = every call; 1..1000000
    // 0..2^31-1. The kernel counts it down, so that reading it back gives the number of injections.
    std::int64_t times = 1000000;
    unsigned probability = 100;     // percent, 1..100
    unsigned space = 0;             // 0..2^31-1
    bool task_filter = true;        // only calls of the workload's tasks fail
    unsigned stacktrace_depth = 32; // 1..32
    // false = calls at any call site of the task fail (the negative control).
    bool stack_filter = true;
    // What the file sets of the point's own attributes.
    FaultValues values = {};

    // Whether only calls below `function` fail.
    bool pinned() const { return stack_filter && !function.empty(); }
    // The kernel functions that it names, each once.
    std::vector<std::string> functions() const;
    // The options, without CONFIG_, that it needs.
    std::vector<std::string> options() const;
};

// Which of the changed lines must have run in every boot, where they can be counted.
enum class LinesWanted {
    Any, // at least one of each arm
    All, // each that has instructions
    Off, // not counted: the markers alone prove it
};

struct TargetSpec {
    // Must be hit in every arm. The time from its entry to its return is the target latency.
    std::string function;
    std::string sync_function; // csd function of the IPIs under test; empty: none
    // Options with the values that the final .config must have for the changed line to be compiled.
    std::map<std::string, std::string> config;
    LinesWanted lines = LinesWanted::Any;
    // The experiment is to show that the arms run the same code here. No marker can tell them apart
    // then; instead the target must be hit exactly as often as the workload predicts, in every arm.
    bool same_path = false;
    // The arms are revisions of one history that is searched for a change. Nobody knows what
    // changed, so there is no marker, and no metric may have an expectation. All other validity
    // checks apply.
    bool revisions = false;
};

// What the experiment expects of one metric. The numbers can differ per arm.
enum class ExpectKind {
    Report,  // shown, without an expectation
    Exactly, // every boot of the arm has the value `exactly[arm]`
    AtMost,  // ratio of its median to the baseline's is at most `ratio`
    // Not higher than the baseline by more than `within` (0.01 = 1 %); a rate: not lower.
    NotWorse,
    Unchanged, // neither higher nor lower than the baseline by more than `within`
    Falls,     // lower than the baseline
    Rises,     // a rate: higher than the baseline, by at least `ratio` if that is given
};
// injections x (online CPUs - 1); without fault injection, and with faults that are counted apart,
// hits of the target x (online CPUs - 1)
struct Predicted {};
using ExactValue = std::variant<std::int64_t, Predicted>;

// A metric that the experiment file defines itself, so that another kernel patch needs no new C++
// code.
struct CustomMetric {
    enum class Kind {
        Event,        // a tracepoint, counted in the count pass
        Calls,        // calls of a kernel function, counted in the count pass (kprobe)
        Latency,      // entry to return of a kernel function in the latency pass, ns (kprobe and
                      // kretprobe)
        Instructions, // that ran in a kernel function itself, in the count pass (TCG plugin)
        Counter,   // a counter of the workload (guest/protocol/workload_counters.h), of both passes
                   // together
        Timing,    // what the workload times itself (Workload::timings), in the latency pass, ns
        Histogram, // what a background command prints at its end, as cyclictest -h does: lines of
                   // "MICROSECONDS COUNT..."
    } kind = Kind::Event;
    // "subsystem:event", the function, the counter or timing, or the background command's name.
    std::string what;
    std::string filter;               // a perf filter over the event's fields (Kind::Event)
    std::string label;                // for people; empty: the metric's name
    bool own = false;                 // counts only the workload's tasks; a latency always does
    std::optional<unsigned> cpu = {}; // counts only on this CPU (Kind::Event and Kind::Calls)
    // Kind::Counter: a rate, per second of guest time, of the latency pass alone. Of rates, and of
    // nothing else, more is better.
    bool per_second = false;
};

struct MetricSpec {
    std::string name; // one of metric_names(), or any other [a-z][a-z0-9_]* with a definition
    ExpectKind kind = ExpectKind::Report;
    std::map<std::string, ExactValue> exactly; // by arm name
    double ratio = 0;                          // > 0; Rises: 0 or > 1
    double within = 0;                         // 0..10; Unchanged: 0..0.5
    std::optional<CustomMetric> custom = {};
    // A boot with less than this has tested nothing; 0 = no such requirement.
    std::uint64_t at_least = 0;
};

// What the guest must have for the experiment to mean anything. A validity check (`requires`) names
// what is missing.
struct Requirements {
    std::vector<std::string> cpu_flags;         // as /proc/cpuinfo spells them
    std::vector<std::string> files;             // absolute paths in the guest
    std::vector<std::string> tracepoints;       // "subsystem:event"
    std::map<std::string, std::string> options; // values in the final .config, as in kernel.options
    unsigned vcpus = 0;                         // online at least; 0 = any number

    bool empty() const;
    // What the guest has to look up: {"CPU flag", "invlpgb"}, {"file", "/proc/kcore"}.
    std::vector<std::pair<std::string, std::string>> of_guest() const;
};

// `key` and `value` as in override.h.
struct SpecOverride {
    std::string key, value;
    bool operator==(const SpecOverride&) const = default;
};

struct Spec {
    // The file's content when it was read. This text is stored with a run, even if the file changes
    // later.
    std::string text;
    std::filesystem::path file;          // as the user named it
    std::vector<SpecOverride> overrides; // values that were replaced before the file was read
    std::string deprecation;             // one line if the file uses older names, else empty
    std::filesystem::path top;           // project top, an absolute path
    std::string name, description;
    KernelSpec kernel;
    std::vector<Arm> arms; // at least one; compare needs two
    GuestSpec guest;
    WorkloadSpec workload;
    std::vector<BackgroundSpec> backgrounds;
    // Programs of the host that are copied into the guest at the same path, with their libraries.
    std::vector<std::filesystem::path> image_files;
    bool full_perf = false; // the guest's perf has all subcommands, not only those that rig runs
    std::vector<FaultSpec> faults{FaultSpec{}}; // at most one for each point
    bool faults_listed = false;                 // as [[fault]]
    TargetSpec target;
    Requirements required;
    std::vector<MetricSpec> metrics;

    const Arm* find_arm(std::string_view name) const;
    // Those of `faults` that are enabled, and whether there are any.
    std::vector<const FaultSpec*> enabled_faults() const;
    bool injects() const;
    // The kernel functions that the enabled faults name or, if they are counted apart, need.
    std::vector<std::string> fault_functions() const;
    // Each failure is to lead to one run of the target: with [fault] and the standard point. Else
    // the faults are counted apart, each for itself.
    bool failures_hit_target() const;
    // This spec with the arm's kernel command line appended to guest.extra_cmdline, as its boots
    // need it.
    Spec for_arm(const Arm& arm) const;
};

const std::vector<std::string>& metric_names();
// A counter of every workload, for rates only: its completed iterations.
inline constexpr const char* kIterationsCounter = "iterations";
// The key in Sample::counts, and the name of the metric, for the passes of a boot in which
// workload.check found that the operation did not do its work. Present only if there is a check. No
// metric of the user's has this name.
inline constexpr const char* kFailedChecks = "failed_checks";
// Whether more is better; else less is.
bool higher_is_better(const MetricSpec& metric);

} // namespace rig
