// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/patch_series.h"

#include "rig/base/files.h"

#include <fmt/format.h>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace rig {
namespace fs = std::filesystem;
namespace {

// What `patch` says of a failure: "patching file X" and then "Hunk #2 FAILED at 310.", or that X is
// not there.
std::string explain(const std::string& out) {
    std::istringstream lines(out);
    std::string file = "?";
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (std::regex_search(line, match, std::regex("^(?:checking|patching) file '?([^']*)'?")))
            file = match[1];
        if (std::regex_search(line, match, std::regex("Hunk #(\\d+) (?:FAILED|ignored) at (\\d+)")))
            return fmt::format("hunk {} (line {}) does not apply to {}", match[1].str(),
                               match[2].str(), file);
        if (line.find("Reversed (or previously applied)") != std::string::npos)
            return fmt::format("it is already applied to {}", file);
        if (line.find("can't find file to patch") != std::string::npos)
            return "a file it changes is not in the tree";
        if (line.find("malformed patch") != std::string::npos) return line;
    }
    return out.substr(0, 400);
}

} // namespace

Result<std::vector<Patch>> read_series(const std::vector<fs::path>& folders, const fs::path& top) {
    std::vector<Patch> patches;
    for (const auto& folder : folders) {
        const auto dir = top / folder, series = dir / "series";
        std::ifstream in(series);
        if (!in)
            return fail(Blame::Spec,
                        fmt::format("{}: no such file; a series folder lists its patches there",
                                    series.string()));
        unsigned number = 0;
        for (std::string line; std::getline(in, line);) {
            ++number;
            line = line.substr(0, line.find('#'));
            const auto first = line.find_first_not_of(" \t\r");
            if (first == std::string::npos) continue;
            // quilt allows options such as -p1 after the name; only that one means what we do.
            std::istringstream words(line);
            std::string name, option;
            words >> name >> option;
            if (!option.empty() && option != "-p1")
                return fail(Blame::Spec,
                            fmt::format("{}:{}: found option '{}', accepted: none or -p1",
                                        series.string(), number, option));
            const auto file = dir / name;
            if (!fs::is_regular_file(file))
                return fail(Blame::Spec, fmt::format("{}:{}: no patch '{}' in this folder",
                                                     series.string(), number, name));
            patches.push_back({file, fs::proximate(file, top).string(), slurp(file)});
        }
    }
    return patches;
}

Result<std::vector<std::string>> touched_files(const Patch& patch) {
    std::set<std::string> files;
    std::istringstream lines(patch.text);
    std::string previous;
    const auto add = [&](std::string path) -> Status {
        const auto normal = fs::path(path).lexically_normal().string();
        if (path.empty() || path.front() == '/' || normal.starts_with(".."))
            return fail(Blame::Spec, fmt::format("{}: changes '{}', which is outside the tree",
                                                 patch.name, path));
        files.insert(normal);
        return {};
    };
    for (std::string line; std::getline(lines, line); previous = line) {
        // A git rename without changes has no "---" and "+++".
        for (const std::string_view prefix :
             {"rename from ", "rename to ", "copy from ", "copy to "})
            if (line.starts_with(prefix)) RIG_CHECK(add(line.substr(prefix.size())));
        // Only a "+++" that follows a "---" is a header: a removed line may begin with "-- ".
        if (!line.starts_with("+++ ") || !previous.starts_with("--- ")) continue;
        for (const auto& header : {previous, line}) {
            const auto path = header.substr(4, header.find_first_of("\t\r", 4) - 4);
            if (path == "/dev/null") continue;
            const auto slash = path.find('/');
            RIG_CHECK(add(slash == std::string::npos ? path : path.substr(slash + 1)));
        }
    }
    if (files.empty())
        return fail(Blame::Spec,
                    fmt::format("{}: no '--- a/file' and '+++ b/file' in it: not a unified diff",
                                patch.name));
    return std::vector<std::string>(files.begin(), files.end());
}

Result<Overlay> apply_patches(const std::vector<Patch>& patches, const fs::path& tree,
                              const fs::path& scratch, CommandRunner& runner,
                              const Overlay& before) {
    std::error_code error;
    std::set<std::string> all;
    for (const auto& patch : patches) {
        RIG_TRY(files, touched_files(patch));
        for (const auto& file : files) {
            if (!all.insert(file).second) continue;
            const auto changed = before.find(file);
            if (changed == before.end() ? !fs::exists(tree / file, error) : !changed->second)
                continue;
            fs::create_directories((scratch / file).parent_path(), error);
            if (changed != before.end()) {
                std::ofstream out(scratch / file, std::ios::binary);
                out << *changed->second;
                out.close();
                if (!out)
                    return fail(Blame::Host, fmt::format("cannot write {}: disk full?",
                                                         (scratch / file).string()));
                continue;
            }
            fs::copy_file(tree / file, scratch / file, error);
            if (error)
                return fail(Blame::Host, fmt::format("cannot copy {}: {}", file, error.message()));
        }
    }
    for (const auto& patch : patches) {
        Command command;
        command.argv = {"patch",
                        "-p1",
                        "--batch",
                        "--forward",
                        "--fuzz=0",
                        "--no-backup-if-mismatch",
                        "--reject-file=-",
                        "-d",
                        scratch.string(),
                        "-i",
                        patch.file.string()};
        command.env = {{"LC_ALL", "C"}};
        RIG_TRY(result, runner.run(command));
        // Anything but patch's own verdict (interrupted, killed, timed out) is ours.
        if (!std::holds_alternative<Exited>(result.outcome))
            return fail(Blame::Host, fmt::format("applying {}: {}", patch.name, describe(result)));
        if (!result.ok())
            return fail(Blame::Spec, fmt::format("{}: {}", patch.name, explain(result.out)),
                        patch.file);
    }
    Overlay overlay;
    for (const auto& file : all) {
        if (fs::exists(scratch / file, error))
            overlay[file] = slurp(scratch / file);
        else
            overlay[file] = std::nullopt;
    }
    return overlay;
}

} // namespace rig
