// SPDX-License-Identifier: GPL-2.0-or-later
// A source tree with its object tree, in which rig applies a recipe and runs make. Errors are those
// of build_kernel().
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

// Lines that a cold build of the shipped fragments prints (6.12.117: 960); only the ETA's first
// estimate.
inline constexpr std::uint64_t kColdLines = 960;

inline constexpr const char* kObjects = "rig-objects"; // no kernel tree has a folder of that name

// The file, relative to the object tree, from which a kernel of this configuration is booted: the
// uncompressed vmlinux if it has a PVH entry, so that no decompressor needs to be built and
// emulated; else the architecture's own image.
std::string boot_image(const Arch& arch, std::string_view config);

// The fault domain of a failed make. Only an exit code can count against the kernel, and not if the
// disk is full or the kernel's OOM killer killed the compiler.
FaultDomain fault_domain_of(const CommandResult& result, const std::string& out);

// A source tree of hard links with its object tree, shared by all arms. Use it only under its lock.
class Worktree {
 public:
    Worktree(std::filesystem::path dir, const Recipe& recipe, const BuildContext& context)
        : dir_(std::move(dir)), recipe_(recipe), context_(context) {}

    Status prepare(); // brings sources and .config to the recipe's; call it first
    Status build(const std::filesystem::path& log);
    // Makes all objects of vmlinux, and links no kernel from them.
    Status compile(const std::filesystem::path& log);
    // Builds one object; its path is relative to the tree. A compiler error is a result, not an
    // error.
    Result<CommandResult> make_object(const std::string& object, const std::filesystem::path& log);
    // `make WORDS` as this tree is built, without a log.
    Command make_command(std::vector<std::string> words) const;
    bool had_objects() const { return had_objects_; }
    // A direct subfolder of the sources: the kernel's Makefile then names every file relative to
    // it, so that a compiler cache recognises an object in another worktree.
    std::filesystem::path obj() const { return dir_ / "src" / kObjects; }
    // The file that make builds and rig boots, relative to obj(). Known after prepare().
    std::string image() const { return boot_image(*recipe_.arch, config_); }

 private:
    Status link_sources();
    Status apply_overlay();
    Status configure();
    Status make_goal(const std::string& goal, const std::filesystem::path& log);
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
