// Reading small files whole.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace rig {

// The file's bytes; empty if it cannot be read. For files whose absence means the same as their being empty.
inline std::string slurp(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace rig
