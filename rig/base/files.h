// SPDX-License-Identifier: GPL-2.0-or-later
// Reads small files whole, writes files so that they survive a crash, and measures folders. A
// failed write is FaultDomain::Host and names the file.
#pragma once

#include "rig/base/error.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

namespace rig {

// Returns the file's bytes; empty if it cannot be read. For files where missing and empty mean the
// same.
inline std::string slurp(const std::filesystem::path& file) {
    // Pipes and files in /proc have no known size: they are read to their end instead.
    std::error_code unknown;
    // A folder opens without an error, but reading from it throws.
    if (std::filesystem::is_directory(file, unknown)) return {};
    std::ifstream in(file, std::ios::binary);
    std::string bytes;
    if (const auto size = std::filesystem::file_size(file, unknown); !unknown) bytes.resize(size);
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    if (in) bytes.append(std::istreambuf_iterator<char>(in), {});
    return bytes;
}

// Bytes of all regular files in the folder and below. A file that vanishes meanwhile counts as 0.
inline std::uintmax_t size_of(const std::filesystem::path& folder) {
    std::uintmax_t bytes = 0;
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator entry(folder, error), end;
         !error && entry != end; entry.increment(error)) {
        std::error_code gone;
        if (const auto size = entry->is_regular_file(gone) && !gone ? entry->file_size(gone) : 0;
            !gone)
            bytes += size;
    }
    return bytes;
}

// Replaces the file atomically: a reader, or a machine that lost power, sees either the old content
// or the new content.
Status write_atomically(const std::filesystem::path& file, std::string_view content);

// Returns the error "cannot WHAT FILE: REASON"; `error` is an errno value, whose text is the
// reason.
tl::unexpected<Error> cannot(std::string_view what, const std::filesystem::path& file, int error);

// Writes all bytes, also when write(2) accepts only a part of them. `file` is for the message.
Status write_all(int fd, std::string_view bytes, const std::filesystem::path& file);

// Syncs the folder itself: the name of a new file is on disk only after that.
Status sync_folder(const std::filesystem::path& folder);

} // namespace rig
