// SPDX-License-Identifier: GPL-2.0-or-later
// A built or prebuilt kernel: its files, what they were made of, and how the build went.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace rig {

struct Kernel {
    std::filesystem::path boot_image; // what QEMU boots: vmlinux itself if it has a PVH entry
    std::filesystem::path vmlinux;    // with symbols, for gdb; may be empty for a prebuilt image
    std::filesystem::path system_map; // nm-style lines: address type name
    std::filesystem::path config; // the final .config; empty if a prebuilt image came without one
    std::string key;              // cache key, 64 hex digits (prebuilt: hash of the image)
    std::string image_sha256;     // of boot_image
    std::string compiler;         // "gcc (Debian 12.2.0-14+deb12u1) 12.2.0"
    std::string version;          // "6.12.117"
    // File names relative to the project, in the order of application.
    std::vector<std::string> patches;
    std::vector<std::string> patch_sha256; // of the patches' texts
    double build_seconds = 0;              // wall time of the build; 0 if prebuilt
    bool pvh = false;                      // boot_image is an ELF file with a PVH entry
    bool from_cache = false;
    // Built in an object tree that already had objects of another arm, or of an interrupted build.
    bool incremental = false;
    std::string source_warning{}; // SourceTree::warning
};

} // namespace rig
