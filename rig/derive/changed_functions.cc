// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/derive/changed_functions.h"

#include "rig/base/files.h"
#include "rig/base/scratch_dir.h"
#include "rig/kernel/changed_lines.h"
#include "rig/kernel/kernel_recipe.h"
#include "rig/kernel/worktree.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

// The objects of one arm, made in its worktree and copied to `into`. Returns their names.
class Objects {
 public:
    Objects(const Recipe& recipe, const BuildContext& context)
        : recipe_(recipe), context_(context) {}

    Result<std::vector<std::string>> make(const std::string& arm, const fs::path& into) {
        RIG_TRY(held, context_.cache.lock("worktrees", recipe_.worktree_key, [&] {
            context_.progress.start("waiting for another rig's build");
        }));
        (void)held;
        RIG_TRY(dir, context_.cache.worktree(recipe_.worktree_key));
        RIG_TRY(log, context_.cache.new_log(
                         fmt::format("{}-{}-objects.log", arm, recipe_.key.substr(0, 12))));
        Worktree worktree(dir, recipe_, context_);
        RIG_CHECK(worktree.prepare());
        context_.progress.start(
            fmt::format("making the objects of {} {}", recipe_.source.version, arm));
        // With the link: without it, no goal of the kernel's Makefile makes all objects. (vmlinux.a
        // would be taken for an object of the top folder, and nothing done.)
        RIG_CHECK(worktree.build(log));
        context_.progress.finish();
        return copy(worktree.obj(), into);
    }

 private:
    Result<std::vector<std::string>> copy(const fs::path& from, const fs::path& into) {
        std::set<std::string> names;
        std::error_code error;
        const std::vector<std::string> archives{
            "vmlinux.a", "lib/lib.a", fmt::format("arch/{}/lib/lib.a", recipe_.arch->kernel_arch)};
        for (const auto& archive : archives) {
            if (archive != archives.front() && !fs::exists(from / archive, error)) continue;
            Command list;
            list.argv = {recipe_.arch->cross + "ar", "t", archive};
            list.cwd = from;
            RIG_TRY(result, context_.runner.run(list));
            if (!result.ok())
                return fail(FaultDomain::Host, fmt::format("ar t {}: {}", (from / archive).string(),
                                                           describe(result)));
            for (const auto name : split_lines(result.out))
                names.emplace(name);
        }
        for (const auto& name : names) {
            fs::create_directories((into / name).parent_path(), error);
            fs::copy_file(from / name, into / name, error);
            if (error)
                return fail(
                    FaultDomain::Host,
                    fmt::format("cannot copy {}: {}", (from / name).string(), error.message()));
        }
        return std::vector<std::string>(names.begin(), names.end());
    }

    const Recipe& recipe_;
    const BuildContext& context_;
};

Result<ObjectCode> code_of(const fs::path& object, const Arch& arch, CommandRunner& runner) {
    std::error_code error;
    if (!fs::exists(object, error)) return ObjectCode{};
    return read_object(object, arch, runner);
}

// Functions that left one object and came into another: with their file, if it was renamed, or
// alone. A name of which there are several stays removed and added: which is which nobody knows.
class MovedFunctions {
 public:
    void see(const FunctionChange& change, const ObjectCode& was, const ObjectCode& is) {
        if (change.kind == FunctionChange::Kind::Removed)
            removed_[change.function].push_back(was.functions.at(change.function));
        if (change.kind == FunctionChange::Kind::Added)
            added_[change.function].push_back({is.functions.at(change.function), change.object});
    }
    // Replaces the two changes of each by one, or by none if its code is the same.
    void join(std::vector<FunctionChange>& changes) const {
        std::vector<FunctionChange> joined;
        std::set<std::string> moved;
        for (const auto& [name, codes] : removed_) {
            const auto there = added_.find(name);
            if (there == added_.end() || codes.size() != 1 || there->second.size() != 1) continue;
            moved.insert(name);
            ObjectCode before, after;
            before.functions[name] = codes.front();
            after.functions[name] = there->second.front().code;
            std::ranges::move(changes_of(before, after, there->second.front().object),
                              std::back_inserter(joined));
        }
        std::erase_if(changes, [&](const FunctionChange& change) {
            return change.kind != FunctionChange::Kind::Changed && moved.contains(change.function);
        });
        std::ranges::move(joined, std::back_inserter(changes));
        std::ranges::sort(changes, {}, [](const FunctionChange& change) {
            return std::tie(change.object, change.function);
        });
    }

 private:
    struct Place {
        FunctionCode code;
        std::string object;
    };
    std::map<std::string, std::vector<FunctionCode>> removed_;
    std::map<std::string, std::vector<Place>> added_;
};

} // namespace

Result<ChangedFunctions> compare_objects(const fs::path& before, const fs::path& after,
                                         const std::vector<std::string>& objects, const Arch& arch,
                                         CommandRunner& runner) {
    ChangedFunctions changed;
    MovedFunctions moved;
    for (const auto& object : objects) {
        ++changed.objects;
        if (slurp(before / object) == slurp(after / object)) continue;
        RIG_TRY(was, code_of(before / object, arch, runner));
        RIG_TRY(is, code_of(after / object, arch, runner));
        auto changes = changes_of(was, is, object);
        if (changes.empty()) {
            std::set<std::string> sections;
            for (const auto& [mine, others] :
                 {std::pair(&was.data, &is.data), {&is.data, &was.data}})
                for (const auto& [name, content] : *mine)
                    if (const auto other = others->find(name);
                        other == others->end() || other->second != content)
                        sections.insert(name);
            if (!sections.empty())
                changed.only_data.push_back({object, {sections.begin(), sections.end()}});
        }
        for (const auto& change : changes)
            moved.see(change, was, is);
        std::ranges::move(changes, std::back_inserter(changed.functions));
    }
    moved.join(changed.functions);
    return changed;
}

Result<ChangedFunctions> changed_functions(const Spec& spec, const Arm& before, const Arm& after,
                                           const BuildContext& context) {
    for (const auto* arm : {&before, &after})
        if (arm->prebuilt)
            return fail(
                FaultDomain::Spec,
                fmt::format("{}: arm {} is a prebuilt kernel, of which there are no objects",
                            spec.file.string(), arm->name));
    const auto started = std::chrono::steady_clock::now();
    RIG_TRY(recipe_before, make_recipe(spec, before, context));
    RIG_TRY(recipe_after, make_recipe(spec, after, context));
    if (recipe_before.source.id != recipe_after.source.id)
        return fail(FaultDomain::Spec, fmt::format("{}: arms {} and {} are of different sources",
                                                   spec.file.string(), before.name, after.name));
    Scratch scratch;
    RIG_CHECK(scratch.made());
    RIG_TRY(first, Objects(recipe_before, context).make(before.name, scratch.dir() / "before"));
    RIG_TRY(second, Objects(recipe_after, context).make(after.name, scratch.dir() / "after"));
    std::set<std::string> names(first.begin(), first.end());
    names.insert(second.begin(), second.end());
    context.progress.start("comparing the objects", 0);
    RIG_TRY(changed,
            compare_objects(scratch.dir() / "before", scratch.dir() / "after",
                            {names.begin(), names.end()}, *recipe_before.arch, context.runner));
    context.progress.finish();
    changed.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return changed;
}

} // namespace rig
