// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/spec_parser.h"

#include "rig/arch/arch.h"
#include "rig/base/files.h"
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
#include <limits>
#include <string>
#include <utility>

namespace rig {
namespace {

namespace fs = std::filesystem;

// Limits on what a file may request, as in kernel_keys.cc.
constexpr std::size_t max_backgrounds = 8;
constexpr std::size_t max_words = 64;
constexpr std::size_t max_image_files = 64;
// Seeds pass through JSON, where numbers above 2^53 are not exact.
constexpr std::int64_t max_seed = std::int64_t{1} << 53;

Status read_guest(const SpecTable& table, GuestSpec& guest) {
    RIG_CHECK(table.only({"vcpus", "memory_mib", "clock", "boots", "warmup_boots", "seed",
                          "deadline_seconds", "perf_pages", "extra_cmdline"}));
    RIG_CHECK(table.integer("vcpus", guest.vcpus, 2, 16));
    RIG_CHECK(table.integer("memory_mib", guest.memory_mib, 128, 65536));
    std::string clock = "auto";
    RIG_CHECK(table.choice("clock", clock, {"auto", "virtual", "wall"}));
    guest.clock = clock == "auto"   ? ClockChoice::Auto
                  : clock == "wall" ? ClockChoice::Wall
                                    : ClockChoice::Virtual;
    RIG_CHECK(table.integer("boots", guest.boots, 1, 1000));
    RIG_CHECK(table.integer("warmup_boots", guest.warmup_boots, 0, 100));
    RIG_CHECK(table.integer("seed", guest.seed, 0, max_seed));
    RIG_CHECK(table.integer("deadline_seconds", guest.deadline_seconds, 0, 86400));
    RIG_CHECK(table.integer("perf_pages", guest.perf_pages, 1, 16384));
    if (!std::has_single_bit(guest.perf_pages))
        return tl::unexpected(table.bad("perf_pages", "a power of two, 1..16384"));
    return table.text("extra_cmdline", guest.extra_cmdline, rules::kernel_words(max_extra_cmdline));
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
    std::vector<std::string> accepted = {"name", "iterations", "pace_us"};
    accepted.insert(accepted.end(), bystander_keys.begin(), bystander_keys.end());
    for (const auto& key : parameter_keys())
        accepted.push_back(key);
    RIG_CHECK(table.only(accepted));
    RIG_CHECK(table.choice("name", workload.name, workload_names()));
    RIG_CHECK(table.integer("iterations", workload.iterations, 1, 100000));
    RIG_CHECK(table.integer("pace_us", workload.pace_us, 0, 10000000));
    RIG_CHECK(read_bystanders(table, workload, vcpus));
    RIG_CHECK(read_parameters(table, workload));
    return check_parameters(table, workload, vcpus);
}

Status read_fault(const SpecTable& table, FaultSpec& fault) {
    RIG_CHECK(table.only(
        {"enabled", "function", "interval", "times", "min_order", "task_filter", "stack_filter"}));
    RIG_CHECK(table.boolean("enabled", fault.enabled));
    RIG_CHECK(table.text("function", fault.function, rules::kernel_function));
    RIG_CHECK(table.integer("interval", fault.interval, 1, 1000000));
    RIG_CHECK(table.integer("times", fault.times, 0, std::numeric_limits<std::int32_t>::max()));
    RIG_CHECK(table.integer("min_order", fault.min_order, 0, 10));
    RIG_CHECK(table.boolean("task_filter", fault.task_filter));
    return table.boolean("stack_filter", fault.stack_filter);
}

Status read_backgrounds(const SpecTable& root, std::vector<BackgroundSpec>& out) {
    RIG_TRY(tables, root.tables("background", max_backgrounds));
    for (const auto& table : tables) {
        RIG_CHECK(table.only({"name", "command"}));
        RIG_CHECK(table.require("name", "a name such as \"cyclictest\""));
        RIG_CHECK(table.require(
            "command",
            "an absolute path in the guest, and arguments: [\"/usr/bin/cyclictest\", \"-q\"]"));
        BackgroundSpec one;
        RIG_CHECK(table.text("name", one.name, rules::arm_name));
        RIG_CHECK(table.texts("command", one.command, max_words, rules::at_most(1024)));
        if (one.command.empty() || !one.command[0].starts_with('/'))
            return tl::unexpected(
                table.bad("command", "an absolute path in the guest, and arguments"));
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
    RIG_CHECK(root.only({"name", "description", "kernel", "image", "arm", "guest", "workload",
                         "background", "fault", "target", "metrics"}));
    RIG_CHECK(root.require("name", "the experiment's name"));
    RIG_CHECK(root.require("kernel", "a table [kernel] with at least the key source"));
    RIG_CHECK(root.text("name", spec.name, rules::experiment_name));
    RIG_CHECK(root.text("description", spec.description, rules::at_most(1000)));
    RIG_CHECK(section(root, "kernel", [&](const SpecTable& table) {
        return read_kernel(table, spec.kernel, paths);
    }));
    // Read these before the arms: they decide whether the arms need a marker.
    RIG_CHECK(section(root, "target", [&](const SpecTable& table) -> Status {
        RIG_CHECK(table.boolean("same_path", spec.target.same_path));
        return table.boolean("revisions", spec.target.revisions);
    }));
    RIG_CHECK(read_arms(root, spec, paths));
    RIG_CHECK(section(root, "guest",
                      [&](const SpecTable& table) { return read_guest(table, spec.guest); }));
    RIG_CHECK(section(root, "workload", [&](const SpecTable& table) {
        return read_workload(table, spec.workload, spec.guest.vcpus);
    }));
    RIG_CHECK(section(root, "image", [&](const SpecTable& table) -> Status {
        RIG_CHECK(table.only({"files", "full_perf"}));
        if (table.has("files") && !arch_named(spec.kernel.arch).cross.empty())
            return tl::unexpected(
                table.bad("files", fmt::format("it left out: a guest with kernel.arch = \"{}\" "
                                               "cannot run the programs of this machine",
                                               spec.kernel.arch)));
        RIG_CHECK(table.boolean("full_perf", spec.full_perf));
        return read_paths(table, "files", spec.image_files, max_image_files, paths.program());
    }));
    RIG_CHECK(read_backgrounds(root, spec.backgrounds));
    RIG_CHECK(section(root, "fault",
                      [&](const SpecTable& table) { return read_fault(table, spec.fault); }));
    RIG_CHECK(section(root, "target",
                      [&](const SpecTable& table) { return read_target(table, spec.target); }));
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
    spec.fault.function = older::kFaultFunction;
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
