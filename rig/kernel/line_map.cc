// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/line_map.h"

#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/kernel/kernel_recipe.h"
#include "rig/kernel/line_build.h"
#include "rig/kernel/line_facts.h"
#include "rig/kernel/line_map_json.h"
#include "rig/kernel/line_table.h"
#include "rig/kernel/symbol_table.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

// Lines between a hunk and a border of it.
constexpr unsigned kMostBetween = 40;
constexpr const char* kMapFile = "lines.json";

// The changed lines of this side.
std::vector<MappedLine> wanted_lines(const std::vector<ChangedFile>& changes, TreeSide side) {
    std::vector<MappedLine> lines;
    unsigned hunk = 0;
    for (const auto& file : changes) {
        const auto& text = side == TreeSide::Before ? file.before : file.after;
        const auto all = text ? split_lines(*text) : std::vector<std::string_view>{};
        for (const auto& one : file.hunks) {
            const auto& span = lines_of(one, side);
            for (unsigned i = 0; text && i < span.count; ++i) {
                MappedLine line;
                line.file = file.path;
                line.line = span.first + i;
                line.text = all[line.line - 1];
                line.hunk = hunk;
                lines.push_back(std::move(line));
            }
            ++hunk;
        }
    }
    return lines;
}

// For each hunk of which no line has instructions of its own: the nearest line with instructions
// before it, and the nearest behind it. Lines of other hunks are not passed.
std::vector<MappedLine> borders_of(const std::vector<ChangedFile>& changes, TreeSide side,
                                   const std::vector<MappedLine>& lines, const LineTable& table) {
    std::set<unsigned> mapped;
    std::set<std::pair<std::string, unsigned>> changed;
    for (const auto& line : lines) {
        changed.emplace(line.file, line.line);
        if (is_counted(line.reason)) mapped.insert(line.hunk);
    }
    std::vector<MappedLine> found;
    unsigned hunk = 0;
    for (const auto& file : changes) {
        const auto& text = side == TreeSide::Before ? file.before : file.after;
        const auto all = text ? split_lines(*text) : std::vector<std::string_view>{};
        for (const auto& one : file.hunks) {
            const auto number_of_hunk = hunk++;
            if (!text || mapped.contains(number_of_hunk)) continue;
            const auto& span = lines_of(one, side);
            // Behind line `first` if the span is empty.
            const unsigned before = span.count ? span.first - 1 : span.first;
            const unsigned behind = span.count ? span.first + span.count : span.first + 1;
            const auto look = [&](unsigned from, int step) {
                for (unsigned i = 0; i < kMostBetween; ++i) {
                    const auto number = static_cast<std::int64_t>(from) + step * std::int64_t{i};
                    if (number < 1 || number > static_cast<std::int64_t>(all.size())) return;
                    const auto line_number = static_cast<unsigned>(number);
                    if (changed.contains({file.path, line_number})) return;
                    const auto* code = table.find(file.path, line_number);
                    if (!code || (code->text.empty() && code->inlined.empty())) continue;
                    MappedLine line;
                    line.file = file.path;
                    line.line = line_number;
                    line.text = all[line_number - 1];
                    line.hunk = number_of_hunk;
                    line.border = true;
                    found.push_back(std::move(line));
                    return;
                }
            };
            look(before, -1);
            look(behind, 1);
        }
    }
    return found;
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

// Raise the number when a kernel's lines may come out otherwise than before.
std::string key_of_map(const Recipe& recipe, const Kernel& kernel,
                       const std::vector<ChangedFile>& changes, TreeSide side) {
    auto text = fmt::format("line map 3 {} {} {}\n", recipe.key, kernel.image_sha256,
                            side == TreeSide::Before);
    const auto add = [&](const std::optional<std::string>& content) {
        text += content ? sha256_hex(*content) : "none";
        text += '\n';
    };
    for (const auto& file : changes) {
        text += file.path + '\n';
        add(file.before);
        add(file.after);
    }
    return sha256_hex(text);
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
    if (auto built = build.compile(); !built) {
        auto error = built.error();
        // This very kernel was built before: it is no verdict about it.
        if (error.fault_domain == FaultDomain::Kernel) error.fault_domain = FaultDomain::Host;
        return tl::unexpected(error);
    }
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
    const auto explain = [&](std::vector<MappedLine>& lines) -> Status {
        for (auto& line : lines) {
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
        return {};
    };
    RIG_CHECK(explain(map.lines));
    auto more = borders_of(changes, side, map.lines, table);
    RIG_CHECK(explain(more));
    map.lines.insert(map.lines.end(), more.begin(), more.end());
    std::stable_sort(map.lines.begin(), map.lines.end(),
                     [](const MappedLine& a, const MappedLine& b) {
                         return std::tie(a.file, a.line) < std::tie(b.file, b.line);
                     });
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
    const auto map_key = key_of_map(recipe, kernel, changes, side);
    if (const auto stored = context.cache.find("lines", map_key)) {
        const auto file = *stored / kMapFile;
        if (auto map = line_map_from_json(slurp(file), file.string())) {
            map->from_cache = true;
            return map;
        }
    }
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
    if (map->why_not.empty())
        RIG_CHECK(context.cache.get_or_make(
            "lines", map_key, arm.name + ", " + recipe.key.substr(0, 12), [&](const fs::path& in) {
                return write_atomically(
                    in / kMapFile,
                    to_json(*map).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
            }));
    return map;
}

} // namespace rig
