// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/line_facts.h"

#include "rig/base/files.h"
#include "rig/base/text.h"
#include "rig/kernel/changed_lines.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

// A line that no object is known to keep has to be looked for in all of them. Each takes some 0.2
// s.
constexpr std::size_t kMostPreprocessed = 60;

// "# 12 "../mm/mmap.c" 1": what follows is of this line and file. nullopt: it is another line.
struct LineMarker {
    unsigned number = 0;
    std::string_view name;
};
std::optional<LineMarker> marker_of(std::string_view line) {
    if (!line.starts_with("# ")) return std::nullopt;
    line.remove_prefix(2);
    const auto digits = line.substr(0, line.find_first_not_of("0123456789"));
    line.remove_prefix(digits.size());
    if (digits.empty() || !line.starts_with(" \"")) return std::nullopt;
    line.remove_prefix(2);
    const auto end = line.find('"');
    if (end == line.npos) return std::nullopt;
    return LineMarker{whole_number(digits).value_or(0), line.substr(0, end)};
}

} // namespace

LineReasons::LineReasons(const LineTable& table, const std::vector<AffectedObject>& affected,
                         LineBuild& build, const std::map<std::string, std::string>& texts)
    : table_(table), build_(build) {
    for (const auto& [path, text] : texts) {
        auto& file = files_[path];
        file.text = text;
        file.lines = source_lines(text);
        for (const auto& one : affected) {
            if (!one.files.contains(path)) continue;
            if (table.units().contains(one.source))
                file.objects.push_back(one.object);
            else
                file.unlinked = one.object;
        }
    }
}

Result<LineVerdict> LineReasons::of(const std::string& path, unsigned number) {
    auto& file = files_.at(path);
    LineFacts facts;
    facts.source = source_kind(path);
    if (number <= file.lines.size()) facts.line = file.lines[number - 1];
    facts.code = table_.find(path, number);
    facts.compiled = !file.objects.empty();
    const bool has_code = facts.code && (facts.code->counted() || facts.code->merged.empty());
    if (has_code || facts.source != SourceKind::C || facts.line.kind != LineKind::Code)
        return explain_line(facts);
    if (!facts.compiled) {
        facts.unlinked = file.unlinked;
        if (facts.unlinked.empty()) look_elsewhere(path, file);
        facts.assembly = file.assembly;
        facts.elsewhere = file.elsewhere;
        facts.why_no_object = file.why_no_object;
        return explain_line(facts);
    }
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

// Why no object of vmlinux compiles the file: is it made into something else?
void LineReasons::look_elsewhere(const std::string& path, File& file) {
    if (std::exchange(file.looked_elsewhere, true)) return;
    if (!built_) {
        auto roots = build_.objects();
        roots.insert(build_.image());
        built_.emplace(build_.obj(), build_.tree(), roots);
    }
    const auto objects = built_->compiled_from(path);
    for (const auto& object : objects)
        (build_.objects().contains(object) ? file.assembly : file.elsewhere) = object;
    const auto boot = fmt::format("arch/{}/boot/", build_.recipe().arch->kernel_arch);
    if (path.starts_with(boot) && build_.image() == "vmlinux")
        file.why_no_object = "rig boots vmlinux itself, without " + boot;
    else if (slurp(build_.obj() / ".config").find("=m\n") != std::string::npos)
        file.why_no_object = "or only as a module, which rig does not build";
}

// The first object that keeps the line.
Result<const LineReasons::Examined*> LineReasons::find_object(const std::string& path, File& file,
                                                              unsigned number) {
    for (std::size_t i = 0; i < std::min(file.objects.size(), kMostPreprocessed); ++i) {
        if (i == file.examined.size()) {
            RIG_TRY(text, build_.preprocessed(file.objects[i]));
            Examined one;
            if (text) {
                const auto kept = kept_lines(*text, build_.obj(), build_.tree(), path);
                one.kept = {kept.begin(), kept.end()};
                one.places = source_places(file.text,
                                           [&](unsigned line) { return one.kept.contains(line); });
            } else {
                file.complete = false;
            }
            file.examined.push_back(std::move(one));
        }
        if (file.examined[i].kept.contains(number)) return &file.examined[i];
    }
    return nullptr;
}

std::vector<unsigned> kept_lines(std::string_view preprocessed, const fs::path& obj,
                                 const fs::path& tree, const std::string& path) {
    std::set<unsigned> kept;
    std::map<std::string_view, bool> names; // is it the file?
    bool inside = false;
    unsigned number = 0;
    for (const auto line : split_lines(preprocessed)) {
        if (const auto marker = marker_of(line)) {
            auto known = names.find(marker->name);
            if (known == names.end()) {
                const auto whole = (obj / marker->name).lexically_normal().lexically_relative(tree);
                known = names.emplace(marker->name, whole == fs::path(path)).first;
            }
            inside = known->second;
            number = marker->number;
            continue;
        }
        if (inside && line.find_first_not_of(" \t\r") != line.npos) kept.insert(number);
        ++number;
    }
    return {kept.begin(), kept.end()};
}

} // namespace rig
