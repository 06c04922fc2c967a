// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/trial/trial_options.h"

#include "rig/base/files.h"
#include "rig/base/scratch_dir.h"
#include "rig/kernel/kernel_facts.h"
#include "rig/kernel/kernel_recipe.h"

#include <algorithm>
#include <set>

namespace rig {
namespace fs = std::filesystem;
namespace {

bool is_source(const std::string& path) {
    return path.ends_with(".c") || path.ends_with(".S") || path.ends_with(".h");
}

bool changes_kconfig(const ImportedSeries& series) {
    return std::any_of(series.patches.begin(), series.patches.end(), [](const auto& patch) {
        return std::any_of(patch.paths.begin(), patch.paths.end(), [](const std::string& path) {
            return fs::path(path).filename().string().starts_with("Kconfig");
        });
    });
}

std::string value_in(const std::map<std::string, std::string>& values, const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? "n" : found->second;
}

} // namespace

std::map<std::string, TouchedLines> touched_lines(const std::vector<ChangedFile>& files) {
    std::map<std::string, TouchedLines> out;
    for (const auto& file : files) {
        if (!file.after || !is_source(file.path)) continue;
        auto& lines = out[file.path];
        for (const auto& hunk : file.hunks) {
            for (unsigned i = 0; i < hunk.added.count; ++i)
                lines.changed.push_back(hunk.added.first + i);
            if (hunk.added.count == 0 && hunk.added.first > 0)
                lines.before_gaps.push_back(hunk.added.first);
        }
    }
    return out;
}

void split_options(TrialExperiment& experiment, const std::map<std::string, std::string>& before,
                   const std::map<std::string, std::string>& after) {
    std::vector<TrialOption> both;
    for (auto& option : experiment.options) {
        const bool of_series = value_in(before, option.name) != option.value &&
                               value_in(after, option.name) == option.value;
        (of_series ? experiment.patched_options : both).push_back(std::move(option));
    }
    experiment.options = std::move(both);
    std::set<std::string> differ;
    for (const auto* values : {&before, &after})
        for (const auto& [name, value] : *values)
            if (value_in(before, name) != value_in(after, name)) differ.insert(name);
    for (const auto& option : experiment.patched_options)
        differ.erase(option.name);
    experiment.config_differs.assign(differ.begin(), differ.end());
}

Status derive_options(TrialPlan& plan, const Spec& spec, const Environment& environment) {
    const BuildContext context{environment.cache, environment.runner, environment.progress, 0};
    RIG_TRY(recipe, make_recipe(spec, spec.arms.back(), context));
    RIG_CHECK(touches_tree(plan.series, recipe.source.tree));
    RIG_TRY(base, make_recipe(spec, spec.arms.front(), context));
    RIG_TRY(changed,
            changed_lines(base.overlay, recipe.overlay, recipe.source.tree, context.runner));
    std::vector<std::string> files;
    for (const auto& patch : plan.series.patches)
        for (const auto& path : patch.paths)
            if (is_source(path) && std::find(files.begin(), files.end(), path) == files.end())
                files.push_back(path);
    // A file that the series deletes compiles to nothing.
    std::erase_if(files, [&](const std::string& path) {
        const auto found = recipe.overlay.find(path);
        return found != recipe.overlay.end() && !found->second;
    });
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    const auto tree = scratch.dir() / "tree";
    RIG_CHECK(link_tree(recipe.source.tree, recipe.overlay, tree));
    auto derived =
        options_for(files, tree, *recipe.arch, recipe.requests, context, touched_lines(changed));
    if (!derived) return tl::unexpected(derived.error());
    std::set<std::string> given;
    for (const auto& option : plan.experiment.options)
        given.insert(option.name);
    for (const auto& one : derived->together)
        if (!given.contains(one.name))
            plan.experiment.options.push_back({one.name, one.value, one.reason});
    plan.derived = std::move(*derived);
    if (!changes_kconfig(plan.series)) return {};
    const auto without = scratch.dir() / "without";
    RIG_CHECK(link_tree(base.source.tree, base.overlay, without));
    auto requests = recipe.requests;
    for (const auto& option : plan.experiment.options)
        requests[option.name] = {option.value, option.reason};
    RIG_TRY(before, kconfig_values(without, *recipe.arch, requests, context));
    RIG_TRY(after, kconfig_values(tree, *recipe.arch, requests, context));
    split_options(plan.experiment, before, after);
    return {};
}

void name_differing_options(TrialPlan& plan, const Kernel& base, const Kernel& patched) {
    if (!changes_kconfig(plan.series)) return;
    auto& names = plan.experiment.config_differs;
    names.clear();
    const auto& own = plan.experiment.patched_options;
    for (const auto& differs : differing_options(slurp(base.config), slurp(patched.config)))
        if (std::none_of(own.begin(), own.end(),
                         [&](const TrialOption& option) { return option.name == differs.first; }))
            names.push_back(differs.first);
}

} // namespace rig
