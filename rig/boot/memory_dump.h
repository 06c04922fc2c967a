// SPDX-License-Identifier: GPL-2.0-or-later
// Describes the kernel in a dump of a guest's memory, since drgn refuses a dump without that and
// crash has to guess. Adds, from the files of the booted kernel, the note VMCOREINFO as the kernel
// writes it for kdump, and a program header that maps the kernel image at its virtual addresses.
#pragma once

#include "rig/base/error.h"
#include "rig/kernel/kernel.h"

#include <filesystem>

namespace rig {

// Rewrites the dump next to itself, piece by piece, and replaces it atomically, so the disk briefly
// holds it twice. A dump that already has the note is left alone. On an error (FaultDomain::Host,
// with the reason) the dump is unchanged. Reasons:
// - It is no complete little-endian 64-bit core file.
// - There is no vmlinux of its architecture, or System.map lacks a symbol that the note needs.
// - The "Linux version ..." of this vmlinux is not in the dump, or not where a kernel has it.
Status describe_kernel_in_dump(const std::filesystem::path& dump, const Kernel& kernel);

} // namespace rig
