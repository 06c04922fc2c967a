// SPDX-License-Identifier: GPL-2.0-or-later
// Reading small files whole, writing files so that they survive a crash, and the size of folders. A
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

// The file's bytes; empty if it cannot be read. For files whose absence means the same as their
// being empty.
inline std::string slurp(const std::filesystem::path& file) {
    std::error_code
        unknown; // the size of a pipe or of a file in /proc: those grow as they are read
    if (std::filesystem::is_directory(file, unknown)) return {}; // which opens, and reading throws
    std::ifstream in(file, std::ios::binary);
    std::string bytes;
    if (const auto size = std::filesystem::file_size(file, unknown); !unknown) bytes.resize(size);
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    if (in) bytes.append(std::istreambuf_iterator<char>(in), {});
    return bytes;
}

// Bytes of all files below; what vanishes meanwhile counts nothing.
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

// Replaces `file` as a whole: a reader, or a machine that lost power, sees the old content or the
// new one.
Status write_atomically(const std::filesystem::path& file, std::string_view content);

// "cannot WHAT FILE: " and what errno `error` means.
tl::unexpected<Error> cannot(std::string_view what, const std::filesystem::path& file, int error);

// Writes all bytes, whatever write(2) takes at once; `file` is for the message.
Status write_all(int fd, std::string_view bytes, const std::filesystem::path& file);

// A new name is only on disk once its folder is.
Status sync_folder(const std::filesystem::path& folder);

} // namespace rig
