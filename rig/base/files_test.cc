// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/files.h"

#include "rig/testing/temp_tree.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <iterator>

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::TempTree;

TEST(Slurp, WhatIsNoFileHasNoBytes) {
    TempTree dir;
    EXPECT_EQ(slurp(dir.put("a", "x\n")), "x\n");
    EXPECT_EQ(slurp(dir / "absent"), "");
    EXPECT_EQ(slurp(dir.path()), "") << "and nothing is thrown";
    EXPECT_NE(slurp("/proc/self/status"), "") << "whose size is not known before";
}

TEST(WriteAtomically, AFailedWriteLeavesTheOldContentAndNoPieces) {
    TempTree dir;
    EXPECT_FALSE(write_atomically(dir / "absent" / "file", "x"));
    fs::create_directories(dir / "folder" / "inner"); // a folder, which a file cannot replace
    auto status = write_atomically(dir / "folder", "x");
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("cannot replace"), std::string::npos);
    EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 1);
}

} // namespace
} // namespace rig
