// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/report_page.h"

#include "rig/base/files.h"
#include "rig/report/json.h"
#include "rig/report/splats.h"
#include "rig/run_index/index.h"
#include "rig/run_index/sweeps.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {

namespace fs = std::filesystem;

std::vector<SplatExcerpt> read_excerpts(const fs::path& run, const ReportInput& input) {
    std::vector<SplatExcerpt> out;
    std::size_t room = kExcerptsBytes;
    for (const auto& arm : input.comparison.splats)
        for (const auto* list : {&arm.splats, &arm.notices})
            for (const auto& splat : *list) {
                const auto name = excerpts_of(input, splat.first);
                if (std::any_of(out.begin(), out.end(),
                                [&](const SplatExcerpt& one) { return one.file == name; }))
                    continue;
                // excerpts_of() returns the path as the reader types it, but `run` may be another
                // path to the same folder.
                const auto text = slurp(run / fs::path(name).lexically_relative(input.run_dir));
                const auto shown = std::min({text.size(), kExcerptBytes, room});
                room -= shown;
                out.push_back({name,
                               text.empty() ? "(no excerpt: the file is not there, or empty)"
                                            : text.substr(0, shown),
                               shown < text.size()});
            }
    return out;
}

std::vector<Plot> read_sweeps(const fs::path& run, const ReportInput& input) {
    std::error_code error;
    const auto results = fs::absolute(run, error).lexically_normal().parent_path();
    if (error || !fs::exists(results / kIndexFile, error)) return {};
    const auto index = Index::open(results);
    if (!index) return {};
    auto others = index->runs({input.spec.name, "", "", kSiblings}, Detail::Whole);
    RunRecord own;
    own.id = input.run.run_id;
    take_run_json(to_json(input.run), own);
    if (!others || !take_report_json(render_json(input), own)) return {};
    own.state = "ended"; // the page is written just before the run ends
    // Compare the experiment texts alone. The index only has a hash of text and overrides, and
    // overrides are what differs between siblings.
    std::erase_if(*others, [&](const RunRecord& other) {
        const auto info =
            nlohmann::json::parse(slurp(results / other.id / "run.json"), nullptr, false);
        return !info.is_object() || !info.contains("spec_text") ||
               info["spec_text"] != input.run.spec_text;
    });
    return sweeps_of(own, *others, input.comparison.metrics);
}

Status write_report_page(const fs::path& file, const fs::path& run, const ReportInput& input,
                         const std::vector<Sample>& samples, const WebAssets* assets) {
    if (!assets)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: cannot be made, this rig was built without pages "
                                "(meson -Dweb=false), want one built with -Dweb=true",
                                file.string()));
    std::error_code error;
    if (fs::is_directory(file, error))
        return fail(FaultDomain::Spec,
                    fmt::format("--html {}: a folder, want the name of a file", file.string()));
    if (const auto folder = file.parent_path(); !folder.empty() && !fs::is_directory(folder, error))
        return fail(FaultDomain::Spec,
                    fmt::format("--html {}: no folder {}, want one that is there", file.string(),
                                folder.string()));
    return write_atomically(
        file,
        render_html(input, samples, {read_excerpts(run, input), read_sweeps(run, input)}, *assets));
}

} // namespace rig
