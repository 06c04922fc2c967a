// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect_history.h"

#include "rig/host/boost_command_runner.h"
#include "rig/host/git.h"
#include "rig/testing/temp_tree.h"

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::fingerprint;
using testing::TempTree;

TEST(SeriesHistory, RevisionsArePrefixesAndSingledOutPatches) {
    SeriesHistory history({{"s/a.patch", "s/a.patch", "A"},
                           {"s/b.patch", "s/b.patch", "B"},
                           {"s/c.patch", "s/c.patch", "C"}},
                          "s");
    EXPECT_EQ(history.description(), "the 3 patches of s");
    EXPECT_EQ(history.good(), (Revision{"r00", "the tree before the series"}));
    EXPECT_EQ(history.bad(), (Revision{"r03", "c.patch"}));
    const auto texts = [&](const char* id) {
        std::string out;
        for (const auto* patch : history.patches_of(id))
            out += patch->text;
        return out;
    };
    EXPECT_EQ(texts("r00"), "");
    EXPECT_EQ(texts("r02"), "AB");
    EXPECT_EQ(texts("r01-p03"), "AC");
    EXPECT_EQ(texts("r99"), "ABC");
    EXPECT_EQ(texts("r03-x02"), "AC");
    ASSERT_TRUE(history.mark({"r01", ""}, Mark::Skip) && history.mark({"r02", ""}, Mark::Skip));
    EXPECT_FALSE(*history.next());
    EXPECT_EQ(history.candidates().size(), 3u);
    const auto alone = history.alone();
    ASSERT_EQ(alone.size(), 3u);
    EXPECT_EQ(alone[0].id, "r01");
    EXPECT_EQ(alone[2], (Revision{"r00-p03", "c.patch on the tree before the series"}));
    EXPECT_EQ(history.without(1), (Revision{"r03-x02", "c.patch without b.patch"}));
}

class GitHistoryTest : public ::testing::Test {
 protected:
    GitHistoryTest() {
        sh("git init -q -b main repo");
        for (int i = 0; i <= 16; ++i)
            commit("number " + std::to_string(i));
    }
    void sh(const std::string& script) {
        Command command;
        command.argv = {"sh", "-ec", script};
        command.cwd = dir.path();
        command.env = {{"GIT_AUTHOR_NAME", "t"},
                       {"GIT_AUTHOR_EMAIL", "t@t.example"},
                       {"GIT_COMMITTER_NAME", "t"},
                       {"GIT_COMMITTER_EMAIL", "t@t.example"},
                       {"GIT_CONFIG_GLOBAL", "/dev/null"}};
        const auto result = runner.run(command);
        ASSERT_TRUE(result && result->ok()) << (result ? result->out : result.error().message);
    }
    void commit(const std::string& subject) {
        sh("cd repo && echo '" + subject + "' >> f && git add f && git commit -qm '" + subject +
           "'");
    }
    // Marks each revision by the number in its subject until no revision is left.
    std::string search(GitHistory& history, int first_bad, int skipped = -1) {
        steps = 0;
        for (;;) {
            const auto next = history.next();
            if (!next || !*next) break;
            const int number = std::stoi((*next)->name.substr((*next)->name.rfind(' ')));
            ++steps;
            const auto marked = history.mark(**next, number == skipped     ? Mark::Skip
                                                     : number >= first_bad ? Mark::Bad
                                                                           : Mark::Good);
            EXPECT_TRUE(marked) << marked.error().message;
            if (!marked) break;
        }
        std::string out;
        for (const auto& one : history.candidates())
            out += (out.empty() ? "" : ", ") + one.name.substr(13);
        return out;
    }
    TempTree dir;
    BoostCommandRunner runner;
    unsigned steps = 0;
};

TEST_F(GitHistoryTest, ANameWithAWarningIsACommitAllTheSame) {
    sh("cd repo && git branch both HEAD~3 && git tag both HEAD~5");
    const auto both = commit_of(runner, dir / "repo", "both"),
               tag = commit_of(runner, dir / "repo", "refs/tags/both");
    ASSERT_TRUE(both) << both.error().message;
    EXPECT_EQ(*both, *tag); // git prefers the tag, with a warning
    const auto none = commit_of(runner, dir / "repo", "neither");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(none.error().message.find("no commit 'neither' in this repository: fatal: "),
              std::string::npos)
        << none.error().message;
}

TEST_F(GitHistoryTest, WhatGitCannotTellIsNoFactOfHistory) {
    const auto head = *commit_of(runner, dir / "repo", "HEAD"),
               older = *commit_of(runner, dir / "repo", "HEAD~4");
    EXPECT_TRUE(is_ancestor(runner, dir / "repo", older, head).value());
    EXPECT_FALSE(is_ancestor(runner, dir / "repo", head, older).value());
    const auto unknown = is_ancestor(runner, dir / "repo", std::string(40, '1'), head);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().fault_domain, FaultDomain::Host);
}

TEST_F(GitHistoryTest, GitBisectFindsEveryCommitAndTheRepositoryIsNotTouched) {
    const auto before = fingerprint(dir / "repo");
    for (const int at : {1, 2, 8, 9, 15, 16}) {
        auto history = GitHistory::open(dir / "repo", "main~16", "main", dir / "own.git", runner);
        ASSERT_TRUE(history) << history.error().message;
        EXPECT_EQ((*history)->answers(), 16u);
        EXPECT_EQ((*history)->description(), "the 16 commits of main~16..main");
        EXPECT_EQ((*history)->bad().name.substr(13), "number 16");
        EXPECT_EQ(search(**history, at), "number " + std::to_string(at));
        EXPECT_LE(steps, 4u);
        EXPECT_EQ((*history)->last_good().name.substr(13), "number " + std::to_string(at - 1));
        const auto log = (*history)->log();
        ASSERT_TRUE(log);
        EXPECT_NE(log->find("git bisect"), std::string::npos);
    }
    EXPECT_EQ(fingerprint(dir / "repo"), before);
}

TEST_F(GitHistoryTest, SkippedCommitsAreNamedWithTheAnswer) {
    auto history = GitHistory::open(dir / "repo", "main~16", "main", dir / "own.git", runner);
    ASSERT_TRUE(history);
    const auto answer = search(**history, 8, 8);
    EXPECT_EQ((*history)->candidates().size(), 2u) << answer;
    EXPECT_NE(answer.find("number 8"), std::string::npos) << answer;
    EXPECT_NE(answer.find("number 9"), std::string::npos) << answer;
    EXPECT_EQ((*history)->last_good().name.substr(13), "number 7");
}

// git itself lists candidates in the order of its search.
TEST_F(GitHistoryTest, CandidatesAreInTheOrderOfHistory) {
    auto history = GitHistory::open(dir / "repo", "main~16", "main", dir / "own.git", runner);
    ASSERT_TRUE(history);
    for (;;) {
        const auto next = (*history)->next();
        ASSERT_TRUE(next);
        if (!*next) break;
        const int number = std::stoi((*next)->name.substr((*next)->name.rfind(' ')));
        ASSERT_TRUE((*history)->mark(**next, number >= 6 && number <= 10 ? Mark::Skip
                                             : number > 10               ? Mark::Bad
                                                                         : Mark::Good));
    }
    std::string names;
    for (const auto& one : (*history)->candidates())
        names += one.name.substr(13);
    EXPECT_EQ(names, "number 6number 7number 8number 9number 10number 11");
    EXPECT_EQ((*history)->last_good().name.substr(13), "number 5");
}

TEST_F(GitHistoryTest, LooksLieOnBothSidesOfTheAnswer) {
    auto history = GitHistory::open(dir / "repo", "main~16", "main", dir / "own.git", runner);
    ASSERT_TRUE(history);
    search(**history, 8);
    const auto looks = (*history)->worth_a_look();
    ASSERT_EQ(looks.size(), 2u);
    EXPECT_EQ(looks[0].second, Mark::Good);
    EXPECT_LT(std::stoi(looks[0].first.name.substr(looks[0].first.name.rfind(' '))), 7);
    EXPECT_EQ(looks[1].second, Mark::Bad);
    EXPECT_GT(std::stoi(looks[1].first.name.substr(looks[1].first.name.rfind(' '))), 8);
}

// Commits of the main line that were made in parallel to a merged branch lack the changes of the
// branch. They do not contradict the answer.
TEST_F(GitHistoryTest, ALookIsOnlyAtWhatTheAnswerIsAnAncestorOf) {
    sh("cd repo && git checkout -q -b side main~12 && echo 100 > g && git add g && git commit -qm "
       "'number 100' && git checkout -q main && git merge "
       "-q --no-ff -m 'number 200' side");
    commit("number 201");
    commit("number 202");
    auto history = GitHistory::open(dir / "repo", "main~14", "main", dir / "own.git", runner);
    ASSERT_TRUE(history) << history.error().message;
    EXPECT_EQ(search(**history, 100), "number 100"); // commits 5 to 16 of the main line are good
    for (const auto& [revision, side] : (*history)->worth_a_look())
        if (side == Mark::Bad) {
            EXPECT_GE(std::stoi(revision.name.substr(revision.name.rfind(' '))), 200)
                << revision.name;
        }
}

TEST_F(GitHistoryTest, WhatIsNoRangeIsRefused) {
    sh("cd repo && git checkout -q -b side main~3");
    commit("number 99");
    for (const auto& [good, bad, want] : {std::tuple{"no-such", "main", "no commit 'no-such'"},
                                          {"main", "--output=x", "no commit '--output=x'"},
                                          {"main", "main", "is the same as --bad"},
                                          {"side", "main", "is no ancestor of --bad"}}) {
        const auto history = GitHistory::open(dir / "repo", good, bad, dir / "own.git", runner);
        ASSERT_FALSE(history) << good;
        EXPECT_EQ(history.error().fault_domain, FaultDomain::Spec);
        EXPECT_NE(history.error().message.find(want), std::string::npos) << history.error().message;
    }
    EXPECT_FALSE(fs::exists(dir / "x"));
}

} // namespace
} // namespace rig
