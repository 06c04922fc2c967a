// SPDX-License-Identifier: GPL-2.0-or-later
// The initramfs: agent, perf and busybox in a newc cpio archive, the same bytes for the same
// inputs. Uncompressed: unpacking costs emulated instructions, loading costs none.
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
    std::string path;    // in the guest, "bin/perf"
    unsigned mode = 0;   // permission bits and file type (S_IFREG, S_IFDIR, S_IFCHR, S_IFLNK)
    std::string content; // of a regular file, or a link's target
    unsigned major = 0, minor = 0; // of a device
};

// A newc archive of `files` in the given order: owner 0:0, time 0, inode numbers from 1.
Result<std::string> make_cpio(const std::vector<InitramfsFile>& files);

struct InitramfsInputs {
    std::filesystem::path agent, perf, busybox;
    std::vector<std::filesystem::path> programs =
        {}; // absolute: in the guest at the same path, see with_libraries()
};

// The programs, what runs those that are scripts (their first line's program, unless it is the
// shell that every guest has), and every shared library of them, as the host's loader finds them;
// sorted, each once. FaultDomain::Spec for one whose library or interpreter is missing, or that is
// cut.
Result<std::vector<std::filesystem::path>>
with_libraries(const std::vector<std::filesystem::path>& programs, CommandRunner& runner);

// Cached by the content of its inputs (kind `images`).
Result<std::filesystem::path> build_initramfs(const InitramfsInputs& inputs, ArtifactCache& cache);

// Writes to `to` the image for one boot: `image` with a second archive behind it that holds the
// plan (JSON) as a frame. The kernel unpacks archives one after another. Commands travel this way,
// for a byte that arrives over a channel arrives at a moment of the host's choosing.
Status initramfs_with_plan(const std::filesystem::path& image, std::string_view plan,
                           const std::filesystem::path& to);

// Where `rig` finds what it was built with: $RIG_AGENT, else ../guest/rig-agent beside the
// executable's folder; for another architecture than the host's ../guest/rig-agent-NAME.
Result<std::filesystem::path> find_agent(const Arch& arch);

// A static busybox: the host's own, or that of Debian for another architecture.
Result<std::filesystem::path> find_busybox(const BuildContext& context, const Arch& arch);

} // namespace rig
