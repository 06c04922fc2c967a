// SPDX-License-Identifier: GPL-2.0-or-later
// A dump of a guest's memory says nothing of the kernel in it, so drgn refuses it and crash has to
// guess. This adds what they ask for, from the files of the kernel that was booted: the note
// VMCOREINFO, as the kernel itself writes it for kdump, and a program header that maps the kernel's
// image at its virtual addresses.
#pragma once

#include "rig/base/error.h"
#include "rig/kernel/kernel.h"

#include <filesystem>

namespace rig {

// Writes the dump anew beside itself, piece by piece, and puts it in its place as a whole: for a
// moment the disk holds it twice. A dump that has the note stays as it is. On an error
// (FaultDomain::Host, with the reason) the dump is as it was:
//   it is no whole little-endian 64-bit core;
//   there is no vmlinux of its architecture, or System.map lacks a symbol that the note needs;
//   the dump does not hold the "Linux version ..." of this vmlinux, or not where a kernel has it.
Status describe_kernel_in_dump(const std::filesystem::path& dump, const Kernel& kernel);

} // namespace rig
