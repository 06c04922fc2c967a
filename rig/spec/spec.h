// SPDX-License-Identifier: GPL-2.0-or-later
// An experiment file (configs/*.toml) as plain data; spec_parser.h reads one. Paths in a file are
// relative to the project's top (the nearest parent of the file that holds `kernel-patches/`); they
// are kept that way, only normalised: open them as `spec.top / path`.
#pragma once

#include "rig/arch/arch.h"
#include "rig/base/error.h"
#include "rig/workloads/workload.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rig {

// A Debian source package such as linux-source-6.12. An empty suite means the host's own package
// lists; a named suite (trixie-backports) is fetched through a private apt configuration that
// leaves the host's alone.
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
    std::string
        base{}; // a revision whose tree is unpacked in the place of `revision`'s, which becomes a
                // patch on top of it: all revisions of one base share an object tree. Empty: none
};
struct PrebuiltSource {}; // every arm names its own bzImage
using Source = std::variant<DistroSource, TarballSource, GitSource, PrebuiltSource>;

struct PrebuiltImage {
    std::filesystem::path bzimage;
    std::filesystem::path system_map; // or
    std::filesystem::path vmlinux;    // (nm is run on it)
    std::filesystem::path config;     // the .config it was built with: exposure is proven from it
};

struct Arm {
    std::string name; // [a-z0-9][a-z0-9-]*, unique; the first arm is the baseline
    std::vector<std::filesystem::path>
        series;         // folders with a quilt `series` file, applied in order
    std::string marker; // function that only this arm's version of the line calls; see
                        // target_checks.h. Empty with target.same_path
    std::optional<PrebuiltImage> prebuilt;
    std::string splat = {}; // broken on purpose: every boot must splat, naming this text in title,
                            // function or call trace
    std::vector<std::string> config_differs = {}; // options, without CONFIG_, in which this kernel
                                                  // may differ from the baseline's; "*": any
    std::string revision =
        {}; // of kernel.source's git repository, in the place of its own; empty: that one
    std::string cmdline =
        {}; // appended to the kernel command line of this arm, after guest.extra_cmdline
};

struct KernelSpec {
    Source source;
    std::string arch = kDefaultArch; // one of all_archs()
    std::vector<std::filesystem::path>
        prerequisites; // series applied to every arm first, and named in the report
    std::vector<std::filesystem::path> fragments; // merged in order on allnoconfig
    std::map<std::string, std::string>
        options; // last word over the fragments: name without CONFIG_ -> y, n, 42, "text"
};

enum class ClockChoice { Auto, Virtual, Wall };

struct GuestSpec {
    unsigned vcpus = 4;        // 2..16
    unsigned memory_mib = 512; // 128..65536
    ClockChoice clock = ClockChoice::Auto;
    unsigned boots = 8; // per arm, 1..1000. Virtual clock: one perturbation seed each
    unsigned warmup_boots =
        0; // per arm, 0..100, before those: proven as all others, never judged. Wall clock only
    std::uint64_t seed = 1; // 0..2^53: the seed all perturbation seeds and the schedule derive from
    unsigned deadline_seconds = 0; // wall seconds for one boot, 0 = chosen from clock and vCPUs
    unsigned perf_pages = 1024; // of perf record's ring buffer for each CPU, a power of two up to
                                // 16384; the boot needs that memory
    std::string extra_cmdline;  // appended to the kernel command line
};

// A command that runs beside the workload in both passes: started before the window opens, ended by
// SIGINT after it has closed. Its output is evidence: boots/<boot>/<pass>-background-NAME.txt.
struct BackgroundSpec {
    std::string name;                 // [a-z0-9-]{1,32}, unique
    std::vector<std::string> command; // an absolute path in the guest, and arguments
};

struct FaultSpec {
    bool enabled = true;
    std::string function;  // stack-trace filter: require-start/-end are this function's bounds
    unsigned interval = 1; // 1 = every allocation; 1..1000000
    std::int64_t times = 1000000; // 0..2^31-1; read back afterwards, it counts the injections
    unsigned min_order = 0;       // 0..10
    bool task_filter = true;      // only the workload's task fails
    bool stack_filter = true;     // false = any call site of the task (the negative control)
};

struct TargetSpec {
    std::string function;      // must be hit in every arm; its entry..return is the target latency
    std::string sync_function; // csd func of the IPIs under test; empty: none
    std::map<std::string, std::string>
        config;             // options the final .config must hold for the line to be compiled
    bool same_path = false; // the arms run the same code here, which is what is to be shown: no
                            // witness can tell them apart, and the target is hit as often as the
                            // workload's calls predict, in every arm
    bool revisions =
        false; // the arms are revisions of one history, among which a change is searched: what
               // changed is not known, so there is no witness, and nothing may be declared about a
               // metric. All other proofs are asked for
};

// What the experiment declares about one metric. Numbers may differ per arm.
enum class ExpectKind {
    Report,    // shown, not judged
    Exactly,   // every boot of the arm equals `exactly[arm]`
    AtMost,    // against the baseline arm: ratio of medians at most `ratio`
    NotWorse,  // against the baseline arm: not higher by more than `within` (0.01 = 1 %)
    Unchanged, // against the baseline arm: neither higher nor lower by more than `within`
    Falls,     // against the baseline arm: lower
};
struct Predicted {
}; // injections x (online CPUs - 1); with faults off, hits of the target x (online CPUs - 1)
using ExactValue = std::variant<std::int64_t, Predicted>;

// A metric that the experiment file defines itself, so that another kernel patch needs no C++.
struct CustomMetric {
    enum class Kind {
        Event,     // a tracepoint, counted in the counted pass
        Calls,     // calls of a kernel function, counted in the counted pass (kprobe)
        Latency,   // entry to return of a kernel function in the timed pass, ns (kprobe and
                   // kretprobe)
        Counter,   // what the workload counts itself (guest/protocol/workload_counters.h), in both
                   // passes together
        Histogram, // what a background command prints at its end: lines "MICROSECONDS COUNT...", as
                   // cyclictest -h does
    } kind = Kind::Event;
    std::string
        what; // "subsystem:event", the function, the counter, or the background command's name
    std::string filter;               // a perf filter over the event's fields (Kind::Event)
    std::string label;                // for people; empty: the metric's name
    bool own = false;                 // only the workload's tasks; a latency is always only theirs
    std::optional<unsigned> cpu = {}; // only what happens on this CPU (Kind::Event and Kind::Calls)
};

struct MetricSpec {
    std::string name; // one of metric_names(), or any other [a-z][a-z0-9_]* with a definition
    ExpectKind kind = ExpectKind::Report;
    std::map<std::string, ExactValue> exactly; // by arm name
    double ratio = 0;                          // > 0
    double within = 0;                         // 0..10; Unchanged: 0..0.5
    std::optional<CustomMetric> custom = {};
    std::uint64_t at_least =
        0; // exposure: a boot that holds less of it has tested nothing; 0 = no such claim
};

// `key` and `value` as in override.h.
struct SpecOverride {
    std::string key, value;
    bool operator==(const SpecOverride&) const = default;
};

struct Spec {
    std::string text; // of the file as it was read: what is stored with a run, whatever becomes of
                      // the file meanwhile
    std::filesystem::path file;          // as given
    std::vector<SpecOverride> overrides; // values replaced in it before it was read
    std::string deprecation;             // one line if the file uses older names, else empty
    std::filesystem::path top;           // project top, absolute
    std::string name, description;
    KernelSpec kernel;
    std::vector<Arm> arms; // at least one; compare needs two
    GuestSpec guest;
    WorkloadSpec workload;
    std::vector<BackgroundSpec> backgrounds;
    std::vector<std::filesystem::path> image_files; // programs of the host that the guest gets at
                                                    // the same path, with their libraries
    bool full_perf = false; // the guest's perf has every subcommand, not only those rig runs
    FaultSpec fault;
    TargetSpec target;
    std::vector<MetricSpec> metrics;

    const Arm* find_arm(std::string_view name) const;
    // This spec with the arm's command line in guest.extra_cmdline: what its boots are asked for.
    Spec for_arm(const Arm& arm) const;
};

const std::vector<std::string>& metric_names();

} // namespace rig
