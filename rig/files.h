// Reading small files whole, and the size of folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace rig {

// The file's bytes; empty if it cannot be read. For files whose absence means the same as their being empty.
inline std::string slurp(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string bytes;
    std::error_code unknown; // the size of a pipe or of a file in /proc: those grow as they are read
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
    for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code gone;
        if (const auto size = entry->is_regular_file(gone) && !gone ? entry->file_size(gone) : 0; !gone) bytes += size;
    }
    return bytes;
}

} // namespace rig
