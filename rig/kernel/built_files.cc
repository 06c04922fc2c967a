// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/built_files.h"

#include "rig/base/files.h"

#include <algorithm>
#include <string_view>
#include <system_error>
#include <unordered_set>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kBetweenNames = " \t\n\\;'\"()=:,";

// The target whose command is in this file, or nothing.
std::string target_of(const fs::path& file, const fs::path& obj) {
    const auto name = file.filename().string();
    if (!name.starts_with(".") || !name.ends_with(".cmd")) return {};
    const auto folder = file.parent_path().lexically_relative(obj);
    return (folder / name.substr(1, name.size() - 5)).lexically_normal().string();
}

template<class Visit> void each_name(std::string_view text, const Visit& visit) {
    while (true) {
        const auto begin = text.find_first_not_of(kBetweenNames);
        if (begin == text.npos) return;
        text.remove_prefix(begin);
        const auto name = text.substr(0, text.find_first_of(kBetweenNames));
        visit(name.starts_with("./") ? name.substr(2) : name);
        text.remove_prefix(name.size());
    }
}

} // namespace

BuiltFiles::BuiltFiles(const fs::path& obj, const fs::path& tree,
                       const std::set<std::string>& roots)
    : obj_(obj), tree_(tree) {
    std::error_code error;
    for (fs::recursive_directory_iterator entry(obj, error), end; !error && entry != end;
         entry.increment(error))
        if (auto target = target_of(entry->path(), obj); !target.empty())
            commands_.emplace(std::move(target), slurp(entry->path()));
    std::unordered_set<std::string_view> targets;
    for (const auto& [target, command] : commands_)
        targets.insert(target);
    std::vector<std::string> open(roots.begin(), roots.end());
    for (const auto& target : targets)
        if (target.starts_with("scripts/") || target.starts_with("tools/") ||
            target.ends_with(".s"))
            open.emplace_back(target);
    while (!open.empty()) {
        const auto target = std::move(open.back());
        open.pop_back();
        if (!wanted_.insert(target).second) continue;
        if (const auto command = commands_.find(target); command != commands_.end())
            each_name(command->second, [&](std::string_view name) {
                if (targets.contains(name)) open.emplace_back(name);
            });
    }
}

std::vector<std::string> BuiltFiles::compiled_from(const std::string& file) const {
    const auto last = "/" + fs::path(file).filename().string();
    std::vector<std::string> objects;
    for (const auto& target : wanted_) {
        const auto command = commands_.find(target);
        if (command == commands_.end() || !(target.ends_with(".o") || target.ends_with(".s")))
            continue;
        const std::string_view text = command->second;
        for (auto at = text.find(last); at != text.npos; at = text.find(last, at + 1)) {
            const auto begin = text.find_last_of(kBetweenNames, at);
            const auto from = begin == text.npos ? 0 : begin + 1;
            const auto name = text.substr(from, at + last.size() - from);
            const bool whole = at + last.size() == text.size() ||
                               kBetweenNames.find(text[at + last.size()]) != text.npos;
            if (!whole || (obj_ / name).lexically_normal().lexically_relative(tree_) != file)
                continue;
            objects.push_back(target);
            break;
        }
    }
    return objects;
}

} // namespace rig
