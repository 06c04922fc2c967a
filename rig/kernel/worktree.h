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

// Lines of output of a cold build of the shipped fragments (6.12.117: 960); only an ETA's first
// guess.
inline constexpr std::uint64_t kColdLines = 960;

inline constexpr const char* kObjects = "rig-objects"; // no tree has a folder of that name

// The file, relative to the object tree, that a kernel of this configuration is booted from: the
// uncompressed vmlinux where it has a PVH entry, which needs no decompressor, neither built nor
// emulated; else the architecture's own image.
std::string boot_image(const Arch& arch, std::string_view config);

// Whose fault is it that make ended like this? Only an exit code speaks of the kernel, and not when
// the disk is full or the kernel's OOM killer took the compiler.
FaultDomain fault_domain_of(const CommandResult& result, const std::string& out);

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
    // A direct subfolder of the sources: their Makefile then names every file relative to it, so
    // that a compiler cache knows an object again in another worktree.
    std::filesystem::path obj() const { return dir_ / "src" / kObjects; }
    // What make builds and rig boots, relative to obj(). Known once the tree is prepared.
    std::string image() const { return boot_image(*recipe_.arch, config_); }

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
    std::string config_;          // text of the final .config
    std::string patched_kconfig_; // names and contents of the Kconfig files that the series change
};

} // namespace rig
