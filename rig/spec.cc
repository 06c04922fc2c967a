#include "rig/spec.h"

#include "rig/measured_call.h"
#include "rig/spec_metrics.h"
#include "rig/spec_override.h"
#include "rig/spec_reader.h"
#include "rig/spec_rules.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>

namespace rig {
namespace {

namespace fs = std::filesystem;

// Bounds on what a file may ask for. Each is several times what an experiment has needed; together they keep a slip of
// the pen (a pasted log, a generated list) from becoming a week of builds.
constexpr std::uintmax_t max_file_bytes = 256 * 1024;
// A dotted key nests a table per dot, and toml++ frees tables recursively: 40 000 levels overflow the stack. Dots in
// texts and comments count too; a file with 16 arms of 64 series has some 2000.
constexpr std::ptrdiff_t max_dots = 4000;
constexpr std::size_t max_arms = 16;
constexpr std::size_t max_series = 64;
constexpr std::size_t max_fragments = 64;
constexpr std::size_t max_options = 512;
constexpr std::size_t max_backgrounds = 8;
constexpr std::size_t max_words = 64;
constexpr std::size_t max_image_files = 64;
// The x86 kernel cuts its command line at 2048 bytes; the rest belongs to rig's own parameters.
constexpr std::size_t max_extra_cmdline = 1024;
// Seeds pass through JSON, where numbers beyond 2^53 are not exact.
constexpr std::int64_t max_seed = std::int64_t{1} << 53;

constexpr std::string_view source_forms =
    "one of { distro = \"linux-source-6.12\" }, { tarball = \"...\", sha256 = \"...\" }, "
    "{ git = \"...\", revision = \"...\" }, { prebuilt = true }";
constexpr std::string_view arms_are_revisions = "target.revisions = true";

Status paths(const SpecTable& table, std::string_view key, std::vector<fs::path>& out, std::size_t limit,
             const Rule& rule) {
    std::vector<std::string> texts;
    RIG_CHECK(table.texts(key, texts, limit, rule));
    for (const auto& text : texts)
        out.push_back(fs::path(text).lexically_normal());
    return {};
}

Status path(const SpecTable& table, std::string_view key, fs::path& out, const Rule& rule) {
    std::string text;
    RIG_CHECK(table.text(key, text, rule));
    if (!text.empty()) out = fs::path(text).lexically_normal();
    return {};
}

Result<Source> read_source(const SpecTable& table, const fs::path& top) {
    RIG_CHECK(table.only({"distro", "suite", "tarball", "sha256", "git", "revision", "base", "prebuilt"}));
    std::vector<std::string> forms;
    for (const auto& key : table.keys())
        if (key == "distro" || key == "tarball" || key == "git" || key == "prebuilt") forms.push_back(key);
    if (forms.size() != 1)
        return tl::unexpected(table.wrong(fmt::format(
            "bad {}: {}, want {}", table.path(),
            forms.empty() ? "says no source" : fmt::format("{} at once", fmt::join(forms, " and ")), source_forms)));
    const auto& form = forms[0];
    if (form == "distro") {
        RIG_CHECK(table.only({"distro", "suite"}));
        DistroSource source;
        RIG_CHECK(table.text("distro", source.package, rules::package));
        RIG_CHECK(table.text("suite", source.suite, rules::suite));
        return source;
    }
    if (form == "tarball") {
        RIG_CHECK(table.only({"tarball", "sha256"}));
        RIG_CHECK(table.require("sha256", "the tarball's checksum: 64 lower-case hex digits"));
        TarballSource source;
        RIG_CHECK(path(table, "tarball", source.path, rules::existing_file(top)));
        RIG_CHECK(table.text("sha256", source.sha256, rules::sha256));
        return source;
    }
    if (form == "git") {
        RIG_CHECK(table.only({"git", "revision", "base"}));
        RIG_CHECK(table.require("revision", "a git revision such as \"v6.12\""));
        GitSource source;
        RIG_CHECK(path(table, "git", source.repository, rules::existing_folder(top)));
        RIG_CHECK(table.text("revision", source.revision, rules::revision));
        RIG_CHECK(table.text("base", source.base, rules::revision));
        return source;
    }
    RIG_CHECK(table.only({"prebuilt"}));
    bool prebuilt = false;
    RIG_CHECK(table.boolean("prebuilt", prebuilt));
    if (!prebuilt)
        return tl::unexpected(table.bad("prebuilt", fmt::format("true, or another source: {}", source_forms)));
    return PrebuiltSource{};
}

// Booleans and integers are taken as what Kconfig writes for them.
Status read_options(const SpecTable& table, std::map<std::string, std::string>& out) {
    auto keys = table.keys();
    if (keys.size() > max_options)
        return tl::unexpected(table.wrong(fmt::format("bad {}: {} options, want at most {}", table.path(), keys.size(), max_options)));
    for (const auto& key : keys) {
        if (auto want = rules::option_name(key)) return tl::unexpected(table.bad_key(key, *want));
        const auto* node = table.find(key);
        if (node->is_boolean())
            out[key] = node->as_boolean()->get() ? "y" : "n";
        else if (node->is_integer())
            out[key] = fmt::format("{}", node->as_integer()->get());
        else if (node->is_string())
            RIG_CHECK(table.text(key, out[key], rules::option_value));
        else
            return tl::unexpected(table.bad(key, *rules::option_value("")));
    }
    return {};
}

Status read_kernel(const SpecTable& table, KernelSpec& kernel, const fs::path& top) {
    RIG_CHECK(table.only({"source", "arch", "enable", "fragments", "options"}));
    RIG_CHECK(table.require("source", source_forms));
    RIG_TRY(source_table, table.table("source", source_forms));
    RIG_TRY(source, read_source(*source_table, top));
    kernel.source = std::move(source);
    std::vector<std::string> archs;
    for (const auto* arch : all_archs()) archs.push_back(arch->name);
    RIG_CHECK(table.choice("arch", kernel.arch, archs));
    if (std::holds_alternative<PrebuiltSource>(kernel.source))
        for (auto key : {"enable", "fragments", "options"})
            if (table.has(key))
                return tl::unexpected(table.bad(key, "it left out: nothing is built with source = { prebuilt = true }"));
    RIG_CHECK(paths(table, "enable", kernel.enable, max_series, rules::series_folder(top)));
    RIG_CHECK(paths(table, "fragments", kernel.fragments, max_fragments, rules::existing_file(top)));
    RIG_TRY(options, table.table("options"));
    if (options) RIG_CHECK(read_options(*options, kernel.options));
    return {};
}

Result<PrebuiltImage> read_prebuilt(const SpecTable& table, const fs::path& top) {
    RIG_CHECK(table.require("bzimage", "the image to boot, since kernel.source is { prebuilt = true }"));
    if (!table.has("system_map"))
        RIG_CHECK(table.require("vmlinux", "it or system_map: without symbols the changed line can't be proven to run"));
    if (table.has("series"))
        return tl::unexpected(table.bad("series", "it left out: a prebuilt image cannot be patched"));
    PrebuiltImage image;
    auto file = rules::existing_file(top);
    RIG_CHECK(path(table, "bzimage", image.bzimage, file));
    RIG_CHECK(path(table, "system_map", image.system_map, file));
    RIG_CHECK(path(table, "vmlinux", image.vmlinux, file));
    RIG_CHECK(path(table, "config", image.config, file));
    return image;
}

Result<Arm> read_arm(const SpecTable& table, const Source& source, const TargetSpec& target, const fs::path& top) {
    const bool prebuilt = std::holds_alternative<PrebuiltSource>(source);
    RIG_CHECK(table.only({"name", "series", "revision", "witness", "splat", "config_differs", "cmdline", "bzimage", "system_map", "vmlinux", "config"}));
    RIG_CHECK(table.require("name", "a name such as \"ipi\""));
    if (!target.same_path && !target.revisions)
        RIG_CHECK(table.require("witness",
                                "a kernel function that only this arm's version of the changed line calls: without it "
                                "the line can't be proven to run"));
    else if (table.has("witness"))
        return tl::unexpected(table.bad("witness", target.revisions ? fmt::format("it left out: with {} it is not known what changed", arms_are_revisions)
                                                                    : "it left out: with target.same_path = true the arms run the same code"));
    Arm arm;
    RIG_CHECK(table.text("name", arm.name, rules::arm_name));
    RIG_CHECK(table.text("witness", arm.witness, rules::kernel_function));
    if (target.revisions && table.has("splat")) return tl::unexpected(table.bad("splat", fmt::format("it left out: with {} nothing is declared", arms_are_revisions)));
    RIG_CHECK(table.text("splat", arm.splat, rules::splat_text));
    RIG_CHECK(table.texts("config_differs", arm.config_differs, max_options, rules::option_name_or_any));
    RIG_CHECK(table.text("cmdline", arm.cmdline, rules::kernel_words(max_extra_cmdline)));
    if (table.has("revision") && !std::holds_alternative<GitSource>(source))
        return tl::unexpected(table.bad("revision", "it left out, or kernel.source = { git = \"...\", revision = \"...\" }"));
    RIG_CHECK(table.text("revision", arm.revision, rules::revision));
    if (prebuilt) {
        RIG_TRY(image, read_prebuilt(table, top));
        arm.prebuilt = std::move(image);
        return arm;
    }
    for (auto key : {"bzimage", "system_map", "vmlinux", "config"})
        if (table.has(key))
            return tl::unexpected(table.bad(key, "it left out (this arm is built), or kernel.source = { prebuilt = true }"));
    RIG_CHECK(paths(table, "series", arm.series, max_series, rules::series_folder(top)));
    return arm;
}

Status read_arms(const SpecTable& root, Spec& spec) {
    RIG_CHECK(root.require("arm", fmt::format("1..{} tables: [[arm]]", max_arms)));
    RIG_TRY(tables, root.tables("arm", max_arms));
    for (const auto& table : tables) {
        RIG_TRY(arm, read_arm(table, spec.kernel.source, spec.target, spec.top));
        if (spec.find_arm(arm.name)) return tl::unexpected(table.bad("name", "a name that no other arm has"));
        spec.arms.push_back(std::move(arm));
    }
    return {};
}

Status read_guest(const SpecTable& table, GuestSpec& guest) {
    RIG_CHECK(table.only({"vcpus", "memory_mib", "clock", "boots", "warmup_boots", "seed", "deadline_seconds", "perf_pages", "extra_cmdline"}));
    RIG_CHECK(table.integer("vcpus", guest.vcpus, 2, 16));
    RIG_CHECK(table.integer("memory_mib", guest.memory_mib, 128, 65536));
    std::string clock = "auto";
    RIG_CHECK(table.choice("clock", clock, {"auto", "virtual", "wall"}));
    guest.clock = clock == "auto" ? ClockChoice::Auto : clock == "wall" ? ClockChoice::Wall : ClockChoice::Virtual;
    RIG_CHECK(table.integer("boots", guest.boots, 1, 1000));
    RIG_CHECK(table.integer("warmup_boots", guest.warmup_boots, 0, 100));
    RIG_CHECK(table.integer("seed", guest.seed, 0, max_seed));
    RIG_CHECK(table.integer("deadline_seconds", guest.deadline_seconds, 0, 86400));
    RIG_CHECK(table.integer("perf_pages", guest.perf_pages, 1, 16384));
    if (!std::has_single_bit(guest.perf_pages)) return tl::unexpected(table.bad("perf_pages", "a power of two, 1..16384"));
    return table.text("extra_cmdline", guest.extra_cmdline, rules::kernel_words(max_extra_cmdline));
}

// What only workload "command" has, and has to have.
Status read_command(const SpecTable& table, WorkloadSpec& workload) {
    if (workload.name != "command") {
        for (auto key : {"command", "call"})
            if (table.has(key)) return tl::unexpected(table.bad(key, "it left out, or workload.name = \"command\""));
        return {};
    }
    constexpr std::string_view want = "1..64 words such as [\"/bin/sh\", \"-c\", \"...\"], the first a path in the guest";
    RIG_CHECK(table.require("command", want));
    RIG_CHECK(table.texts("command", workload.command, max_words, rules::at_most(4096)));
    if (workload.command.empty() || !workload.command[0].starts_with('/')) return tl::unexpected(table.bad("command", want));
    for (auto key : {"tables", "pages_per_table"})
        if (table.has(key)) return tl::unexpected(table.bad(key, "it left out: nobody counts the page tables of a command"));
    return table.text("call", workload.call, rules::kernel_function);
}

Status read_workload(const SpecTable& table, WorkloadSpec& workload) {
    RIG_CHECK(table.only({"name", "iterations", "tables", "pages_per_table", "pace_us", "bystanders", "bystander_period_us", "bystander_mode", "command", "call"}));
    RIG_CHECK(table.choice("name", workload.name, workload_names()));
    RIG_CHECK(table.integer("iterations", workload.iterations, 1, 100000));
    RIG_CHECK(table.integer("tables", workload.tables, 0, 511));
    RIG_CHECK(table.integer("pages_per_table", workload.pages_per_table, 1, 512));
    RIG_CHECK(table.integer("pace_us", workload.pace_us, 0, 10000000));
    RIG_CHECK(table.boolean("bystanders", workload.bystanders));
    RIG_CHECK(table.integer("bystander_period_us", workload.bystander_period_us, 50, 1000000));
    if (table.has("bystander_mode") && !workload.bystanders)
        return tl::unexpected(table.bad("bystander_mode", "it left out, or workload.bystanders = true"));
    std::string mode = "sleep";
    RIG_CHECK(table.choice("bystander_mode", mode, {"sleep", "busy"}));
    workload.bystanders_busy = mode == "busy";
    return read_command(table, workload);
}

Status read_fault(const SpecTable& table, FaultSpec& fault) {
    RIG_CHECK(table.only({"enabled", "function", "interval", "times", "min_order", "task_filter", "stack_filter"}));
    RIG_CHECK(table.boolean("enabled", fault.enabled));
    RIG_CHECK(table.text("function", fault.function, rules::kernel_function));
    RIG_CHECK(table.integer("interval", fault.interval, 1, 1000000));
    RIG_CHECK(table.integer("times", fault.times, 0, std::numeric_limits<std::int32_t>::max()));
    RIG_CHECK(table.integer("min_order", fault.min_order, 0, 10));
    RIG_CHECK(table.boolean("task_filter", fault.task_filter));
    return table.boolean("stack_filter", fault.stack_filter);
}

Status read_target(const SpecTable& table, TargetSpec& target) {
    RIG_CHECK(table.only({"function", "sync_function", "config", "same_path", "revisions"}));
    if (target.same_path && target.revisions) return tl::unexpected(table.bad("revisions", "it or same_path left out: either stands in the place of a witness"));
    if (target.same_path) RIG_CHECK(table.require("function", "the function that every arm calls alike"));
    RIG_CHECK(table.text("function", target.function, rules::kernel_function));
    RIG_CHECK(table.text("sync_function", target.sync_function, rules::kernel_function));
    RIG_TRY(config, table.table("config"));
    if (config) RIG_CHECK(read_options(*config, target.config));
    return {};
}

Status read_backgrounds(const SpecTable& root, std::vector<BackgroundSpec>& out) {
    RIG_TRY(tables, root.tables("background", max_backgrounds));
    for (const auto& table : tables) {
        RIG_CHECK(table.only({"name", "command"}));
        RIG_CHECK(table.require("name", "a name such as \"cyclictest\""));
        RIG_CHECK(table.require("command", "an absolute path in the guest, and arguments: [\"/usr/bin/cyclictest\", \"-q\"]"));
        BackgroundSpec one;
        RIG_CHECK(table.text("name", one.name, rules::arm_name));
        RIG_CHECK(table.texts("command", one.command, max_words, rules::at_most(1024)));
        if (one.command.empty() || !one.command[0].starts_with('/')) return tl::unexpected(table.bad("command", "an absolute path in the guest, and arguments"));
        if (std::any_of(out.begin(), out.end(), [&](const auto& other) { return other.name == one.name; }))
            return tl::unexpected(table.bad("name", "a name that no other background command has"));
        out.push_back(std::move(one));
    }
    return {};
}

// Optional tables: an absent one means all its defaults.
template<class Read> Status section(const SpecTable& root, std::string_view key, Read read) {
    RIG_TRY(table, root.table(key));
    return table ? read(*table) : Status{};
}

Status read_root(const SpecTable& root, Spec& spec) {
    RIG_CHECK(root.only({"name", "description", "kernel", "image", "arm", "guest", "workload", "background", "fault", "target", "metrics"}));
    RIG_CHECK(root.require("name", "the experiment's name"));
    RIG_CHECK(root.require("kernel", "a table [kernel] with at least the key source"));
    RIG_CHECK(root.text("name", spec.name, rules::experiment_name));
    RIG_CHECK(root.text("description", spec.description, rules::at_most(1000)));
    RIG_CHECK(
        section(root, "kernel", [&](const SpecTable& table) { return read_kernel(table, spec.kernel, spec.top); }));
    // Before the arms: it decides whether they need a witness.
    RIG_CHECK(section(root, "target", [&](const SpecTable& table) -> Status {
        RIG_CHECK(table.boolean("same_path", spec.target.same_path));
        return table.boolean("revisions", spec.target.revisions);
    }));
    RIG_CHECK(read_arms(root, spec));
    RIG_CHECK(section(root, "guest", [&](const SpecTable& table) { return read_guest(table, spec.guest); }));
    RIG_CHECK(section(root, "workload", [&](const SpecTable& table) { return read_workload(table, spec.workload); }));
    RIG_CHECK(section(root, "image", [&](const SpecTable& table) -> Status {
        RIG_CHECK(table.only({"files"}));
        if (table.has("files") && !arch_named(spec.kernel.arch).cross.empty())
            return tl::unexpected(table.bad("files", fmt::format("it left out: a guest with kernel.arch = \"{}\" cannot run the programs of this machine", spec.kernel.arch)));
        return paths(table, "files", spec.image_files, max_image_files, rules::host_file);
    }));
    RIG_CHECK(read_backgrounds(root, spec.backgrounds));
    RIG_CHECK(section(root, "fault", [&](const SpecTable& table) { return read_fault(table, spec.fault); }));
    RIG_CHECK(section(root, "target", [&](const SpecTable& table) { return read_target(table, spec.target); }));
    RIG_CHECK(section(root, "metrics", [&](const SpecTable& table) { return read_metrics(table, spec); }));
    if (spec.target.revisions)
        for (const auto& metric : spec.metrics)
            if (metric.kind != ExpectKind::Report)
                return tl::unexpected(root.wrong(fmt::format("bad metrics.{}.expect: with {} nothing is proven about a changed line, so that only expect = \"report\" is accepted", metric.name, arms_are_revisions)));
    if (spec.target.same_path && !hits_per_call(spec.workload))
        return tl::unexpected(root.wrong(fmt::format("bad target.same_path: how often workload '{}' hits the target cannot be predicted, so that nothing would stand in for a witness; "
                                                     "accepted with collapse and pmd_unshare", spec.workload.name)));
    if (has_children(spec.workload) && !spec.backgrounds.empty())
        return tl::unexpected(root.wrong(fmt::format("bad background: its processes cannot be told from those that workload '{}' starts; accepted with workloads that start none",
                                                     spec.workload.name)));
    return {};
}

fs::path find_top(const fs::path& file) {
    std::error_code error;
    for (auto folder = fs::absolute(file, error).lexically_normal().parent_path(); !folder.empty();
         folder = folder.parent_path()) {
        if (fs::is_directory(folder / "kernel-patches", error)) return folder;
        if (folder == folder.parent_path()) break;
    }
    return {};
}

} // namespace

const Arm* Spec::find_arm(std::string_view wanted) const {
    auto found = std::find_if(arms.begin(), arms.end(), [&](const Arm& arm) { return arm.name == wanted; });
    return found == arms.end() ? nullptr : &*found;
}

Spec Spec::for_arm(const Arm& arm) const {
    auto copy = *this;
    if (!arm.cmdline.empty()) copy.guest.extra_cmdline += (copy.guest.extra_cmdline.empty() ? "" : " ") + arm.cmdline;
    return copy;
}

const std::vector<std::string>& workload_names() {
    static const std::vector<std::string> names = {"munmap", "exit", "collapse", "pmd_unshare", "gup_race", "command", "crash"}; // crash: the self-test of a workload that dies
    return names;
}

Result<Spec> parse_spec(std::string_view text, const fs::path& file, const std::vector<SpecOverride>& overrides) {
    Spec spec;
    spec.target.sync_function.clear(); // an experiment is about IPIs of one function only if it says so
    spec.file = file;
    spec.text = text;
    spec.overrides = overrides;
    RIG_TRY(parsed, parse_toml(text, file));
    RIG_CHECK(apply_overrides(parsed, overrides));
    RIG_TRY(top, project_top(file));
    spec.top = top;
    RIG_CHECK(read_root(SpecTable(parsed, "", file.string()), spec));
    return spec;
}

Result<toml::table> parse_toml(std::string_view text, const fs::path& file) {
    if (text.size() > max_file_bytes)
        return tl::unexpected(spec_error(file.string(), {1, 1}, fmt::format("{} bytes, want at most {}", text.size(), max_file_bytes)));
    if (auto dots = std::count(text.begin(), text.end(), '.'); dots > max_dots)
        return tl::unexpected(spec_error(file.string(), {1, 1}, fmt::format("{} dots in the file, want at most {}", dots, max_dots)));
    try {
        return toml::parse(text, file.string());
    } catch (const toml::parse_error& error) {
        return tl::unexpected(spec_error(file.string(), error.source().begin, fmt::format("not valid TOML: {}", error.description())));
    }
}

Result<fs::path> project_top(const fs::path& file) {
    auto top = find_top(file);
    if (top.empty())
        return tl::unexpected(spec_error(file.string(), {1, 1},
                       "no parent folder of this file holds `kernel-patches/`, want the file inside a project"));
    return top;
}

Result<Spec> load_spec(const fs::path& file, const std::vector<SpecOverride>& overrides) {
    std::error_code error;
    // A folder opens and a pipe never ends; neither is an experiment.
    if (!fs::is_regular_file(file, error))
        return fail(Blame::Spec, fmt::format("{}: {}, want an experiment file (configs/*.toml)", file.string(),
                                             fs::exists(file, error) ? "not a regular file" : "no such file"));
    if (auto size = fs::file_size(file, error); !error && size > max_file_bytes)
        return fail(Blame::Spec, fmt::format("{}: {} bytes, want at most {}", file.string(), size, max_file_bytes));
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.is_open() || in.bad()) return fail(Blame::Spec, fmt::format("{}: cannot be read", file.string()));
    return parse_spec(text, file, overrides);
}

} // namespace rig
