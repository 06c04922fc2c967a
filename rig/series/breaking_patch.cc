// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/breaking_patch.h"

#include "rig/base/files.h"
#include "rig/base/scratch_dir.h"
#include "rig/kernel/patch_series.h"
#include "rig/series/series_folder.h"

#include <algorithm>
#include <fmt/format.h>
#include <regex>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

// make says so of the object itself if its source, or its line in a Makefile, is not there yet. A
// header that is missing is named instead, "needed by" the object.
bool is_not_there_yet(const ObjectBuild& build, const std::string& object) {
    return build.error.find(fmt::format("No rule to make target '{}'", object)) !=
           std::string::npos;
}

// A build that failed is a result here, unless the host failed.
template<class Built> Result<ObjectBuild> as_result(const Result<Built>& built, bool all_patches) {
    if (built) return ObjectBuild{true, {}, 0, {}};
    const auto& error = built.error();
    if (error.fault_domain == FaultDomain::Kernel)
        return ObjectBuild{false, error.message, 0, error.log};
    // All patches apply, so what the experiment asks for and is not there yet is an option.
    if (error.fault_domain == FaultDomain::Spec && !all_patches)
        return ObjectBuild{true, {}, 0, {}};
    return tl::unexpected(error);
}

} // namespace

Result<BreakingPatch> find_breaking_patch(std::size_t count, const BuildPrefix& build) {
    BreakingPatch found;
    const auto breaks = [&](std::size_t patches) -> Result<bool> {
        ++found.builds;
        RIG_TRY(built, build(patches));
        if (built.built) return false;
        found.number = patches;
        found.error = built.error;
        found.log = built.log;
        return true;
    };
    RIG_TRY(all, breaks(count));
    if (!all || count == 0) return found;
    RIG_TRY(none, breaks(0));
    if (none) return found;
    std::size_t good = 0, bad = count;
    while (bad - good > 1) {
        const auto middle = good + (bad - good) / 2;
        RIG_TRY(broken, breaks(middle));
        (broken ? bad : good) = middle;
    }
    // `found` is of the last build that failed, which is the one of `bad`.
    return found;
}

std::vector<std::string> failed_objects(std::string_view log) {
    static const std::regex line(
        R"(make(\[\d+\])?: \*\*\* \[[^\]]*: ([^\] ]+\.[os])\] Error \d+.*)");
    std::vector<std::string> out;
    while (!log.empty()) {
        const auto end = std::min(log.find('\n'), log.size());
        const std::string text(log.substr(0, std::min<std::size_t>(end, 500)));
        log.remove_prefix(std::min(end + 1, log.size()));
        std::smatch match;
        if (!text.starts_with("make") || !std::regex_match(text, match, line)) continue;
        auto object = match[2].str();
        if (object.starts_with("./")) object.erase(0, 2);
        // Linked from all objects, and not compiled.
        if (object == "vmlinux.o" || object.starts_with("vmlinux")) continue;
        if (std::find(out.begin(), out.end(), object) == out.end()) out.push_back(object);
    }
    return out;
}

Result<BreakingPatch> find_breaking_patch(const Spec& spec, const Arm& arm,
                                          const BuildContext& context, const fs::path& log) {
    RIG_TRY(patches, read_series(arm.series, spec.top));
    const auto objects = failed_objects(slurp(log));
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    const auto build = [&](std::size_t prefix) -> Result<ObjectBuild> {
        std::vector<std::pair<std::string, std::string>> files;
        for (std::size_t i = 0; i < prefix; ++i)
            files.emplace_back(patch_file_name(i + 1, patches[i].file.filename().string()),
                               patches[i].text);
        const auto folder = scratch.dir() / "prefix";
        RIG_CHECK(write_series_folder(folder, files, arm.name));
        auto some = arm;
        some.series = {folder};
        const bool all = prefix == patches.size();
        if (objects.empty()) return as_result(build_kernel(spec, some, context), all);
        for (const auto& object : objects) {
            const auto built = build_object(spec, some, object, context);
            if (built && (built->built || is_not_there_yet(*built, object))) continue;
            if (built) return *built;
            RIG_TRY(result, as_result(built, all));
            return result;
        }
        return ObjectBuild{true, {}, 0, {}};
    };
    auto found = find_breaking_patch(patches.size(), build);
    if (found && found->number.value_or(0) > 0) found->patch = patches[*found->number - 1].name;
    return found;
}

} // namespace rig
