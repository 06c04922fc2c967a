// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/prune.h"

#include "rig/cli/history_commands.h"
#include "rig/run_index/run_reader.h"
#include "rig/testing/results_fixture.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;

RunRecord run(const std::string& id, const std::string& experiment, const std::string& started,
              const std::string& state = "ended") {
    RunRecord out;
    out.id = id, out.experiment = experiment, out.started = started, out.state = state,
    out.boots_kept = true;
    return out;
}

std::vector<std::string> removed(const std::vector<RunRecord>& runs, const PruneOptions& options) {
    const auto choices = choose_pruned(runs, options, "2026-03-01T00:00:00Z");
    EXPECT_TRUE(choices) << choices.error().message;
    EXPECT_EQ(choices->size(), runs.size());
    std::vector<std::string> out;
    for (const auto& choice : *choices) {
        EXPECT_EQ(choice.remove, choice.why_kept.empty());
        if (choice.remove) out.push_back(choice.id);
    }
    return out;
}

using Ids = std::vector<std::string>;

TEST(ChoosePruned, KeepCountsEachExperimentAlone) {
    const std::vector<RunRecord> runs{
        run("a3", "a", "2026-02-28T00:00:00Z"), run("b1", "b", "2026-02-27T00:00:00Z"),
        run("a2", "a", "2026-02-20T00:00:00Z"), run("a1", "a", "2026-01-01T00:00:00Z")};
    EXPECT_EQ(removed(runs, {1, {}, false, false}), (Ids{"a2", "a1"}));
    EXPECT_EQ(removed(runs, {2, {}, false, false}), (Ids{"a1"}));
    EXPECT_EQ(removed(runs, {0, {}, false, false}), (Ids{"a2", "a1"})); // the newest of each stays
    EXPECT_EQ(removed(runs, {0, {}, false, true}), (Ids{"a3", "b1", "a2", "a1"}));
    EXPECT_EQ(removed(runs, {{}, 5, false, false}), (Ids{"a2", "a1"}));
    EXPECT_EQ(removed(runs, {{}, 30, false, false}), (Ids{"a1"}));
    EXPECT_EQ(removed(runs, {2, 5, false, false}), (Ids{"a1"})); // both conditions must hold
    EXPECT_EQ(removed(runs, {{}, 0, false, true}).size(), 4u);
}

TEST(ChoosePruned, WhatIsWrittenOrUnreadableStays) {
    auto thin = run("a1", "a", "2026-01-01T00:00:00Z");
    thin.boots_kept = false;
    const std::vector<RunRecord> runs{run("a3", "a", "2026-02-28T00:00:00Z", "running"),
                                      run("a2", "a", "yesterday", "unreadable"), thin};
    EXPECT_EQ(removed(runs, {0, {}, false, true}), (Ids{"a1"}));
    EXPECT_EQ(removed(runs, {0, {}, true, true}), Ids{}); // no boots to remove
    EXPECT_FALSE(choose_pruned(runs, {}, "2026-03-01T00:00:00Z"));
}

class Prune : public ResultsProject {
 protected:
    std::string prune(PruneOptions options, bool yes, Exit exit = Exit::Pass) {
        HistoryOptions line;
        line.prune = options, line.yes = yes;
        CommonOptions common;
        common.results = results();
        auto output = prune_command(line, common, Progress::silent(), {});
        EXPECT_TRUE(output) << output.error().message;
        EXPECT_EQ(output->exit, exit) << output->text;
        return output->text;
    }
    std::size_t indexed() { return Index::open(results())->runs()->size(); }
};

TEST_F(Prune, NothingGoesUntilItIsTold) {
    const auto old = make_run(0), newest = make_run(1);
    const auto text = prune({1, {}, false, false}, false);
    EXPECT_NE(text.find("would remove " + old.filename().string()), std::string::npos) << text;
    EXPECT_NE(text.find("kept " + newest.filename().string()), std::string::npos) << text;
    EXPECT_TRUE(fs::exists(old));
    EXPECT_NE(prune({1, {}, false, false}, true).find("removed " + old.filename().string()),
              std::string::npos);
    EXPECT_FALSE(fs::exists(old));
    EXPECT_TRUE(load_run(newest));
    EXPECT_EQ(indexed(), 1u);
    EXPECT_TRUE(trash_in(results()).empty());
}

TEST_F(Prune, NeverARunThatHasAWriter) {
    const auto newest = make_run(5);
    {
        const auto writer = begin(0);
        EXPECT_NE(prune({0, {}, false, true}, false).find("it has a writer"), std::string::npos);
        const auto text = prune({0, {}, false, true}, true);
        EXPECT_TRUE(load_run(writer.dir()));
        EXPECT_FALSE(fs::exists(newest)); // the others are removed as requested
        // Also if the index lists it as idle: the lock decides.
        const auto refused = remove_run(writer.dir(), false);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message.find("another rig"), std::string::npos)
            << refused.error().message;
        EXPECT_FALSE(remove_run(writer.dir(), true));
        EXPECT_TRUE(load_run(writer.dir()));
    }
    prune({0, {}, false, true}, true); // its writer is gone
    EXPECT_TRUE(run_folders(results()).empty());
}

TEST_F(Prune, BootsAloneLeaveARunThatIsReportedTheSame) {
    const auto old = make_run(0);
    make_run(1);
    std::ofstream(old / "boots/0000-ipi-0/console.log") << std::string(3 << 20, 'x');
    const auto before = read_record(old);
    const auto text = prune({1, {}, true, false}, true);
    EXPECT_NE(text.find("3.0 MiB"), std::string::npos) << text;
    EXPECT_FALSE(fs::exists(old / "boots"));
    auto after = read_record(old);
    EXPECT_FALSE(after.boots_kept);
    EXPECT_TRUE(Index::open(results())->find(after.id)->value() == after);
    after.boots_kept = true;
    EXPECT_TRUE(after == before);
    EXPECT_NE(prune({1, {}, true, false}, true).find("its boots are gone already"),
              std::string::npos);
}

TEST_F(Prune, WhatAnEarlierOneLeftGoesWithTheNext) {
    make_run(0);
    fs::create_directories(results() / ".trash-1-x/boots");
    EXPECT_NE(prune({1, {}, false, false}, false).find(".trash-1-x"), std::string::npos);
    EXPECT_EQ(trash_in(results()).size(), 1u);
    prune({1, {}, false, false}, true);
    EXPECT_TRUE(trash_in(results()).empty());
}

} // namespace
} // namespace rig
