// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/series_folder.h"

#include "rig/testing/temp_tree.h"

#include <algorithm>

namespace rig {
namespace {

using testing::read_text;
using testing::TempTree;

TEST(SeriesFolder, NamesAreThoseOfGitFormatPatch) {
    EXPECT_EQ(patch_file_name(2, "mm: free the page"), "0002-mm-free-the-page.patch");
    EXPECT_EQ(patch_file_name(1, "../../x"), "0001-..-..-x.patch") << "no folder";
    EXPECT_EQ(patch_file_name(1, "\xc3\xbc # "), "0001-patch.patch") << "'#' begins a comment";
    EXPECT_EQ(patch_file_name(12, std::string(80, 'a')), "0012-" + std::string(52, 'a') + ".patch");
}

TEST(SeriesFolder, AppearsAsAWholeAndReplacesOnlyItself) {
    const TempTree dir;
    ASSERT_TRUE(write_series_folder(dir / "new/out", {{"a.patch", "a"}, {"b.patch", "b"}}, "x\ny"));
    EXPECT_EQ(read_text(dir / "new/out/series"), "# Imported by rig from x?y\na.patch\nb.patch\n");
    ASSERT_TRUE(write_series_folder(dir / "new/out/", {{"c.patch", "c"}}, "x"));
    EXPECT_FALSE(std::filesystem::exists(dir / "new/out/a.patch"));
    EXPECT_EQ(read_text(dir / "new/out/c.patch"), "c");
    const auto entries = std::filesystem::directory_iterator(dir / "new");
    EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "something temporary is left";

    std::filesystem::create_directories(dir / "empty");
    EXPECT_TRUE(write_series_folder(dir / "empty", {{"c.patch", "c"}}, "x"));
    dir.put("users/notes", "mine");
    const auto refused = write_series_folder(dir / "users", {{"c.patch", "c"}}, "x");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(refused.error().message.find("is there already"), std::string::npos);
    EXPECT_EQ(read_text(dir / "users/notes"), "mine");
    dir.put("file", "mine");
    EXPECT_FALSE(write_series_folder(dir / "file", {{"c.patch", "c"}}, "x"));
    EXPECT_EQ(read_text(dir / "file"), "mine");
    // A name that cannot be written leaves nothing behind.
    EXPECT_FALSE(write_series_folder(dir / "broken", {{"no/such/folder", "c"}}, "x"));
    EXPECT_FALSE(std::filesystem::exists(dir / "broken"));
}

} // namespace
} // namespace rig
