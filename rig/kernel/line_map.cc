// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/line_map.h"

#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/base/text.h"
#include "rig/kernel/kernel_recipe.h"
#include "rig/kernel/line_map_json.h"
#include "rig/kernel/symbol_table.h"
#include "rig/kernel/worktree.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMakefile = "rig-lines.mk"; // in the object tree
constexpr const char* kFolder = "rig-lines";      // there, too: what the preprocessor printed
// A line that no object is known to keep has to be looked for in all of them. Each takes some 0.2
// s.
constexpr std::size_t kMostPreprocessed = 60;
// Lines between a hunk and a border of it.
constexpr unsigned kMostBetween = 40;

// make reads the commands and dependencies that the kernel's own build wrote for each object, so
// that nothing here needs to know how they are quoted. An object is compiled by the very command
// that made it, with -g added.
constexpr const char* kRules = R"(
pound := \#
SHELL := sh
include $(wildcard $(foreach o,$(rig_objects),$(dir $o).$(notdir $o).cmd))
rig_compiled := $(foreach o,$(rig_objects),$(if $(filter %.c,$(source_$o)),$o))
rig_plain = $(patsubst $(abspath ..)/%,../%,$(abspath $1))
rig_affected := $(foreach o,$(rig_compiled),$(if $(filter $(rig_changed),$(call rig_plain,$(source_$o) $(deps_$o))),$o))
rig_command = $(or $(savedcmd_$1),$(cmd_$1))
.PHONY: rig-list rig-debug $(addprefix rig-debug/,$(rig_affected)) $(addprefix rig-kept/,$(rig_affected))
rig-list:
	@$(foreach o,$(rig_affected),$(info rig: $o $(call rig_plain,$(source_$o)) $(filter $(rig_changed),$(call rig_plain,$(deps_$o))))) :
rig-debug: $(addprefix rig-debug/,$(rig_affected))
$(addprefix rig-debug/,$(rig_affected)): rig-debug/%:
	@$(subst -c -o $*,-g -c -o $*,$(call rig_command,$*))
$(addprefix rig-kept/,$(rig_affected)): rig-kept/%:
	@mkdir -p rig-lines/$(dir $*)
	@$(subst $(source_$*),$(source_$*) || exit 1; exit 0,$(subst -c -o $*,-E -fdirectives-only -o rig-lines/$*.i,$(call rig_command,$*)))
)";

struct Affected {
    std::string object, source;  // the latter relative to the sources
    std::set<std::string> files; // of the changed ones, those that it compiles or includes
};

class Mapping {
 public:
    Mapping(const Recipe& recipe, const BuildContext& context, fs::path dir, fs::path log)
        : recipe_(recipe), context_(context), dir_(std::move(dir)), log_(std::move(log)),
          worktree_(dir_, recipe, context) {}

    Status copy_from(const fs::path& original);
    Status rename_tools(const fs::path& in, const fs::path& from);
    Status build();
    // Which objects of the kernel compile or include one of `files`?
    Result<std::vector<Affected>> affected(const std::set<std::string>& files);
    Status compile_with_debug_information(const std::vector<Affected>& affected);
    // nullopt if the object cannot be preprocessed.
    Result<std::optional<std::string>> preprocessed(const std::string& object);

    fs::path tree() const { return dir_ / "src"; }
    fs::path obj() const { return worktree_.obj(); }
    const fs::path& log() const { return log_; }

 private:
    Result<CommandResult> run(std::vector<std::string> argv, const fs::path& log);
    Result<CommandResult> rules(const std::string& goal);
    Status needs(const Result<CommandResult>& result, const std::string& what) const;

    const Recipe& recipe_;
    const BuildContext& context_;
    fs::path dir_, log_;
    Worktree worktree_;
};

Result<CommandResult> Mapping::run(std::vector<std::string> argv, const fs::path& log) {
    auto command = worktree_.make_command({});
    command.argv = std::move(argv);
    command.cwd = obj();
    command.log = log;
    return context_.runner.run(command);
}

// An error unless it came to its end.
Status Mapping::needs(const Result<CommandResult>& result, const std::string& what) const {
    if (!result) return tl::unexpected(result.error());
    if (result->ok()) return {};
    if (std::holds_alternative<Cancelled>(result->outcome))
        return fail(FaultDomain::Host, "interrupted while " + what);
    return fail(FaultDomain::Host,
                fmt::format("{}: {}: {}", what, describe(*result), first_build_error(slurp(log_))),
                log_);
}

// The kernel's tools are built with absolute names. Were these of another folder, make would build
// the tools again, and then every object that they check.
Status Mapping::rename_tools(const fs::path& in, const fs::path& from) {
    std::error_code error;
    for (fs::recursive_directory_iterator entry(in / kObjects / "tools", error), end;
         !error && entry != end; entry.increment(error)) {
        const auto name = entry->path().filename().string();
        if (!name.ends_with(".cmd") && !name.ends_with(".d")) continue;
        auto text = slurp(entry->path());
        const auto old_name = from.string(), new_name = (dir_ / "src").string();
        bool changed = false;
        for (auto at = text.find(old_name); at != text.npos;
             at = text.find(old_name, at + new_name.size())) {
            text.replace(at, old_name.size(), new_name);
            changed = true;
        }
        if (changed) RIG_CHECK(write_atomically(entry->path(), text));
    }
    return {};
}

// Sources as links, which are replaced and never written through; objects as copies, because the
// build writes into those that are there.
Status Mapping::copy_from(const fs::path& original) {
    std::error_code error;
    if (fs::exists(dir_ / "src", error) ||
        !fs::exists(original / "src" / kObjects / ".config", error))
        return {};
    context_.progress.start("copying the object tree");
    const auto into = dir_ / "src.tmp";
    fs::remove_all(into, error);
    fs::create_directories(into, error);
    std::vector<std::string> links{"cp", "-al", "-t", into.string(), "--"};
    for (fs::directory_iterator entry(original / "src", error), end; !error && entry != end;
         entry.increment(error))
        if (entry->path().filename() != kObjects) links.push_back(entry->path().string());
    for (auto& argv :
         {links, {"cp", "-a", "-t", into.string(), "--", (original / "src" / kObjects).string()}}) {
        Command copy;
        copy.argv = argv;
        copy.log = log_;
        RIG_CHECK(needs(context_.runner.run(copy), "copying the object tree"));
    }
    RIG_CHECK(rename_tools(into, original / "src"));
    for (const char* name : {"configured", "fragment", "overlay"})
        if (fs::exists(original / name, error))
            RIG_CHECK(write_atomically(dir_ / name, slurp(original / name)));
    RIG_CHECK(write_atomically(dir_ / "label",
                               "copy with debug information, " + slurp(original / "label")));
    fs::rename(into, dir_ / "src", error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot make {}: {}", (dir_ / "src").string(), error.message()));
    context_.progress.finish();
    return {};
}

Status Mapping::build() {
    RIG_CHECK(worktree_.prepare());
    return worktree_.build(log_);
}

Result<CommandResult> Mapping::rules(const std::string& goal) {
    const unsigned jobs =
        context_.jobs ? context_.jobs : std::max(1u, std::thread::hardware_concurrency());
    return run({"make", "-f", kMakefile, fmt::format("-j{}", jobs), goal}, log_);
}

Result<std::vector<Affected>> Mapping::affected(const std::set<std::string>& files) {
    // Members of the archives that vmlinux is linked from.
    std::string objects, changed;
    std::vector<fs::path> archives{"vmlinux.a"};
    for (const char* library : {"lib/lib.a", "arch/{}/lib/lib.a"})
        archives.emplace_back(fmt::format(fmt::runtime(library), recipe_.arch->kernel_arch));
    for (const auto& archive : archives) {
        std::error_code error;
        if (archive != "vmlinux.a" && !fs::exists(obj() / archive, error)) continue;
        RIG_TRY(members, run({recipe_.arch->cross + "ar", "t", archive.string()}, {}));
        RIG_CHECK(needs(members, "listing " + archive.string()));
        for (const auto name : split_lines(members.out))
            objects += fmt::format(" {}", name);
    }
    for (const auto& file : files)
        changed += " ../" + file;
    RIG_CHECK(write_atomically(
        obj() / kMakefile,
        fmt::format("rig_objects :={}\nrig_changed :={}\n", objects, changed) + kRules));
    std::error_code error;
    const auto listed = obj() / "rig-lines.list";
    fs::remove(listed, error);
    RIG_TRY(result, run({"make", "-f", kMakefile, "rig-list"}, listed));
    RIG_CHECK(needs(result, "listing the objects of the changed files"));
    std::vector<Affected> all;
    std::istringstream lines(slurp(listed));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word;
        if (!(words >> word) || word != "rig:") continue;
        Affected one;
        words >> one.object;
        while (words >> word) {
            if (!word.starts_with("../")) continue; // of the object tree: generated
            word.erase(0, 3);
            if (one.source.empty()) one.source = word;
            if (files.contains(word)) one.files.insert(word);
        }
        all.push_back(std::move(one));
    }
    return all;
}

Status Mapping::compile_with_debug_information(const std::vector<Affected>& affected) {
    context_.progress.start(
        fmt::format("compiling {} objects with debug information", affected.size()));
    RIG_CHECK(needs(rules("rig-debug"), "compiling with debug information"));
    context_.progress.finish();
    context_.progress.start("linking the kernel with debug information");
    // The objects are newer than what is linked from them, and their commands are as they were:
    // make compiles nothing.
    auto link = worktree_.make_command({"vmlinux"});
    link.log = log_;
    RIG_CHECK(needs(context_.runner.run(link), "linking with debug information"));
    context_.progress.finish();
    return {};
}

Result<std::optional<std::string>> Mapping::preprocessed(const std::string& object) {
    const auto file = obj() / kFolder / (object + ".i");
    std::error_code error;
    fs::remove(file, error);
    RIG_TRY(result, rules("rig-kept/" + object));
    if (std::holds_alternative<Cancelled>(result.outcome))
        return fail(FaultDomain::Host, "interrupted while preprocessing");
    if (!result.ok()) return std::nullopt;
    auto text = slurp(file);
    fs::remove(file, error);
    return text;
}

// Reasons for lines without code. What it needs it computes once.
class LineReasons {
 public:
    LineReasons(const LineTable& table, const std::vector<Affected>& affected, Mapping& mapping,
                const std::map<std::string, std::string>& texts)
        : table_(table), affected_(affected), mapping_(mapping) {
        for (const auto& [path, text] : texts) {
            auto& file = files_[path];
            file.text = text;
            file.lines = source_lines(text);
            for (const auto& one : affected)
                if (one.files.contains(path)) file.objects.push_back(one.object);
        }
    }

    Result<LineVerdict> of(const std::string& path, unsigned number) {
        auto& file = files_.at(path);
        LineFacts facts;
        facts.source = source_kind(path);
        if (number <= file.lines.size()) facts.line = file.lines[number - 1];
        facts.code = table_.find(path, number);
        facts.compiled = !file.objects.empty();
        const bool has_code = facts.code && facts.code->merged.empty();
        if (has_code || facts.source != SourceKind::C || facts.line.kind != LineKind::Code ||
            !facts.compiled)
            return explain_line(facts);
        RIG_TRY(seen, find_object(path, file, number));
        facts.kept = seen ? std::optional(true)
                     : file.complete && file.examined.size() == file.objects.size()
                         ? std::optional(false)
                         : std::nullopt;
        if (seen) {
            facts.place = seen->places[number - 1];
            facts.declares = table_.declares(path, number);
            for (auto line = facts.place.first; line && line <= facts.place.last; ++line)
                facts.function_has_code = facts.function_has_code || table_.find(path, line);
            facts.statement_has_code = facts.place.statement && facts.place.statement != number &&
                                       table_.find(path, facts.place.statement);
        }
        return explain_line(facts);
    }

 private:
    struct Examined {
        std::set<unsigned> kept;
        std::vector<SourcePlace> places;
    };
    struct File {
        std::string text;
        std::vector<SourceLine> lines;
        std::vector<std::string> objects;
        std::vector<Examined> examined; // of the first objects
        bool complete = true;           // all of these could be preprocessed
    };

    // The first object that keeps the line.
    Result<const Examined*> find_object(const std::string& path, File& file, unsigned number) {
        for (std::size_t i = 0; i < std::min(file.objects.size(), kMostPreprocessed); ++i) {
            if (i == file.examined.size()) {
                RIG_TRY(text, mapping_.preprocessed(file.objects[i]));
                Examined one;
                if (text) {
                    const auto kept = kept_lines(*text, mapping_.obj(), mapping_.tree(), path);
                    one.kept = {kept.begin(), kept.end()};
                    one.places = source_places(
                        file.text, [&](unsigned line) { return one.kept.contains(line); });
                } else {
                    file.complete = false;
                }
                file.examined.push_back(std::move(one));
            }
            if (file.examined[i].kept.contains(number)) return &file.examined[i];
        }
        return nullptr;
    }

    const LineTable& table_;
    const std::vector<Affected>& affected_;
    Mapping& mapping_;
    std::map<std::string, File> files_;
};

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
        if (line.reason == LineReason::Mapped) mapped.insert(line.hunk);
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
                    if (!code || code->text.empty()) continue;
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
    auto ranges = reason == LineReason::Init ? code.init : code.text;
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

constexpr const char* kMapFile = "lines.json";

// Raise the number when a kernel's lines may come out otherwise than before.
std::string key_of_map(const Recipe& recipe, const std::vector<ChangedFile>& changes,
                       TreeSide side) {
    auto text = fmt::format("line map 1 {} {}\n", recipe.key, side == TreeSide::Before);
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

Result<LineMap> map_in(Mapping& mapping, const Kernel& kernel,
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
    RIG_CHECK(mapping.build());
    RIG_TRY(affected, mapping.affected(c_files));
    LineTable table;
    if (!affected.empty()) {
        RIG_CHECK(mapping.compile_with_debug_information(affected));
        RIG_TRY(difference, loaded_difference(kernel.vmlinux, mapping.obj() / "vmlinux"));
        if (!difference.empty()) {
            map.why_not = "built with debug information it is another kernel: " + difference;
            return map;
        }
        RIG_TRY(read, LineTable::read(mapping.obj() / "vmlinux", mapping.tree(), c_files));
        for (const auto& one : affected)
            if (!read.units().contains(one.source)) {
                map.why_not = fmt::format("{} was not compiled with debug information", one.source);
                return map;
            }
        table = std::move(read);
    }
    for (const auto& one : affected)
        map.objects.push_back(one.object);
    RIG_TRY(symbols, SymbolTable::parse(slurp(kernel.system_map), kernel.system_map.string()));
    LineReasons reasons(table, affected, mapping, texts);
    const auto explain = [&](std::vector<MappedLine>& lines) -> Status {
        for (auto& line : lines) {
            RIG_TRY(verdict, reasons.of(line.file, line.line));
            line.reason = verdict.reason;
            line.detail = verdict.detail;
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

std::vector<unsigned> kept_lines(std::string_view preprocessed, const fs::path& obj,
                                 const fs::path& tree, const std::string& path) {
    static const std::regex marker("^# ([0-9]+) \"([^\"]*)\"");
    std::set<unsigned> kept;
    std::map<std::string, bool> names; // is it the file?
    bool inside = false;
    unsigned number = 0;
    for (const auto line : split_lines(preprocessed)) {
        std::match_results<std::string_view::const_iterator> match;
        if (line.starts_with("# ") && std::regex_search(line.begin(), line.end(), match, marker)) {
            const auto name = match[2].str();
            auto known = names.find(name);
            if (known == names.end()) {
                const auto whole = (obj / name).lexically_normal().lexically_relative(tree);
                known = names.emplace(name, whole == fs::path(path)).first;
            }
            inside = known->second;
            number = whole_number(match[1].str()).value_or(0);
            continue;
        }
        if (inside && line.find_first_not_of(" \t\r") != line.npos) kept.insert(number);
        ++number;
    }
    return {kept.begin(), kept.end()};
}

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
    const auto map_key = key_of_map(recipe, changes, side);
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
    Mapping mapping(recipe, context, dir, log);
    auto started = std::chrono::steady_clock::now();
    if (!fs::exists(dir / "src", error)) {
        RIG_TRY(original_held, context.cache.lock("worktrees", recipe.worktree_key, waiting));
        (void)original_held;
        RIG_TRY(original, context.cache.worktree(recipe.worktree_key));
        started = std::chrono::steady_clock::now();
        RIG_CHECK(mapping.copy_from(original));
    }
    auto map = map_in(mapping, kernel, changes, side);
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
