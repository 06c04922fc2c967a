// SPDX-License-Identifier: GPL-2.0-or-later
// A small git repository that looks like a kernel's, with three commits on top of the tag `base`,
// and what import_series() makes of it.
#pragma once

#include "rig/host/boost_command_runner.h"
#include "rig/kernel/patch_series.h"
#include "rig/series/import_series.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rig::testing {

class SeriesFixture : public ::testing::Test {
 protected:
    SeriesFixture() {
        ::setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
        ::setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
        dir.put("repo/Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\n");
        dir.put("repo/mm/a.c", "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n");
        dir.put("repo/mm/b.c", "int b;\nint c;\nint d;\nint e;\n");
        dir.put("repo/.gitignore", "*.o\n");
        git("git init -q -b main && git config maintenance.auto false && git add -A && git commit "
            "-qm 'the base' && git tag base");
        std::filesystem::copy(dir / "repo", dir / "tree", std::filesystem::copy_options::recursive);
        std::filesystem::remove_all(dir / "tree/.git");
    }
    ~SeriesFixture() override {
        ::unsetenv("GIT_CONFIG_GLOBAL");
        ::unsetenv("GIT_CONFIG_NOSYSTEM");
    }
    // Three commits: a changed line, a new file whose name has a blank and a letter outside ASCII,
    // and a renamed file that becomes executable.
    void commit_three() {
        git("sed -i 's/^two$/2/' mm/a.c && git commit -qam 'mm: count in digits\n\nA two is "
            "shorter.'");
        git("printf 'int n;\\n' > 'mm/new \xc3\xbc.c' && git add -A && git commit -qm 'mm: add a "
            "file'");
        git("git mv mm/b.c mm/c.c && chmod +x mm/c.c && git commit -qam 'mm: rename b to c'");
    }
    std::string sh(const std::string& script, const std::filesystem::path& cwd) {
        Command command;
        command.argv = {"sh", "-ec", script};
        command.cwd = cwd;
        command.env = {{"GIT_AUTHOR_NAME", "Zo\xc3\xab Test"},
                       {"GIT_AUTHOR_EMAIL", "zoe@test.example"},
                       {"GIT_COMMITTER_NAME", "Test"},
                       {"GIT_COMMITTER_EMAIL", "t@test.example"},
                       {"GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z"},
                       {"GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z"},
                       {"LC_ALL", "C"}};
        const auto result = runner.run(command);
        EXPECT_TRUE(result && result->ok()) << script << "\n" << (result ? result->out : "");
        return result ? result->out : "";
    }
    std::string git(const std::string& script) { return sh(script, dir / "repo"); }

    Result<ImportedSeries> import(const SeriesSource& source) {
        return import_series(source, dir / "out", runner, Progress::silent());
    }
    Result<ImportedSeries> import(const std::string& word) {
        auto source = series_source(word, dir / "repo");
        if (!source) return tl::unexpected(source.error());
        return import(*source);
    }
    Result<ImportedSeries> import_text(const std::string& text) {
        return import(dir.put("fix.mbox", text).string());
    }
    Result<ImportedSeries> import_worktree(const std::filesystem::path& where = "repo") {
        return import(SeriesSource{SeriesSource::Kind::Worktree, "", dir / where});
    }
    // The message of a refusal, which is the user's to mend, without the temporary folder's name.
    template<class T> std::string refusal(const Result<T>& imported) {
        if (imported) return "accepted";
        EXPECT_EQ(imported.error().fault_domain, FaultDomain::Spec) << imported.error().message;
        EXPECT_FALSE(std::filesystem::exists(dir / "out")) << "something was written";
        auto text = imported.error().message;
        const auto top = dir.path().string() + "/";
        for (auto at = text.find(top); at != std::string::npos; at = text.find(top))
            text.erase(at, top.size());
        return text;
    }
    // What the patches in the folder make of the tree.
    Overlay applied(const std::string& tree = "tree") {
        auto patches = read_series({"out"}, dir.path());
        EXPECT_TRUE(patches) << patches.error().message;
        if (!patches) return {};
        std::filesystem::remove_all(dir / "scratch");
        std::filesystem::create_directories(dir / "scratch");
        auto overlay = apply_patches(*patches, dir / tree, dir / "scratch", runner);
        EXPECT_TRUE(overlay) << overlay.error().message;
        return overlay.value_or(Overlay{});
    }
    // What commit_three() makes of the tree.
    static Overlay after_three() {
        return {{"mm/a.c", TreeFile("one\n2\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n")},
                {"mm/new \xc3\xbc.c", TreeFile("int n;\n")},
                {"mm/b.c", std::nullopt},
                {"mm/c.c", TreeFile("int b;\nint c;\nint d;\nint e;\n", TreeFile::Kind::Program)}};
    }
    std::vector<std::string> listed() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(dir / "out"))
            names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }
    std::string remarks(const ImportedSeries& series) const {
        std::string text;
        for (const auto& line : series.remarks)
            text += line + "\n";
        const auto top = dir.path().string() + "/";
        for (auto at = text.find(top); at != std::string::npos; at = text.find(top))
            text.erase(at, top.size());
        return text;
    }

    TempTree dir;
    BoostCommandRunner runner;
};

} // namespace rig::testing
