// SPDX-License-Identifier: GPL-2.0-or-later
// Compares a text with a file under testdata/. Read the difference first; then update the files
// with RIG_UPDATE_GOLDEN=1 build/rig/unit_tests --gtest_filter=...
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>

namespace rig::testing {

inline void expect_golden(const std::string& name, const std::string& text) {
    const auto file = std::filesystem::path(RIG_TESTDATA) / name;
    if (std::getenv("RIG_UPDATE_GOLDEN")) {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
    }
    std::ifstream in(file, std::ios::binary);
    EXPECT_EQ(text, std::string(std::istreambuf_iterator<char>(in), {})) << file;
}

} // namespace rig::testing
