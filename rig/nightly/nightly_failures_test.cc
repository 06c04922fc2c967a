// SPDX-License-Identifier: GPL-2.0-or-later
// Tests of failed expectations and their incidents.
#include "rig/nightly/nightly.h"

#include "rig/testing/night_fixture.h"

namespace rig {
namespace {

namespace fs = std::filesystem;
using fixture::NightlyTest;
using Pairs = std::set<std::pair<std::string, std::string>>;

// A run and a re-run that fail different expectations confirm nothing.
TEST_F(NightlyTest, OnlyTheSameFailureConfirmsAFailure) {
    use_one_cell();
    nights_.failing = [](unsigned, unsigned run) {
        return run == 2   ? Pairs{{"sync_ipis", "reviewed"}}
               : run == 3 ? Pairs{{"target_latency", "reviewed"}}
                          : Pairs{};
    };
    night();
    nights_.next_evening();
    auto result = night();
    ASSERT_EQ(result.night.cells[0].confirmations.size(), 1u);
    EXPECT_EQ(result.night.cells[0].confirmations[0].what, "sync_ipis in reviewed");
    EXPECT_EQ(result.night.cells[0].confirmations[0].outcome, "not confirmed");
    EXPECT_TRUE(result.book.incidents.empty());
    // Neither does a failure of the same metric in another arm. If two arms failed, only the one
    // that failed again is reported.
    nights_.failing = [](unsigned, unsigned run) {
        return run == 4               ? Pairs{{"sync_ipis", "ipi"}}
               : run == 5 || run == 7 ? Pairs{{"sync_ipis", "reviewed"}}
               : run == 6             ? Pairs{{"sync_ipis", "ipi"}, {"sync_ipis", "reviewed"}}
                                      : Pairs{};
    };
    nights_.next_evening();
    EXPECT_TRUE(night().book.incidents.empty());
    nights_.next_evening();
    result = night();
    ASSERT_EQ(result.book.incidents.size(), 1u);
    EXPECT_EQ(result.book.incidents[0].arms, std::vector<std::string>{"reviewed"});
}

// Two expectations of one cell fail and hold again at different times. Neither hides the other.
TEST_F(NightlyTest, EachExpectationIsAnIncidentOfItsOwn) {
    use_one_cell();
    nights_.culprits = {4, 8, 12, 16};
    nights_.failing = [](unsigned commit, unsigned) {
        Pairs failed;
        if (commit >= 4 && commit < 12)
            failed.insert({{"sync_ipis", "ipi"}, {"sync_ipis", "reviewed"}});
        if (commit >= 8 && commit < 16) failed.insert({"target_latency", "reviewed"});
        return failed;
    };
    for (const unsigned head : {1, 3, 5, 7, 9, 11, 13, 15, 17}) {
        nights_.head = head;
        night();
        nights_.next_evening();
    }
    ASSERT_EQ(nights_.sent.size(), 4u) << fmt::format("{}", fmt::join(subjects(), "\n"));
    const std::vector<std::tuple<const char*, const char*, const char*>> wanted{
        {"1-opened-bisected", "broken: sync_ipis in ipi, reviewed (",
         "cause: 000000000004 patch 4"},
        {"2-opened-bisected", "broken: target_latency in reviewed (",
         "cause: 000000000008 patch 8"},
        {"1-fixed", "passes again: sync_ipis in ipi, reviewed (", "fix: 00000000000c patch 12"},
        {"2-fixed", "passes again: target_latency in reviewed (", "fix: 000000000010 patch 16"}};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto& [id, subject, text] = wanted[i];
        EXPECT_EQ(fixture::brief_id(nights_.sent[i]), id);
        EXPECT_NE(nights_.sent[i].subject.find(subject), std::string::npos)
            << nights_.sent[i].subject;
        EXPECT_NE(nights_.sent[i].text.find(text), std::string::npos) << nights_.sent[i].text;
    }
    for (const auto& request : nights_.searched)
        EXPECT_EQ(request.metric, ""); // the verdict
    EXPECT_FALSE(load_book(nights_.results)->regression_open());
}

TEST_F(NightlyTest, ExpectationsThatFailTogetherAreOneSearch) {
    use_one_cell();
    nights_.culprits = {2};
    nights_.failing = [](unsigned commit, unsigned) {
        return commit >= 2 ? Pairs{{"sync_ipis", "ipi"}, {"target_latency", "ipi"}} : Pairs{};
    };
    night();
    nights_.next_evening();
    nights_.head = 3;
    night();
    EXPECT_EQ(nights_.sent.size(), 2u) << fmt::format("{}", fmt::join(subjects(), "\n"));
    for (const auto& message : nights_.sent)
        EXPECT_NE(message.text.find("patch 2"), std::string::npos) << message.text;
    EXPECT_EQ(nights_.searched.size(), 1u);
    EXPECT_EQ(nights_.ran.size(), 3u); // and one re-run
}

// A bisection skips commits that splat, so three nights of searches would find nothing.
TEST_F(NightlyTest, ASplatIsToldWithoutASearch) {
    use_one_cell();
    nights_.failing = [](unsigned commit, unsigned) {
        return commit >= 2 ? Pairs{{"splat: WARNING: x", "ipi"}} : Pairs{};
    };
    night();
    nights_.next_evening();
    nights_.head = 3;
    night();
    ASSERT_EQ(nights_.sent.size(), 1u) << fmt::format("{}", fmt::join(subjects(), "\n"));
    EXPECT_NE(nights_.sent[0].text.find("not found by bisection"), std::string::npos)
        << nights_.sent[0].text;
    EXPECT_TRUE(nights_.searched.empty());
}

TEST_F(NightlyTest, AnotherConfigurationOnTheSameResultsLeavesSearchesAlone) {
    use_one_cell();
    const auto first = nights_.config;
    nights_.failing = [](unsigned commit, unsigned) {
        return commit >= 2 ? Pairs{{"sync_ipis", "ipi"}} : Pairs{};
    };
    night();
    nights_.next_evening();
    nights_.head = 3;
    EXPECT_TRUE(night().book.incidents.at(0).cause.wanted); // nothing found yet
    const auto searched = nights_.searched.size();
    nights_.culprits = {2};
    nights_.failing = [](auto&&...) { return Pairs{}; };
    // A configuration without the cell, and one with a cell of that name that follows no tree.
    auto without = first, other = first;
    without.text += "# without", without.cells[0].name = "another";
    other.text += "# other", other.cells[0].follow.reset(), other.cells[0].bisect = false;
    for (const auto& second : {without, other}) {
        nights_.next_evening();
        nights_.config = second;
        const auto cause = night().book.incidents.at(0).cause;
        EXPECT_TRUE(cause.wanted);
        EXPECT_EQ(cause.why_not, "the two ends do not differ");
    }
    EXPECT_EQ(nights_.searched.size(), searched);
    nights_.next_evening();
    nights_.config = first;
    EXPECT_TRUE(night().book.incidents.at(0).cause.found);
}

// What docs/how-to/run-nightly.md recommends for a damaged book. Incidents are counted from 1
// again, and their messages get other ids.
TEST_F(NightlyTest, ABookThatIsBegunAnewReusesNoMessageId) {
    use_one_cell();
    nights_.failing = [](auto&&...) { return Pairs{{"sync_ipis", "ipi"}}; };
    nights_.send = [this](const std::string& channel, const Message& message) {
        nights_.sent.push_back(message);
        return channel == "file" ? append_message(top_ / "messages.jsonl", message) : Status();
    };
    const auto evening = nights_.now;
    night();
    fs::rename(nights_.results / "nightly/incidents.json", top_ / "away.json");
    fs::remove_all(nights_.results / "nightly");
    nights_.now = evening; // even if the night starts in the same second
    night();
    ASSERT_EQ(nights_.sent.size(), 2u);
    EXPECT_EQ(fixture::brief_id(nights_.sent[0]), fixture::brief_id(nights_.sent[1]));
    EXPECT_NE(nights_.sent[0].id, nights_.sent[1].id);
    const auto text = slurp(top_ / "messages.jsonl");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
    // A book keeps its token.
    const auto token = load_book(nights_.results)->token;
    EXPECT_EQ(token.size(), 16u);
    EXPECT_EQ(load_book(nights_.results)->token, token);
}

} // namespace
} // namespace rig
