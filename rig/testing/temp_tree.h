// SPDX-License-Identifier: GPL-2.0-or-later
// A temporary folder for one test, with helpers to fill it and to detect changes. Removed at the
// end unless the test failed.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

namespace rig::testing {

class TempTree {
 public:
    TempTree() {
        std::string pattern = ::testing::TempDir() + "rig-test-XXXXXX";
        if (!::mkdtemp(pattern.data())) std::abort();
        dir_ = pattern;
    }
    TempTree(const TempTree&) = delete;
    TempTree& operator=(const TempTree&) = delete;
    ~TempTree() {
        std::error_code ignored;
        if (::testing::Test::HasFailure())
            std::cerr << "kept " << dir_ << "\n";
        else
            std::filesystem::remove_all(dir_, ignored);
    }
    std::filesystem::path operator/(const std::filesystem::path& name) const { return dir_ / name; }
    const std::filesystem::path& path() const { return dir_; }

    std::filesystem::path put(const std::filesystem::path& name, std::string_view text) const {
        std::filesystem::create_directories((dir_ / name).parent_path());
        std::ofstream(dir_ / name, std::ios::binary) << text;
        return dir_ / name;
    }

 private:
    std::filesystem::path dir_;
};

inline std::string read_text(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Name -> content and time of every file. If it is equal before and after, nothing wrote there.
inline std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>>
fingerprint(const std::filesystem::path& dir) {
    std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir))
        files[entry.path().lexically_relative(dir).string()] = {
            entry.is_regular_file() ? read_text(entry.path()) : "", entry.last_write_time()};
    return files;
}

} // namespace rig::testing
