// SPDX-License-Identifier: GPL-2.0-or-later
// Ranges and work trees, through import_series(), in real repositories.
#include "rig/series/git_changes.h"

#include "rig/host/artifact_cache.h"
#include "rig/kernel/source.h"
#include "rig/testing/series_fixture.h"

#include <fmt/format.h>

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::fingerprint;
using testing::read_text;

class GitChangesTest : public testing::SeriesFixture {
 protected:
    // Builds what an experiment would: kernel.source is the repository at the base, and the arm has
    // the folder.
    Overlay built_from_source(const GitBase& base) {
        ArtifactCache cache(dir / "cache");
        const BuildContext context{cache, runner, Progress::silent(), 1};
        Spec spec;
        spec.top = dir / "elsewhere";
        spec.kernel.source = GitSource{base.repository, base.revision};
        const auto source = fetch_source(spec, context);
        EXPECT_TRUE(source) << source.error().message;
        if (!source) return {};
        EXPECT_EQ(source->warning, "") << "the changes are in the patches";
        fs::remove_all(dir / "tree");
        fs::copy(source->tree, dir / "tree", fs::copy_options::recursive);
        return applied();
    }
    // The repository's index, refs and objects, and the files of the work tree.
    std::map<std::string, std::string> state(const fs::path& where) {
        std::map<std::string, std::string> out;
        for (const auto& [name, file] : fingerprint(where))
            out[name] = file.first;
        return out;
    }
};

TEST_F(GitChangesTest, ARangeBecomesItsCommitsOnTheBase) {
    commit_three();
    const auto before = state(dir / "repo");
    const auto series = import("base..HEAD");
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(state(dir / "repo"), before);
    EXPECT_EQ(series->title, "3 commits of base..HEAD");
    EXPECT_EQ(listed(),
              (std::vector<std::string>{"0001-mm-count-in-digits.patch", "0002-mm-add-a-file.patch",
                                        "0003-mm-rename-b-to-c.patch", "series"}));
    EXPECT_EQ(series->patches[0].subject, "mm: count in digits");
    EXPECT_EQ(series->patches[0].author, "Zo\xc3\xab Test <zoe@test.example>");
    EXPECT_EQ(series->patches[1].paths, std::vector<std::string>{"mm/new \xc3\xbc.c"});
    EXPECT_EQ(series->patches[2].paths, (std::vector<std::string>{"mm/b.c", "mm/c.c"}));
    const auto text = read_text(dir / "out/0001-mm-count-in-digits.patch");
    EXPECT_NE(text.find("\n\nA two is shorter.\n"), std::string::npos) << text;
    ASSERT_TRUE(series->base);
    EXPECT_EQ(series->base->revision + "\n", git("git rev-parse base"));
    EXPECT_EQ(built_from_source(*series->base), after_three());
    EXPECT_TRUE(touches_tree(*series, dir / "tree"));
}

TEST_F(GitChangesTest, TheOtherEndOfARangeIsHead) {
    commit_three();
    EXPECT_EQ(import("base..")->patches.size(), 3U);
    git("git checkout -q base");
    EXPECT_EQ(import("..main")->patches.size(), 3U);
}

TEST_F(GitChangesTest, TheUsersSettingsForDiffsHaveNoEffect) {
    commit_three();
    ASSERT_TRUE(import("base..HEAD"));
    const auto before = state(dir / "out");
    git("git config diff.noprefix true && git config color.ui always && git config diff.external "
        "false && git config log.showSignature true && git config diff.context 0 && git config "
        "format.pretty oneline && git config diff.renames false && git config diff.relative true");
    ASSERT_TRUE(import("base..HEAD"));
    EXPECT_EQ(state(dir / "out"), before);
}

TEST_F(GitChangesTest, ARangeNeedsCommits) {
    commit_three();
    EXPECT_EQ(refusal(import("HEAD..base")),
              "repo: no commit is in HEAD..base: HEAD has all of base");
    EXPECT_EQ(refusal(import("base..base")),
              "repo: no commit is in base..base: base has all of base");
    git("git checkout -q base && git commit -q --allow-empty -m nothing");
    EXPECT_EQ(refusal(import("base..HEAD")), "repo: no commit of base..HEAD changes anything");
    EXPECT_TRUE(refusal(import("base..nowhere"))
                    .starts_with("repo: no commit 'nowhere' in this repository: fatal:"));
    EXPECT_EQ(refusal(import("base...HEAD")),
              "'base...HEAD': accepted: a range 'A..B' of commits, 'A..' or '..B'");
    git("git checkout -q --orphan other && git commit -qm alone");
    EXPECT_EQ(refusal(import("base..other")),
              "repo: the two ends of base..other have no commit in common");
}

TEST_F(GitChangesTest, AnEmptyCommitIsSetApart) {
    git("git commit -q --allow-empty -m nothing");
    commit_three();
    const auto series = import("base..HEAD");
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->patches.size(), 3U);
    EXPECT_NE(remarks(*series).find("'nothing' changes nothing"), std::string::npos);
}

TEST_F(GitChangesTest, ABranchThatLeftIsBasedOnWhereItLeft) {
    commit_three();
    git("git checkout -q -b topic base && sed -i s/ten/10/ mm/a.c && git commit -qam 'mm: ten'");
    const auto series = import("main..topic");
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->title, "mm: ten");
    EXPECT_EQ(series->base->revision + "\n", git("git rev-parse base"));
    EXPECT_TRUE(remarks(*series).starts_with("main is no ancestor of topic: the base is where they "
                                             "meet, "));
}

TEST_F(GitChangesTest, AMergeIsOnePatchAgainstItsFirstParent) {
    git("git checkout -q -b topic && sed -i s/ten/10/ mm/a.c && git commit -qam 'mm: ten' && "
        "printf 'int x;\\n' > mm/x.c && git add -A && git commit -qm 'mm: x' && git checkout -q "
        "main");
    commit_three();
    git("git merge -q --no-edit topic && sed -i s/one/1/ mm/a.c && git commit -qam 'mm: one'");
    const auto series = import("base..main");
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->patches.size(), 5U);
    EXPECT_NE(
        remarks(*series).find("is a merge: its changes against its first parent are one patch"),
        std::string::npos);
    auto want = after_three();
    want["mm/a.c"] = TreeFile("1\n2\nthree\nfour\nfive\nsix\nseven\neight\nnine\n10\n");
    want["mm/x.c"] = TreeFile("int x;\n");
    EXPECT_EQ(applied(), want);
    // From a commit that only the second parent has, there is no such line.
    fs::remove_all(dir / "out");
    const auto why = refusal(import("topic..main"));
    EXPECT_NE(why.find("topic..main is no line of commits"), std::string::npos) << why;
}

TEST_F(GitChangesTest, AWorkTreesStagedUnstagedAndUntrackedChangesAreOnePatch) {
    git("sed -i s/two/2/ mm/a.c && git add mm/a.c && sed -i s/ten/10/ mm/a.c && git mv mm/b.c "
        "mm/c.c && printf 'int n;\\n' > 'mm/new \xc3\xbc.c' && touch mm/ignored.o && printf "
        "'\\0\\1' > mm/blob.bin");
    const auto before = fingerprint(dir / "repo");
    const auto series = import_worktree();
    ASSERT_TRUE(series) << series.error().message;
    const auto after = fingerprint(dir / "repo");
    EXPECT_EQ(after.size(), before.size());
    for (const auto& [name, file] : before) {
        ASSERT_TRUE(after.contains(name)) << name;
        EXPECT_EQ(after.at(name).first, file.first) << name << " was written to";
        // Git renews the time of an object that it would write if it were not there.
        EXPECT_TRUE(name.starts_with(".git/objects/") || after.at(name) == file) << name;
    }
    EXPECT_EQ(series->patches.size(), 1U);
    EXPECT_TRUE(series->title.starts_with("uncommitted changes on "));
    EXPECT_NE(remarks(*series).find("2 untracked files are included: mm/blob.bin, mm/new"),
              std::string::npos)
        << remarks(*series);
    const Overlay want{
        {"mm/a.c", TreeFile("one\n2\nthree\nfour\nfive\nsix\nseven\neight\nnine\n10\n")},
        {"mm/b.c", std::nullopt},
        {"mm/c.c", TreeFile("int b;\nint c;\nint d;\nint e;\n")},
        {"mm/blob.bin", TreeFile(std::string("\0\1", 2))},
        {"mm/new \xc3\xbc.c", TreeFile("int n;\n")}};
    EXPECT_EQ(built_from_source(*series->base), want);
    // A folder of the work tree stands for all of it.
    const auto inner = import_worktree("repo/mm");
    ASSERT_TRUE(inner) << inner.error().message;
    EXPECT_EQ(inner->base->repository, series->base->repository);
    EXPECT_EQ(applied(), want);
}

// Git takes a file for unchanged if size and time are those in the index, unless the index itself
// is not younger. A copy of the index is younger.
TEST_F(GitChangesTest, AChangeInTheSecondOfTheIndexIsSeen) {
    git("sed -i s/two/2wo/ mm/a.c && touch -d '2026-01-02 03:04:05' mm/a.c && git add mm/a.c && "
        "git "
        "commit -qm same && touch -d '2026-01-02 03:04:05' .git/index && sed -i s/2wo/two/ mm/a.c "
        "&& touch -d '2026-01-02 03:04:05' mm/a.c");
    const auto series = import_worktree();
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->patches[0].paths, std::vector<std::string>{"mm/a.c"});
}

TEST_F(GitChangesTest, TheUsersHooksDoNotRun) {
    dir.put("repo/.git/hooks/post-index-change", "#!/bin/sh\ntouch ../hook-ran\n");
    fs::permissions(dir / "repo/.git/hooks/post-index-change", fs::perms::owner_all);
    git("sed -i s/two/2/ mm/a.c && git add mm/a.c");
    EXPECT_TRUE(fs::remove(dir / "hook-ran")) << "the control: such a hook does run";
    EXPECT_TRUE(import_worktree());
    EXPECT_FALSE(fs::exists(dir / "hook-ran"));
}

TEST_F(GitChangesTest, AWorkTreeWithoutChangesIsRefused) {
    git("touch mm/ignored.o mm/a.c");
    EXPECT_NE(refusal(import_worktree()).find("nothing differs from HEAD ("), std::string::npos);
}

TEST_F(GitChangesTest, ADetachedOrLinkedWorkTreeWorks) {
    git("git worktree add -q --detach '../linked t\xc3\xa4' base");
    dir.put("linked t\xc3\xa4/mm/a.c", "changed\n");
    const auto series = import_worktree("linked t\xc3\xa4");
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->base->repository, dir / "linked t\xc3\xa4");
    EXPECT_EQ(built_from_source(*series->base), (Overlay{{"mm/a.c", TreeFile("changed\n")}}));
}

TEST_F(GitChangesTest, ABranchWithoutCommitsAndABareRepositoryHaveNoChanges) {
    fs::create_directories(dir / "unborn");
    sh("git init -q && touch x", dir / "unborn");
    EXPECT_EQ(
        refusal(import_worktree("unborn")),
        "unborn: its branch has no commit yet, accepted: a work tree with a commit to compare "
        "with");
    git("git clone -q --bare . ../bare");
    EXPECT_EQ(refusal(import_worktree("bare")),
              "bare: a bare repository, or inside one; accepted: a work tree");
    EXPECT_EQ(refusal(import_worktree("nowhere")), "nowhere: no such folder");
    fs::create_directories(dir / "plain");
    EXPECT_EQ(refusal(import_worktree("plain")), "plain: not a git repository");
}

TEST_F(GitChangesTest, ConflictsAreRefusedAndAMergeInProgressIsNamed) {
    git("git checkout -q -b topic && sed -i s/two/zwei/ mm/a.c && git commit -qam t && git "
        "checkout "
        "-q main && sed -i s/two/deux/ mm/a.c && git commit -qam m && ! git merge -q topic");
    EXPECT_EQ(refusal(import_worktree()), "repo: 'mm/a.c' has a conflict that is not resolved, "
                                          "accepted: a work tree without conflicts");
    git("sed -i '/^[<=>]/d' mm/a.c && git add mm/a.c");
    const auto series = import_worktree();
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_NE(remarks(*series).find("a merge is in progress"), std::string::npos);
}

TEST_F(GitChangesTest, SubmodulesAreRefused) {
    git("git clone -q . sub");
    const auto why = refusal(import_worktree());
    EXPECT_NE(why.find("changes a submodule, accepted: files and symbolic links"),
              std::string::npos)
        << why;
    git("git add sub 2>/dev/null && git commit -qm 'add sub'");
    EXPECT_NE(refusal(import("base..HEAD")).find("'add sub':2: changes a submodule"),
              std::string::npos);
}

TEST_F(GitChangesTest, BareShallowAndPartialClonesWorkOrGiveTheirReason) {
    commit_three();
    git("git config uploadpack.allowFilter true");
    const auto range = [&](const std::string& clone, const std::string& what) {
        return import(SeriesSource{SeriesSource::Kind::Range, what, dir / clone});
    };
    const auto from = "file://" + (dir / "repo").string();
    sh("git clone -q --bare " + from + " bare.git; git clone -q --filter=blob:none " + from +
           " partial; git clone -q --depth 3 " + from + " shallow",
       dir.path());
    for (const char* clone : {"bare.git", "partial"}) {
        fs::remove_all(dir / "out");
        const auto series = range(clone, "base..main");
        ASSERT_TRUE(series) << series.error().message;
        EXPECT_EQ(built_from_source(*series->base), after_three()) << clone;
    }
    fs::remove_all(dir / "out");
    const auto why = refusal(range("shallow", "HEAD~3..HEAD"));
    EXPECT_NE(why.find("no commit 'HEAD~3' in this repository"), std::string::npos) << why;
    EXPECT_NE(why.find("; this clone is shallow, and 'git fetch --deepen=N' brings"),
              std::string::npos)
        << why;
    EXPECT_TRUE(range("shallow", "HEAD~2..HEAD")) << "what it has can be used";
    fs::remove_all(dir / "out");
    // A partial clone whose origin is gone.
    sh("git clone -q --no-checkout --filter=blob:none " + from +
           " cut && git -C cut remote set-url "
           "origin file:///nowhere",
       dir.path());
    EXPECT_NE(refusal(range("cut", "base..main")).find("cut: git diff-tree: fatal: "),
              std::string::npos);
}

TEST_F(GitChangesTest, WhatIsTooLargeIsRefused) {
    git("truncate -s 65M core.dump");
    const auto why = refusal(import_worktree());
    EXPECT_NE(why.find("repo: 65.0 MiB of untracked files, accepted: up to 64.0 MiB; the largest "
                       "is 'core.dump' (65.0 MiB)"),
              std::string::npos)
        << why;
    git("rm core.dump; for i in $(seq 1001); do printf 'commit refs/heads/many\\ncommitter T <t@t> "
        "%d +0000\\ndata 1\\nx\\n' $i; [ $i -gt 1 ] || echo 'from refs/heads/main'; echo; done | "
        "git "
        "fast-import --quiet");
    EXPECT_EQ(refusal(import("base..many")),
              "repo: base..many has 1001 commits, accepted: up to 1000");
}

TEST_F(GitChangesTest, FilesThatGitIsToldNotToLookAtAreNamed) {
    git("git update-index --assume-unchanged mm/b.c && echo x >> mm/b.c && echo y >> mm/a.c");
    const auto series = import_worktree();
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(remarks(*series),
              "1 file is marked 'assume unchanged': changes in it are not seen\n");
}

} // namespace
} // namespace rig
