// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/spec_parser.h"

#include "rig/arch/arch.h"
#include "rig/base/files.h"
#include "rig/spec/experiment_keys.h"
#include "rig/spec/fault_keys.h"
#include "rig/spec/kernel_keys.h"
#include "rig/spec/metric_spec.h"
#include "rig/spec/override.h"
#include "rig/spec/toml_reader.h"
#include "rig/spec/value_rules.h"
#include "rig/spec/workload_parameters.h"
#include "rig/workloads/older_names.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

namespace rig {
namespace {

namespace fs = std::filesystem;

// What a large guest needs of the architecture and of its own numbers.
Status check_size(const SpecTable& table, const GuestSpec& guest, const std::string& arch) {
    if (guest.is_large() && arch != kDefaultArch)
        return tl::unexpected(table.bad(
            guest.numa > 1 ? "numa" : "vcpus",
            fmt::format("{} with kernel.arch = \"{}\": larger guests are x86_64 only",
                        guest.numa > 1 ? "1" : fmt::format("at most {}", kOrdinaryVcpus), arch)));
    if (guest.vcpus % guest.numa != 0)
        return tl::unexpected(table.bad(
            "numa", fmt::format("a divisor of guest.vcpus = {}: all nodes have as many vCPUs",
                                guest.vcpus)));
    if (guest.memory_mib % guest.numa != 0)
        return tl::unexpected(table.bad(
            "numa", fmt::format("a divisor of guest.memory_mib = {}: all nodes have as much memory",
                                guest.memory_mib)));
    return {};
}

Status read_guest(const SpecTable& table, GuestSpec& guest, const std::string& arch) {
    const KeyedTable keys(table, "guest");
    RIG_CHECK(keys.only());
    RIG_CHECK(keys.integer("vcpus", guest.vcpus));
    RIG_CHECK(keys.integer("numa", guest.numa));
    guest.memory_mib = default_memory_mib(guest.vcpus);
    RIG_CHECK(keys.integer("memory_mib", guest.memory_mib));
    RIG_CHECK(check_size(table, guest, arch));
    std::string passes = "both";
    RIG_CHECK(keys.choice("passes", passes));
    guest.passes = passes == "count" ? Passes::Count : Passes::Both;
    std::string clock = "auto";
    RIG_CHECK(keys.choice("clock", clock));
    guest.clock = clock == "auto"   ? ClockChoice::Auto
                  : clock == "wall" ? ClockChoice::Wall
                                    : ClockChoice::Virtual;
    for (const auto& [key, out] : {std::pair{"boots", &guest.boots},
                                   {"warmup_boots", &guest.warmup_boots},
                                   {"deadline_seconds", &guest.deadline_seconds},
                                   {"perf_pages", &guest.perf_pages}})
        RIG_CHECK(keys.integer(key, *out));
    RIG_CHECK(keys.integer("seed", guest.seed));
    if (!std::has_single_bit(guest.perf_pages))
        return tl::unexpected(table.bad(
            "perf_pages", fmt::format("a power of two, 1..{}", keys.limit("perf_pages"))));
    return table.text("extra_cmdline", guest.extra_cmdline,
                      rules::kernel_words(keys.limit("extra_cmdline")));
}

// Reads a command that the guest runs; absent: none.
Status read_command(const SpecTable& table, std::string_view section, std::string_view key,
                    std::vector<std::string>& out) {
    if (!table.has(key)) return {};
    RIG_CHECK(table.texts(key, out, KeyedTable(table, section).limit(key), rules::at_most(1024)));
    if (out.empty() || !out[0].starts_with('/'))
        return tl::unexpected(table.bad(key, "an absolute path in the guest, and arguments"));
    return {};
}

Status read_requirements(const SpecTable& table, Requirements& required) {
    const KeyedTable keys(table, "requires");
    RIG_CHECK(keys.only());
    RIG_CHECK(
        table.texts("cpu_flags", required.cpu_flags, keys.limit("cpu_flags"), rules::cpu_flag));
    RIG_CHECK(table.texts("files", required.files, keys.limit("files"), rules::guest_file));
    RIG_CHECK(table.texts("tracepoints", required.tracepoints, keys.limit("tracepoints"),
                          rules::event_name));
    RIG_CHECK(keys.integer("vcpus", required.vcpus));
    RIG_TRY(options, table.table("options"));
    if (options) RIG_CHECK(read_options(*options, keys.limit("options"), required.options));
    if (required.empty())
        return tl::unexpected(table.wrong(
            "bad requires: nothing is required, want cpu_flags, files, tracepoints, options or "
            "vcpus"));
    return {};
}

// "x", or "x or y": the workloads that have the parameter.
std::string owners_of(std::string_view key) {
    std::vector<std::string> names;
    for (const auto* workload : all_workloads())
        for (const auto& parameter : workload->parameters)
            if (parameter.key == key) names.push_back(fmt::format("\"{}\"", workload->name));
    return fmt::format("{}", fmt::join(names, " or "));
}

// Reads the parameters that the workload declares. A parameter of another workload is refused with
// the reason.
Status read_parameters(const SpecTable& table, WorkloadSpec& workload) {
    const auto& declared = workload_named(workload.name);
    for (const auto& parameter : declared.parameters) {
        if (parameter.required) RIG_CHECK(table.require(parameter.key, parameter.meaning));
        std::optional<ParameterValue> value;
        RIG_CHECK(read_parameter(table, parameter, value));
        if (value) workload.parameters[parameter.key] = std::move(*value);
    }
    for (const auto& key : parameter_keys()) {
        const bool own = std::any_of(declared.parameters.begin(), declared.parameters.end(),
                                     [&](const auto& one) { return one.key == key; });
        if (own || !table.has(key)) continue;
        const auto why = declared.refused.find(key);
        return tl::unexpected(table.bad(
            key, why != declared.refused.end()
                     ? "it left out: " + why->second
                     : fmt::format("it left out, or workload.name = {}", owners_of(key))));
    }
    return {};
}

Status read_workload(const SpecTable& table, WorkloadSpec& workload, unsigned vcpus) {
    const KeyedTable keys(table, "workload");
    RIG_CHECK(keys.only());
    RIG_CHECK(keys.choice("name", workload.name));
    RIG_CHECK(keys.integer("iterations", workload.iterations));
    RIG_CHECK(keys.integer("pace_us", workload.pace_us));
    RIG_CHECK(read_bystanders(table, workload, vcpus));
    RIG_CHECK(read_command(table, "workload", "setup", workload.setup));
    RIG_CHECK(read_command(table, "workload", "check", workload.check));
    RIG_CHECK(read_command(table, "workload", "teardown", workload.teardown));
    RIG_CHECK(read_parameters(table, workload));
    return check_parameters(table, workload, vcpus);
}

Status read_backgrounds(const SpecTable& root, std::vector<BackgroundSpec>& out) {
    RIG_TRY(tables, root.tables("background", KeyedTable(root, "").limit("background")));
    for (const auto& table : tables) {
        const KeyedTable keys(table, "background");
        RIG_CHECK(keys.only());
        RIG_CHECK(table.require("name", "a name such as \"cyclictest\""));
        RIG_CHECK(table.require(
            "command",
            "an absolute path in the guest, and arguments: [\"/usr/bin/cyclictest\", \"-q\"]"));
        BackgroundSpec one;
        RIG_CHECK(table.text("name", one.name, rules::arm_name));
        RIG_CHECK(read_command(table, "background", "command", one.command));
        if (std::any_of(out.begin(), out.end(),
                        [&](const auto& other) { return other.name == one.name; }))
            return tl::unexpected(table.bad("name", "a name that no other background command has"));
        out.push_back(std::move(one));
    }
    return {};
}

// Reads an optional table: if it is absent, all its defaults apply.
template<class Read> Status section(const SpecTable& root, std::string_view key, Read read) {
    RIG_TRY(table, root.table(key));
    return table ? read(*table) : Status{};
}

Status read_root(const SpecTable& root, Spec& spec, const rules::PathRules& paths) {
    const KeyedTable keys(root, "");
    RIG_CHECK(keys.only());
    RIG_CHECK(root.require("name", "the experiment's name"));
    RIG_CHECK(root.require("kernel", "a table [kernel] with at least the key source"));
    RIG_CHECK(root.text("name", spec.name, rules::experiment_name));
    RIG_CHECK(
        root.text("description", spec.description, rules::at_most(keys.limit("description"))));
    RIG_CHECK(section(root, "kernel", [&](const SpecTable& table) {
        return read_kernel(table, spec.kernel, paths);
    }));
    // Read these before the arms: they decide whether the arms need a marker.
    RIG_CHECK(section(root, "target", [&](const SpecTable& table) -> Status {
        RIG_CHECK(table.boolean("same_path", spec.target.same_path));
        RIG_CHECK(table.boolean("revisions", spec.target.revisions));
        std::string lines = "any";
        RIG_CHECK(KeyedTable(table, "target").choice("lines", lines));
        // A bisection adds `revisions` to a file that may have it.
        if (table.has("lines") && spec.target.same_path)
            return tl::unexpected(
                table.bad("lines", "it left out: with same_path no changed line has to run"));
        spec.target.lines = lines == "any"   ? LinesWanted::Any
                            : lines == "all" ? LinesWanted::All
                                             : LinesWanted::Off;
        return {};
    }));
    RIG_CHECK(read_arms(root, spec, paths));
    RIG_CHECK(section(root, "guest", [&](const SpecTable& table) {
        return read_guest(table, spec.guest, spec.kernel.arch);
    }));
    RIG_CHECK(section(root, "workload", [&](const SpecTable& table) {
        return read_workload(table, spec.workload, spec.guest.vcpus);
    }));
    RIG_CHECK(section(root, "image", [&](const SpecTable& table) -> Status {
        const KeyedTable image(table, "image");
        RIG_CHECK(image.only());
        if (table.has("files") && !arch_named(spec.kernel.arch).cross.empty())
            return tl::unexpected(
                table.bad("files", fmt::format("it left out: a guest with kernel.arch = \"{}\" "
                                               "cannot run the programs of this machine",
                                               spec.kernel.arch)));
        RIG_CHECK(table.boolean("full_perf", spec.full_perf));
        return read_paths(table, "files", spec.image_files, image.limit("files"), paths,
                          paths.program());
    }));
    RIG_CHECK(read_backgrounds(root, spec.backgrounds));
    RIG_CHECK(read_faults(root, spec));
    RIG_CHECK(section(root, "target",
                      [&](const SpecTable& table) { return read_target(table, spec.target); }));
    RIG_CHECK(section(root, "requires", [&](const SpecTable& table) {
        return read_requirements(table, spec.required);
    }));
    RIG_CHECK(section(root, "metrics",
                      [&](const SpecTable& table) { return read_metrics(table, spec); }));
    if (spec.target.revisions)
        for (const auto& metric : spec.metrics)
            if (metric.kind != ExpectKind::Report)
                return tl::unexpected(root.wrong(
                    fmt::format("bad metrics.{}.expect: with {} nothing is proven about a changed "
                                "line, so that only expect = \"report\" is accepted",
                                metric.name, arms_are_revisions)));
    if (spec.target.same_path && !hits_per_call(spec.workload))
        return tl::unexpected(root.wrong(
            fmt::format("bad target.same_path: how often workload '{}' hits the target cannot be "
                        "predicted, so that nothing could replace a marker; "
                        "accepted with {}",
                        spec.workload.name, fmt::join(workloads_with_predicted_hits(), " and "))));
    if (has_threads(spec.workload))
        for (const auto* part : {"futex_wa", "do_futex", "pipe_write", "pipe_read"})
            if (spec.target.function.find(part) != std::string::npos)
                return tl::unexpected(root.wrong(
                    fmt::format("bad target.function: {}, want another, or workload \"command\": "
                                "the barrier between the rounds of the threads enters it too",
                                spec.target.function)));
    if (has_children(spec.workload) && !spec.backgrounds.empty())
        return tl::unexpected(
            root.wrong(fmt::format("bad background: its processes cannot be told from those that "
                                   "workload '{}' starts; accepted with workloads that start none",
                                   spec.workload.name)));
    return {};
}

Result<Spec> parse(std::string_view text, const fs::path& file,
                   const std::vector<SpecOverride>& overrides, bool stored) {
    Spec spec;
    // Older files could leave these out; newer ones must name them.
    spec.faults.front().function = older::kFaultFunction;
    spec.target.function = older::kTargetFunction;
    spec.file = file;
    spec.text = text;
    spec.overrides = overrides;
    RIG_TRY(parsed, parse_toml(text, file));
    std::vector<OlderKey> older;
    RIG_CHECK(apply_overrides(parsed, overrides, older));
    spec.deprecation = deprecation(older);
    rules::PathRules paths;
    if (!stored) {
        RIG_TRY(top, project_top(file));
        spec.top = top;
        paths.top = top;
    }
    RIG_CHECK(read_root(SpecTable(parsed, "", file.string()), spec, paths));
    return spec;
}

} // namespace

Result<Spec> parse_spec(std::string_view text, const fs::path& file,
                        const std::vector<SpecOverride>& overrides) {
    return parse(text, file, overrides, false);
}

Result<Spec> parse_stored_spec(std::string_view text, const fs::path& file,
                               const std::vector<SpecOverride>& overrides) {
    return parse(text, file, overrides, true);
}

Result<Spec> load_spec(const fs::path& file, const std::vector<SpecOverride>& overrides) {
    std::error_code error;
    // A folder can be opened, and a pipe may never end: neither is an experiment.
    if (!fs::is_regular_file(file, error))
        return fail(FaultDomain::Spec,
                    fmt::format("{}: {}, want an experiment file (configs/*.toml)", file.string(),
                                fs::exists(file, error) ? "not a regular file" : "no such file"));
    if (auto size = fs::file_size(file, error); !error && size > max_file_bytes)
        return fail(FaultDomain::Spec, fmt::format("{}: {} bytes, want at most {}", file.string(),
                                                   size, max_file_bytes));
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    const int why = in.is_open() ? 0 : errno;
    // A limit of this process is not a fault of the file.
    if (why == EMFILE || why == ENFILE || why == ENOMEM) return cannot("read", file, why);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.is_open() || in.bad())
        return fail(FaultDomain::Spec, fmt::format("{}: cannot be read{}{}", file.string(),
                                                   why ? ": " : "", why ? std::strerror(why) : ""));
    return parse_spec(text, file, overrides);
}

} // namespace rig
