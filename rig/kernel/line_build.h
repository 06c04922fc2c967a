// SPDX-License-Identifier: GPL-2.0-or-later
// Builds a kernel once more with debug information in the objects that compile certain files, in a
// copy of the object tree that the kernel was built in.
#pragma once

#include "rig/base/error.h"
#include "rig/host/build_context.h"
#include "rig/host/command_runner.h"
#include "rig/kernel/kernel_recipe.h"
#include "rig/kernel/worktree.h"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace rig {

// An object of vmlinux.
struct AffectedObject {
    // What it was compiled from, relative to the sources: a .c file, which the build may have
    // generated.
    std::string object, source;
    std::set<std::string> files; // of the files asked for, those that it compiles or includes
    bool of_library = false;     // linked only if something of vmlinux refers to it
};

// Use it only under the lock of `dir`, the copy. Errors are those of build_kernel().
class LineBuild {
 public:
    LineBuild(const Recipe& recipe, const BuildContext& context, std::filesystem::path dir,
              std::filesystem::path log)
        : recipe_(recipe), context_(context), dir_(std::move(dir)), log_(std::move(log)),
          worktree_(dir_, recipe, context) {}

    // Makes the copy of the worktree `original` if there is none yet. Under the lock of both.
    Status copy_from(const std::filesystem::path& original);
    // Compiles the kernel of the recipe, as it is. Call it before those below.
    Status compile();
    // The objects of vmlinux that compile or include one of `files`.
    Result<std::vector<AffectedObject>> affected(const std::set<std::string>& files);
    // Compiles these, the result of affected(), again with -g, and links vmlinux from them.
    Status compile_with_debug_information(const std::vector<AffectedObject>& affected);
    // What `gcc -E -fdirectives-only` prints of an affected object; nullopt if it cannot be
    // preprocessed.
    Result<std::optional<std::string>> preprocessed(const std::string& object);

    const Recipe& recipe() const { return recipe_; }
    std::filesystem::path tree() const { return dir_ / "src"; }
    std::filesystem::path obj() const { return worktree_.obj(); }
    // All objects of vmlinux, also those of assembly. Known after affected().
    const std::set<std::string>& objects() const { return objects_; }
    // What is booted, relative to obj().
    std::string image() const { return worktree_.image(); }

 private:
    Status rename_tools(const std::filesystem::path& in, const std::filesystem::path& from);
    Result<CommandResult> run(std::vector<std::string> argv, const std::filesystem::path& log);
    Result<CommandResult> rules(const std::string& goal);
    Status needs(const Result<CommandResult>& result, const std::string& what) const;

    const Recipe& recipe_;
    const BuildContext& context_;
    std::filesystem::path dir_, log_;
    Worktree worktree_;
    std::set<std::string> objects_;
};

} // namespace rig
