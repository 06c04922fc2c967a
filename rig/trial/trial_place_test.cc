// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/trial/trial_place.h"

#include "rig/base/files.h"
#include "rig/testing/temp_tree.h"

#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <sys/wait.h>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

// place_for() of another user in a folder that is not theirs.
std::string place_of_stranger(const fs::path& folder, const char* data_home) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        if (::chdir(folder.c_str()) != 0 || (::getuid() == 0 && ::setuid(65534) != 0)) ::_exit(2);
        ::setenv("XDG_DATA_HOME", data_home, 1);
        ::setenv("HOME", "/somebody", 1);
        const auto place = place_for("rig-try");
        const auto text = place ? place->string() : place.error().message;
        ::_exit(::write(ends[1], text.data(), text.size()) > 0 ? 0 : 1);
    }
    ::close(ends[1]);
    std::string text(4096, '\0');
    const auto got = ::read(ends[0], text.data(), text.size());
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return text.substr(0, got > 0 ? static_cast<std::size_t>(got) : 0);
}

TEST(TrialPlace, IsTheCurrentFolderIfThatCanBeWrittenIn) {
    const testing::TempTree tree;
    fs::permissions(tree.path(), fs::perms::all);
    EXPECT_EQ(place_of_stranger(tree.path(), "/data"), "rig-try");
    fs::permissions(tree.path(), fs::perms::owner_read | fs::perms::owner_exec |
                                     fs::perms::others_read | fs::perms::others_exec);
    EXPECT_EQ(place_of_stranger(tree.path(), "/data"), "/data/rig/rig-try");
    EXPECT_EQ(place_of_stranger(tree.path(), ""), "/somebody/.local/share/rig/rig-try");
    fs::permissions(tree.path(), fs::perms::all);
}

TEST(TrialPlace, IsHiddenFromGitAndNeverChangesWhatIsThere) {
    const testing::TempTree tree;
    ASSERT_TRUE(make_ignored(tree / "a/rig-try"));
    EXPECT_NE(slurp(tree / "a/rig-try/.gitignore").find("\n*\n"), std::string::npos);
    // Git sees nothing of it, in a work tree that is tried again.
    const auto status = "cd '" + tree.path().string() +
                        "' && git init -q . && touch a/rig-try/x && git status --porcelain | wc -l";
    std::unique_ptr<FILE, int (*)(FILE*)> out(::popen(status.c_str(), "r"), ::pclose);
    int lines = -1;
    EXPECT_EQ(std::fscanf(out.get(), "%d", &lines), 1);
    EXPECT_EQ(lines, 0);
    tree.put("mine/file", "");
    ASSERT_TRUE(make_ignored(tree / "mine"));
    EXPECT_FALSE(fs::exists(tree / "mine/.gitignore"));
    EXPECT_FALSE(make_ignored(tree / "mine/file/below"));
}

} // namespace
} // namespace rig
