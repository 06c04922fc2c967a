// SPDX-License-Identifier: GPL-2.0-or-later
// The patches under kernel-patches/ as a maintainer would look at them first: the tree's own
// checkpatch has nothing to say, `git am` takes them in every composition an experiment uses, and
// each says who, what and why. The source comes through rig's cache; nothing is built.
#include "rig/base/files.h"
#include "rig/host/boost_command_runner.h"
#include "rig/kernel/patch_series.h"
#include "rig/kernel/source.h"
#include "rig/spec/spec_parser.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <regex>
#include <set>
#include <sstream>

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::TempTree;
using Complaints = std::vector<std::string>; // empty = nothing wrong

const fs::path kTop = RIG_TOP;

// A tree, what fetches it, and the series that experiments put on top of one another. Every one
// starts with `enable`.
struct Tree {
    const char* name;
    const char* experiment;
    std::vector<std::vector<const char*>> compositions;
};
void PrintTo(const Tree& tree, std::ostream* out) {
    *out << tree.name;
}
const Tree kTrees[] = {
    {"6.12",
     "configs/batch-alloc-fail.toml",
     {
         {"enable"}, // arm ipi
         {"enable", "posted-v1"},
         {"enable", "posted-v2"},
         {"enable", "reviewed"},
         {"reviewed-stock"}, // where no prerequisite patch is needed
         {"enable", "broken-nosync"},
         {"enable", "reviewed", "broken-atomic"},
         {"enable", "gup-widen"},
         {"enable", "posted-v1", "gup-widen"},
         {"enable", "posted-v2", "gup-widen"},
         {"enable", "reviewed", "gup-widen"},
         {"enable", "broken-nosync", "gup-widen"},
         {"enable", "no-rcu-table-free", "posted-v2"},
         {"enable", "no-rcu-table-free", "posted-v2", "misuse"},
         {"enable", "no-rcu-table-free", "reviewed"},
         {"enable", "no-rcu-table-free", "reviewed", "misuse"},
         {"enable", "reviewed", "misuse"},
         {"enable", "example-vmstat"},
         {"enable", "broken-retained"},
         {"enable", "planted-ipi"},
         {"enable", "planted-delay"},
         {"enable", "planted-flush"},
         {"enable", "beside"},
         {"enable", "vacuous-branch"},
         {"enable", "vacuous-comment"},
         {"enable", "vacuous-config"},
         {"enable", "vacuous-init"},
         {"enable", "vacuous-inline"},
         {"enable", "provoke"},
         {"enable", "skip-sync", "gup-widen"},
     }},
    {"7.3",
     "configs/batch-alloc-fail-7.3.toml",
     {
         {"enable"}, // arm merged
         {"enable", "ipi"},
         {"enable", "ipi", "posted-v1"},
         {"enable", "ipi", "posted-v2"},
         {"enable", "reviewed"},
         {"enable", "broken-retained"},
         {"enable", "broken-nosync"},
         {"enable", "reviewed", "broken-atomic"},
         {"enable", "gup-widen"},
         {"enable", "ipi", "gup-widen"},
         {"enable", "ipi", "posted-v1", "gup-widen"},
         {"enable", "ipi", "posted-v2", "gup-widen"},
         {"enable", "reviewed", "gup-widen"},
         {"enable", "broken-nosync", "gup-widen"},
         {"enable", "misuse"},
         {"enable", "reviewed", "misuse"},
         {"enable", "pt-reclaim"},
         {"enable", "no-global-asid"},
         {"enable", "lru-drain-event"},
         {"enable", "lru-drain-event", "lru-drain-remote"},
         {"enable", "lru-drain-event", "lru-drain-remote", "lru-drain-skip"},
         {"enable", "skip-sync"},
         {"enable", "slow-cpu", "membarrier-one-mutex"},
         {"enable", "slow-cpu", "ipi-wait-pinned"},
     }},
};

CommandResult run(std::vector<std::string> argv, const fs::path& cwd) {
    Command command;
    command.argv = std::move(argv);
    command.cwd = cwd;
    // git as it comes, whatever the user has set up: no hooks, no signing, no repository around the
    // folder.
    command.env = {{"LC_ALL", "C"},
                   {"GIT_CONFIG_GLOBAL", "/dev/null"},
                   {"GIT_CONFIG_SYSTEM", "/dev/null"},
                   {"GIT_CEILING_DIRECTORIES", cwd.parent_path().string()},
                   {"GIT_AUTHOR_NAME", "t"},
                   {"GIT_AUTHOR_EMAIL", "t@localhost"},
                   {"GIT_COMMITTER_NAME", "t"},
                   {"GIT_COMMITTER_EMAIL", "t@localhost"}};
    command.timeout = std::chrono::seconds(60);
    BoostCommandRunner runner;
    const auto result = runner.run(command);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? *result : CommandResult{Exited{-1}, "", 0};
}

// Who, what and why, and a sign-off by who.
Complaints check_message(const std::string& text) {
    Complaints complaints;
    std::istringstream lines(text);
    std::string line, from, subject, body;
    bool signed_off = false;
    while (std::getline(lines, line) && !line.empty()) {
        if (line.starts_with("From: ")) from = line.substr(6);
        if (line.starts_with("Subject: ")) subject = line.substr(9);
    }
    while (std::getline(lines, line) && line != "---") {
        if (line.starts_with("Signed-off-by: "))
            signed_off = signed_off || (!from.empty() && line.substr(15) == from);
        else
            body += line + "\n";
    }
    if (from.empty()) complaints.push_back("no From");
    if (!std::regex_match(subject, std::regex(R"(\[PATCH( \d+/\d+)?\] .+)")))
        complaints.push_back(fmt::format("Subject '{}', wanted '[PATCH n/m] area: what'", subject));
    if (!signed_off) complaints.push_back(fmt::format("no Signed-off-by of '{}'", from));
    // Two sentences at the least; the subject repeated is none.
    if (body.size() < 100) complaints.push_back("no reason given in the body");
    return complaints;
}

// Every error and every warning counts; no type is exempt.
Complaints checkpatch(const fs::path& tree, const fs::path& patch) {
    const auto result =
        run({"perl", "scripts/checkpatch.pl", "--show-types", patch.string()}, tree);
    std::smatch total;
    if (!std::regex_search(
            result.out, total,
            std::regex(R"(total: (\d+) errors, (\d+) warnings, (\d+) lines checked)")) ||
        total[3] == "0")
        return {fmt::format("checkpatch did not check it: {}", result.out)};
    if (result.ok() && total[1] == "0" && total[2] == "0") return {};
    return {result.out};
}

// In a repository that holds nothing but the files the patches touch. `files` gets their content
// afterwards.
Complaints git_am(const fs::path& tree, const std::vector<Patch>& patches,
                  std::map<std::string, std::string>* files = nullptr) {
    TempTree repository;
    std::set<std::string> touched;
    for (const auto& patch : patches) {
        // "ADDED\tREMOVED\tNAME"
        const auto listed =
            run({"git", "apply", "--numstat", patch.file.string()}, repository.path());
        if (!listed.ok()) return {fmt::format("{}: {}", patch.name, describe(listed))};
        std::istringstream lines(listed.out);
        for (std::string line; std::getline(lines, line);)
            touched.insert(line.substr(line.rfind('\t') + 1));
    }
    for (const auto& name : touched)
        if (fs::exists(tree / name)) repository.put(name, slurp(tree / name));
    std::vector<std::string> am{"git", "am", "--quiet"};
    for (const auto& patch : patches)
        am.push_back(patch.file.string());
    for (const auto& argv : {std::vector<std::string>{"git", "init", "--quiet"},
                             {"git", "add", "--all"},
                             {"git", "commit", "--quiet", "--message", "base"},
                             am}) {
        const auto result = run(argv, repository.path());
        if (!result.ok())
            return {fmt::format("{} {}: {}\n{}", argv[0], argv[1], describe(result), result.out)};
    }
    const auto count = run({"git", "rev-list", "--count", "HEAD"}, repository.path());
    if (count.out != fmt::format("{}\n", patches.size() + 1))
        return {fmt::format("{} patches gave {} commits with the base", patches.size(), count.out)};
    if (files)
        for (const auto& name : touched)
            (*files)[name] = slurp(repository / name);
    return {};
}

std::vector<fs::path> folders(const Tree& tree, const std::vector<const char*>& composition) {
    std::vector<fs::path> all;
    for (const auto* series : composition)
        all.push_back(fs::path("kernel-patches") / tree.name / series);
    return all;
}

class KernelPatches : public ::testing::TestWithParam<Tree> {
 protected:
    void SetUp() override {
        const auto spec = load_spec(kTop / GetParam().experiment);
        ASSERT_TRUE(spec) << spec.error().message;
        ArtifactCache cache(default_cache_dir());
        BoostCommandRunner runner;
        const auto source = fetch_source(*spec, {cache, runner, Progress::silent()});
        ASSERT_TRUE(source) << source.error().message;
        ASSERT_TRUE(source->version.starts_with(GetParam().name)) << source->version;
        tree_ = source->tree;
    }

    std::vector<Patch> read(const std::vector<const char*>& composition) {
        const auto patches = read_series(folders(GetParam(), composition), kTop);
        EXPECT_TRUE(patches) << patches.error().message;
        EXPECT_TRUE(!patches || !patches->empty());
        return patches ? *patches : std::vector<Patch>{};
    }

    // A patch of the tree with one thing changed.
    Patch changed(const TempTree& dir, const char* series, const std::string& from,
                  const std::string& to) {
        auto patch = read({series}).at(0);
        const auto at = patch.text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        if (at != std::string::npos) patch.text.replace(at, from.size(), to);
        patch.file = dir.put("changed.patch", patch.text);
        return patch;
    }

    fs::path tree_;
};

TEST_P(KernelPatches, EverySeriesIsPartOfACompositionAndEveryPatchOfASeries) {
    std::set<std::string> composed, there;
    for (const auto& composition : GetParam().compositions)
        composed.insert(composition.begin(), composition.end());
    for (const auto& entry : fs::directory_iterator(kTop / "kernel-patches" / GetParam().name)) {
        const auto series = entry.path().filename().string();
        there.insert(series);
        std::set<std::string> listed, found;
        for (const auto& patch : read({series.c_str()}))
            listed.insert(patch.file.filename().string());
        for (const auto& file : fs::directory_iterator(entry.path()))
            if (file.path().filename() != "series") found.insert(file.path().filename().string());
        EXPECT_EQ(listed, found) << series;
    }
    EXPECT_EQ(composed, there);
}

TEST_P(KernelPatches, CheckpatchAndMessage) {
    std::set<fs::path> seen;
    for (const auto& composition : GetParam().compositions)
        for (const auto& patch : read(composition)) {
            if (!seen.insert(patch.file).second) continue;
            EXPECT_EQ(check_message(patch.text), Complaints{}) << patch.name;
            EXPECT_EQ(checkpatch(tree_, patch.file), Complaints{}) << patch.name;
        }
    fmt::print("{} patches\n", seen.size());
}

TEST_P(KernelPatches, EveryCompositionAppliesAndGitAndRigAgreeOnTheResult) {
    for (const auto& composition : GetParam().compositions) {
        const auto patches = read(composition);
        std::map<std::string, std::string> files;
        EXPECT_EQ(git_am(tree_, patches, &files), Complaints{})
            << fmt::format("{}", fmt::join(composition, " + "));
        TempTree scratch;
        BoostCommandRunner runner;
        const auto overlay = apply_patches(patches, tree_, scratch.path(), runner);
        ASSERT_TRUE(overlay) << overlay.error().message;
        EXPECT_EQ(overlay->size(), files.size());
        for (const auto& [name, content] : *overlay)
            EXPECT_TRUE(content && *content == files[name]) << name;
    }
}

// Whoever must be caught says so where a reader cannot miss it, and nobody else does.
TEST_P(KernelPatches, TestOnlySeriesSayIt) {
    const std::set<std::string> test_only{"broken-atomic",  "broken-nosync",  "broken-retained",
                                          "gup-widen",      "misuse",         "no-rcu-table-free",
                                          "planted-ipi",    "planted-delay",  "planted-flush",
                                          "beside",         "vacuous-branch", "vacuous-comment",
                                          "vacuous-config", "vacuous-init",   "vacuous-inline",
                                          "slow-cpu",       "lru-drain-skip"};
    for (const auto& entry : fs::directory_iterator(kTop / "kernel-patches" / GetParam().name)) {
        const auto series = entry.path().filename().string();
        for (const auto& patch : read({series.c_str()}))
            EXPECT_EQ(std::regex_search(patch.text,
                                        std::regex(R"(\nSubject: \[PATCH[^\]]*\] TEST ONLY: )")),
                      test_only.contains(series))
                << patch.name;
    }
}

TEST_P(KernelPatches, ControlTrailingWhitespaceIsRefused) {
    TempTree dir;
    const auto patch = changed(dir, "reviewed", "+\tmight_sleep();\n", "+\tmight_sleep(); \n");
    const auto complaints = checkpatch(tree_, patch.file);
    ASSERT_EQ(complaints.size(), 1u);
    EXPECT_NE(complaints[0].find("TRAILING_WHITESPACE"), std::string::npos) << complaints[0];
}

TEST_P(KernelPatches, ControlNoSignOffIsRefused) {
    TempTree dir;
    const auto patch =
        changed(dir, "reviewed", "Signed-off-by: rig developers <rig@localhost>\n", "");
    const auto complaints = checkpatch(tree_, patch.file);
    ASSERT_EQ(complaints.size(), 1u);
    EXPECT_NE(complaints[0].find("MISSING_SIGN_OFF"), std::string::npos) << complaints[0];
    EXPECT_EQ(check_message(patch.text),
              Complaints{"no Signed-off-by of 'rig developers <rig@localhost>'"});
    // Somebody else's does not do.
    const auto other = changed(dir, "reviewed", "Signed-off-by: rig developers <rig@localhost>",
                               "Signed-off-by: Some Body <some@localhost>");
    EXPECT_EQ(check_message(other.text),
              Complaints{"no Signed-off-by of 'rig developers <rig@localhost>'"});
}

TEST_P(KernelPatches, ControlNoBodyAndNoSubjectAreRefused) {
    TempTree dir;
    auto patch = changed(dir, "reviewed", "Subject: [PATCH]", "Subject:");
    EXPECT_EQ(check_message(patch.text).size(), 1u);
    patch.text = std::regex_replace(patch.text, std::regex("\n\n[^]*\n\nSigned-off-by"),
                                    "\n\nSigned-off-by");
    EXPECT_EQ(check_message(patch.text).size(), 2u) << patch.text.substr(0, 400);
}

TEST_P(KernelPatches, ControlWhatIsNoPatchIsNotTakenForACleanOne) {
    TempTree dir;
    EXPECT_NE(checkpatch(tree_, dir.put("empty.patch", "")), Complaints{});
    EXPECT_NE(checkpatch(tree_, dir / "missing.patch"), Complaints{});
}

TEST_P(KernelPatches, ControlAWrongCompositionIsRefused) {
    // Each changes the fallback as `enable` leaves it.
    EXPECT_NE(git_am(tree_, read({"enable", "reviewed", "broken-nosync"})), Complaints{});
    EXPECT_NE(git_am(tree_, read({"enable", "broken-atomic"})), Complaints{});
    EXPECT_NE(git_am(tree_, read({"enable", "enable"})), Complaints{});
}

INSTANTIATE_TEST_SUITE_P(Trees, KernelPatches, ::testing::ValuesIn(kTrees),
                         [](const auto& instance) {
                             std::string name = std::string("Linux") + instance.param.name;
                             std::replace(name.begin(), name.end(), '.', '_');
                             return name;
                         });

} // namespace
} // namespace rig
