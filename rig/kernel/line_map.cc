// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/line_map.h"

#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/kernel/line_build.h"
#include "rig/kernel/line_facts.h"
#include "rig/kernel/line_table.h"
#include "rig/kernel/symbol_table.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

// The changed lines of this side, and where it has none the borders.
std::vector<MappedLine> wanted_lines(const std::vector<ChangedFile>& changes, TreeSide side) {
    std::vector<MappedLine> lines;
    for (const auto& file : changes) {
        const auto& text = side == TreeSide::Before ? file.before : file.after;
        if (!text) continue;
        const auto all = split_lines(*text);
        std::set<std::pair<unsigned, bool>> numbers; // with: is it a border?
        for (const auto& hunk : file.hunks) {
            const auto& span = lines_of(hunk, side);
            for (unsigned i = 0; i < span.count; ++i)
                numbers.emplace(span.first + i, false);
            if (span.count == 0)
                for (const auto number : borders(file, hunk, side))
                    numbers.emplace(number, true);
        }
        for (const auto& [number, border] : numbers) {
            MappedLine line;
            line.file = file.path;
            line.line = number;
            line.text = all[number - 1];
            line.border = border;
            lines.push_back(std::move(line));
        }
    }
    return lines;
}

std::vector<LineAddress> addresses_of(const LineCode& code, LineReason reason,
                                      const SymbolTable& symbols) {
    auto ranges = reason == LineReason::Init      ? code.init
                  : reason == LineReason::Inlined ? code.inlined
                                                  : code.text;
    if (reason == LineReason::Merged)
        for (const auto address : code.merged)
            ranges.push_back({address, address});
    std::vector<LineAddress> addresses;
    for (const auto& [start, end] : ranges) {
        LineAddress one{start, end, {}, 0};
        if (const auto place = symbols.place(start)) {
            one.function = place->name;
            one.offset = place->offset;
        }
        addresses.push_back(std::move(one));
    }
    return addresses;
}

Result<LineMap> map_in(LineBuild& build, const Kernel& kernel,
                       const std::vector<ChangedFile>& changes, TreeSide side) {
    LineMap map;
    map.lines = wanted_lines(changes, side);
    std::map<std::string, std::string> texts;
    for (const auto& file : changes)
        if (const auto& text = side == TreeSide::Before ? file.before : file.after)
            texts.emplace(file.path, *text);
    std::set<std::string> c_files;
    for (const auto& [path, text] : texts)
        if (source_kind(path) == SourceKind::C) c_files.insert(path);
    RIG_CHECK(build.build());
    RIG_TRY(affected, build.affected(c_files));
    LineTable table;
    if (!affected.empty()) {
        RIG_CHECK(build.compile_with_debug_information(affected));
        RIG_TRY(difference, loaded_difference(kernel.vmlinux, build.obj() / "vmlinux"));
        if (!difference.empty()) {
            map.why_not = "built with debug information it is another kernel: " + difference;
            return map;
        }
        RIG_TRY(has_any, has_section(build.obj() / "vmlinux", ".debug_line"));
        LineTable read;
        if (has_any) { // else all these objects are of libraries, and nothing refers to them
            RIG_TRY(whole, LineTable::read(build.obj() / "vmlinux", build.tree(), c_files));
            read = std::move(whole);
        }
        for (const auto& one : affected) {
            if (read.units().contains(one.source)) continue;
            if (one.of_library) {
                RIG_TRY(has_debug, has_section(build.obj() / one.object, ".debug_line"));
                if (has_debug) continue; // and not linked
            }
            map.why_not = fmt::format("{} was not compiled with debug information", one.source);
            return map;
        }
        table = std::move(read);
    }
    for (const auto& one : affected)
        map.objects.push_back(one.object);
    RIG_TRY(symbols, SymbolTable::parse(slurp(kernel.system_map), kernel.system_map.string()));
    LineReasons reasons(table, affected, build, texts);
    for (auto& line : map.lines) {
        RIG_TRY(verdict, reasons.of(line.file, line.line));
        line.reason = verdict.reason;
        line.detail = verdict.detail;
        // "f()" for a macro that calls it; else the text of the line says it.
        if (line.reason == LineReason::Inlined &&
            line.text.find(line.detail.substr(0, line.detail.find('('))) != std::string::npos)
            line.detail.clear();
        if (const auto* code = table.find(line.file, line.line))
            line.addresses = addresses_of(*code, line.reason, symbols);
    }
    return map;
}

} // namespace

Result<std::vector<ChangedFile>> changes_between(const Spec& spec, const Arm& before,
                                                 const Arm& after, const BuildContext& context) {
    for (const auto* arm : {&before, &after})
        if (arm->prebuilt)
            return fail(FaultDomain::Spec,
                        fmt::format("{}: arm {} is a prebuilt image: its source is not known",
                                    spec.file.string(), arm->name));
    RIG_TRY(old_recipe, make_recipe(spec, before, context));
    RIG_TRY(new_recipe, make_recipe(spec, after, context));
    if (old_recipe.source.id != new_recipe.source.id)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: arms {} and {} are built from {} and {}: want one source, or "
                                "a git source with a base",
                                spec.file.string(), before.name, after.name, old_recipe.source.id,
                                new_recipe.source.id));
    return changed_lines(old_recipe.overlay, new_recipe.overlay, old_recipe.source.tree,
                         context.runner);
}

Result<LineMap> map_lines(const Spec& spec, const Arm& arm, const Kernel& kernel,
                          const std::vector<ChangedFile>& changes, TreeSide side,
                          const BuildContext& context) {
    RIG_TRY(recipe, make_recipe(spec, arm, context));
    const auto key = sha256_hex("lines " + recipe.worktree_key);
    const auto waiting = [&] { context.progress.start("waiting for another rig's build"); };
    RIG_TRY(held, context.cache.lock("worktrees", key, waiting));
    (void)held;
    RIG_TRY(dir, context.cache.worktree(key));
    std::error_code error;
    const auto log = context.cache.root() / "logs" /
                     fmt::format("{}-{}-lines.log", arm.name, recipe.key.substr(0, 12));
    fs::create_directories(log.parent_path(), error);
    fs::remove(log, error);
    LineBuild build(recipe, context, dir, log);
    auto started = std::chrono::steady_clock::now();
    if (!fs::exists(dir / "src", error)) {
        RIG_TRY(original_held, context.cache.lock("worktrees", recipe.worktree_key, waiting));
        (void)original_held;
        RIG_TRY(original, context.cache.worktree(recipe.worktree_key));
        started = std::chrono::steady_clock::now();
        RIG_CHECK(build.copy_from(original));
    }
    auto map = map_in(build, kernel, changes, side);
    if (!map) {
        context.progress.interrupt();
        return map;
    }
    map->seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return map;
}

} // namespace rig
