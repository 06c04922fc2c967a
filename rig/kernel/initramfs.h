// SPDX-License-Identifier: GPL-2.0-or-later
// Builds the initramfs: agent, perf and busybox in a newc cpio archive, with the same bytes for the
// same inputs. It is not compressed: unpacking costs emulated instructions, loading costs none.
#pragma once

#include "rig/arch/arch.h"
#include "rig/base/error.h"
#include "rig/host/artifact_cache.h"
#include "rig/host/build_context.h"
#include "rig/host/command_runner.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct InitramfsFile {
    std::string path;    // path in the guest, such as "bin/perf"
    unsigned mode = 0;   // permission bits and file type (S_IFREG, S_IFDIR, S_IFCHR, S_IFLNK)
    std::string content; // content of a regular file, or target of a link
    unsigned major = 0, minor = 0; // of a device
};

// A newc archive of `files` in the given order, with owner 0:0, time 0, and inode numbers from 1.
Result<std::string> make_cpio(const std::vector<InitramfsFile>& files);

struct InitramfsInputs {
    std::filesystem::path agent, perf, busybox;
    // Absolute paths; the guest gets them at the same path, see with_libraries().
    std::vector<std::filesystem::path> programs = {};
};

// Returns the programs, the interpreters of scripts (the program in the first line, unless it is
// the shell that every guest has), and all their shared libraries, as the host's loader finds them;
// sorted, each once. FaultDomain::Spec for a program that is truncated, or whose library or
// interpreter is missing.
Result<std::vector<std::filesystem::path>>
with_libraries(const std::vector<std::filesystem::path>& programs, CommandRunner& runner);

// Cached by the content of its inputs (kind `images`).
Result<std::filesystem::path> build_initramfs(const InitramfsInputs& inputs, ArtifactCache& cache);

// Writes the initramfs of one boot to `to`: `image`, followed by a second archive that contains the
// plan (JSON) as a frame. The kernel unpacks archives one after another. Commands are passed this
// way because a byte sent over a channel arrives at a time that the host determines.
Status initramfs_with_plan(const std::filesystem::path& image, std::string_view plan,
                           const std::filesystem::path& to);

// The agent of this build of rig: $RIG_AGENT, else rig-agent in shipped_programs(); for an
// architecture other than the host's, rig-agent-NAME.
Result<std::filesystem::path> find_agent(const Arch& arch);

// A static busybox: the host's own, or Debian's for another architecture.
Result<std::filesystem::path> find_busybox(const BuildContext& context, const Arch& arch);

} // namespace rig
