// SPDX-License-Identifier: GPL-2.0-or-later
// A source tree with an object tree beside it: rig brings it to what a recipe asks for and runs
// make in it. Errors as build_kernel().
#pragma once

#include "rig/base/error.h"
#include "rig/host/build_context.h"
#include "rig/host/command_runner.h"
#include "rig/kernel/kernel_recipe.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rig {

// Lines of output of a cold build of the shipped fragments (6.12.117: 1640, 7.3.4: 1840); only an
// ETA's first guess.
inline constexpr std::uint64_t kColdLines = 1700;

// Whose fault is it that make ended like this? Only an exit code speaks of the kernel, and not when
// the disk is full or the kernel's OOM killer took the compiler.
Blame blame_of(const CommandResult& result, const std::string& out);

// A source tree of hard links with an object tree beside it, shared by all arms; used under its
// lock only.
class Worktree {
 public:
    Worktree(std::filesystem::path dir, const Recipe& recipe, const BuildContext& context)
        : dir_(std::move(dir)), recipe_(recipe), context_(context) {}

    Status prepare(); // sources and .config become the recipe's; all that follows needs it
    Status build(const std::filesystem::path& log);
    // One object, relative to the tree. That it does not compile is no error but a result.
    Result<CommandResult> make_object(const std::string& object, const std::filesystem::path& log);
    bool had_objects() const { return had_objects_; }
    std::filesystem::path obj() const { return dir_ / "obj"; }

 private:
    Status link_sources();
    Status apply_overlay();
    Status configure();
    Result<CommandResult> make(std::vector<std::string> words, const std::filesystem::path& log,
                               std::function<void(std::string_view)> on_line = {});

    std::filesystem::path dir_;
    const Recipe& recipe_;
    const BuildContext& context_;
    bool had_objects_ = false;
    std::string patched_kconfig_; // names and contents of the Kconfig files that the series change
};

} // namespace rig
