// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/kernel_keys.h"

#include "rig/arch/arch.h"
#include "rig/spec/experiment_keys.h"
#include "rig/spec/value_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view source_forms =
    "one of { distro = \"linux-source-6.12\" }, { tarball = \"...\", sha256 = \"...\" }, "
    "{ git = \"...\", revision = \"...\" }, { prebuilt = true }";

Status read_path(const SpecTable& table, std::string_view key, fs::path& out,
                 const rules::PathRules& paths, const Rule& rule) {
    std::string text;
    RIG_CHECK(table.text(key, text, rule));
    if (!text.empty()) out = paths.placed(text);
    return {};
}

Result<Source> read_source(const SpecTable& table, const rules::PathRules& paths) {
    RIG_CHECK(KeyedTable(table, "kernel.source").only());
    std::vector<std::string> forms;
    for (const auto& key : table.keys())
        if (key == "distro" || key == "tarball" || key == "git" || key == "prebuilt")
            forms.push_back(key);
    if (forms.size() != 1)
        return tl::unexpected(table.wrong(fmt::format(
            "bad {}: {}, want {}", table.path(),
            forms.empty() ? "says no source" : fmt::format("{} at once", fmt::join(forms, " and ")),
            source_forms)));
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
        RIG_CHECK(read_path(table, "tarball", source.path, paths, paths.file()));
        RIG_CHECK(table.text("sha256", source.sha256, rules::sha256));
        return source;
    }
    if (form == "git") {
        RIG_CHECK(table.only({"git", "revision", "base"}));
        RIG_CHECK(table.require("revision", "a git revision such as \"v6.12\""));
        GitSource source;
        RIG_CHECK(read_path(table, "git", source.repository, paths, paths.folder()));
        RIG_CHECK(table.text("revision", source.revision, rules::revision));
        RIG_CHECK(table.text("base", source.base, rules::revision));
        return source;
    }
    RIG_CHECK(table.only({"prebuilt"}));
    bool prebuilt = false;
    RIG_CHECK(table.boolean("prebuilt", prebuilt));
    if (!prebuilt)
        return tl::unexpected(
            table.bad("prebuilt", fmt::format("true, or another source: {}", source_forms)));
    return PrebuiltSource{};
}

Result<PrebuiltImage> read_prebuilt(const SpecTable& table, const rules::PathRules& paths) {
    RIG_CHECK(
        table.require("bzimage", "the image to boot, since kernel.source is { prebuilt = true }"));
    if (!table.has("system_map"))
        RIG_CHECK(table.require(
            "vmlinux",
            "it or system_map: without symbols the changed line can't be proven to run"));
    if (table.has("series"))
        return tl::unexpected(
            table.bad("series", "it left out: a prebuilt image cannot be patched"));
    PrebuiltImage image;
    auto file = paths.file();
    RIG_CHECK(read_path(table, "bzimage", image.bzimage, paths, file));
    RIG_CHECK(read_path(table, "system_map", image.system_map, paths, file));
    RIG_CHECK(read_path(table, "vmlinux", image.vmlinux, paths, file));
    RIG_CHECK(read_path(table, "config", image.config, paths, file));
    return image;
}

Result<Arm> read_arm(const SpecTable& table, const Source& source, const TargetSpec& target,
                     const rules::PathRules& paths) {
    const bool prebuilt = std::holds_alternative<PrebuiltSource>(source);
    const KeyedTable keys(table, "arm");
    RIG_CHECK(keys.only());
    RIG_CHECK(table.require("name", "a name such as \"ipi\""));
    if (!target.same_path && !target.revisions) {
        // Otherwise the emulator counts the changed lines themselves.
        if (prebuilt || target.lines == LinesWanted::Off)
            RIG_CHECK(table.require(
                "marker", fmt::format("a kernel function that only this arm's version of the "
                                      "changed line calls: without it the line can't be proven to "
                                      "run, since {}",
                                      prebuilt ? "a prebuilt image has no source lines"
                                               : "target.lines = \"off\"")));
    } else if (table.has("marker"))
        return tl::unexpected(table.bad(
            "marker",
            target.revisions
                ? fmt::format("it left out: with {} it is not known what changed",
                              arms_are_revisions)
                : "it left out: with target.same_path = true the arms run the same code"));
    Arm arm;
    RIG_CHECK(table.text("name", arm.name, rules::arm_name));
    // Empty: none, as `--set arm.NAME.marker=` writes it.
    RIG_CHECK(table.text("marker", arm.marker, [](const std::string& value) {
        return value.empty() ? std::nullopt : rules::kernel_function(value);
    }));
    if (target.revisions && table.has("splat"))
        return tl::unexpected(table.bad(
            "splat", fmt::format("it left out: with {} nothing is declared", arms_are_revisions)));
    RIG_CHECK(table.text("splat", arm.splat, rules::splat_text));
    RIG_CHECK(table.texts("config_differs", arm.config_differs, keys.limit("config_differs"),
                          rules::option_name_or_any));
    RIG_CHECK(table.text("cmdline", arm.cmdline, rules::kernel_words(keys.limit("cmdline"))));
    if (table.has("revision") && !std::holds_alternative<GitSource>(source))
        return tl::unexpected(table.bad(
            "revision", "it left out, or kernel.source = { git = \"...\", revision = \"...\" }"));
    RIG_CHECK(table.text("revision", arm.revision, rules::revision));
    RIG_TRY(options, table.table("options"));
    if (options && prebuilt)
        return tl::unexpected(table.bad(
            "options", "it left out: a prebuilt image has the options that it was built with"));
    if (options) RIG_CHECK(read_options(*options, keys.limit("options"), arm.options));
    if (prebuilt) {
        RIG_TRY(image, read_prebuilt(table, paths));
        arm.prebuilt = std::move(image);
        return arm;
    }
    for (auto key : {"bzimage", "system_map", "vmlinux", "config"})
        if (table.has(key))
            return tl::unexpected(table.bad(
                key, "it left out (this arm is built), or kernel.source = { prebuilt = true }"));
    RIG_CHECK(read_paths(table, "series", arm.series, keys.limit("series"), paths, paths.series()));
    return arm;
}

} // namespace

// Booleans and integers become what Kconfig writes for them.
Status read_options(const SpecTable& table, std::size_t limit,
                    std::map<std::string, std::string>& out) {
    auto keys = table.keys();
    if (keys.size() > limit)
        return tl::unexpected(table.wrong(
            fmt::format("bad {}: {} options, want at most {}", table.path(), keys.size(), limit)));
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

Status read_paths(const SpecTable& table, std::string_view key, std::vector<fs::path>& out,
                  std::size_t limit, const rules::PathRules& paths, const Rule& rule) {
    std::vector<std::string> texts;
    RIG_CHECK(table.texts(key, texts, limit, rule));
    for (const auto& text : texts)
        out.push_back(paths.placed(text));
    return {};
}

Status read_kernel(const SpecTable& table, KernelSpec& kernel, const rules::PathRules& paths) {
    const KeyedTable keys(table, "kernel");
    RIG_CHECK(keys.only());
    RIG_CHECK(table.require("source", source_forms));
    RIG_TRY(source_table, table.table("source", source_forms));
    RIG_TRY(source, read_source(*source_table, paths));
    kernel.source = std::move(source);
    RIG_CHECK(keys.choice("arch", kernel.arch));
    if (std::holds_alternative<PrebuiltSource>(kernel.source))
        for (auto key : {"prerequisites", "fragments", "options"})
            if (table.has(key))
                return tl::unexpected(table.bad(
                    key, "it left out: nothing is built with source = { prebuilt = true }"));
    RIG_CHECK(read_paths(table, "prerequisites", kernel.prerequisites, keys.limit("prerequisites"),
                         paths, paths.series()));
    RIG_CHECK(read_paths(table, "fragments", kernel.fragments, keys.limit("fragments"), paths,
                         paths.file()));
    RIG_TRY(options, table.table("options"));
    if (options) RIG_CHECK(read_options(*options, keys.limit("options"), kernel.options));
    return {};
}

Status read_target(const SpecTable& table, TargetSpec& target) {
    const KeyedTable keys(table, "target");
    RIG_CHECK(keys.only());
    if (target.same_path && target.revisions)
        return tl::unexpected(
            table.bad("revisions", "it or same_path left out: each of the two replaces a marker"));
    if (target.same_path)
        RIG_CHECK(table.require("function", "the function that every arm calls alike"));
    RIG_CHECK(table.text("function", target.function, rules::kernel_function));
    RIG_CHECK(table.text("sync_function", target.sync_function, rules::kernel_function));
    RIG_TRY(config, table.table("config"));
    if (config) RIG_CHECK(read_options(*config, keys.limit("config"), target.config));
    return {};
}

Status read_arms(const SpecTable& root, Spec& spec, const rules::PathRules& paths) {
    const auto limit = KeyedTable(root, "").limit("arm");
    RIG_CHECK(root.require("arm", fmt::format("1..{} tables: [[arm]]", limit)));
    RIG_TRY(tables, root.tables("arm", limit));
    for (const auto& table : tables) {
        RIG_TRY(arm, read_arm(table, spec.kernel.source, spec.target, paths));
        if (spec.find_arm(arm.name))
            return tl::unexpected(table.bad("name", "a name that no other arm has"));
        // Each marker is a probe, and probes cost IPIs and TLB flushes when they are armed.
        if (!spec.arms.empty() && arm.marker.empty() != spec.arms.front().marker.empty()) {
            const auto& first = spec.arms.front();
            const auto want = fmt::format(
                "{}, as arm '{}' has {}: every arm or none, else they are probed unlike",
                arm.marker.empty() ? "one" : "it left out", first.name,
                arm.marker.empty() ? "one" : "none");
            RIG_CHECK(table.require("marker", want));
            return tl::unexpected(table.bad("marker", want));
        }
        spec.arms.push_back(std::move(arm));
    }
    return {};
}

} // namespace rig
