// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/incidents.h"

#include "rig/testing/night_fixture.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

// Has runs 0..n-1, one a night, and a step of one arm among them.
class IncidentsTest : public ::testing::Test {
 protected:
    void SetUp() override {
        for (unsigned i = 0; i < 30; ++i) {
            RunRecord run;
            run.id = fmt::format("202602{:02}-010000-a", i + 1);
            run.started = fmt::format("2026-02-{:02}T01:00:00Z", i + 1);
            run.revision = fixture::FakeNights::commit(i);
            records_.push_back(run);
        }
        for (const auto& run : records_)
            runs_.push_back(&run);
    }
    static Step step_at(std::size_t at, double before, double after, double spread = 0) {
        return {"target_latency",
                "ns",
                after > before,
                at,
                0.005,
                {{"reviewed", before, after, before - spread, before + spread}}};
    }
    StepMeaning meaning(const Step& step) {
        return meaning_of(step, "cell", runs_, book_, "2026-02-01T00:00:00Z", options_);
    }
    Incident& open(const Step& step) {
        Incident incident;
        incident.cell = "cell", incident.metric = step.metric, incident.unit = step.unit,
        incident.direction = step.rose ? "rose" : "fell", incident.levels = step.levels;
        incident.cause.span = span_of(step, runs_);
        return open_incident(book_, incident, "20260210-010000");
    }
    std::vector<RunRecord> records_;
    std::vector<const RunRecord*> runs_;
    IncidentBook book_ = [] {
        IncidentBook book;
        book.token = "0123456789abcdef";
        return book;
    }();
    ChangePointOptions options_ = [] {
        ChangePointOptions options;
        options.min_effect = 0.005;
        return options;
    }();
};

TEST_F(IncidentsTest, AStepOpensOnceThoughItsPlaceMoves) {
    EXPECT_EQ(meaning(step_at(10, 100, 120)).what, StepMeaning::Opens);
    open(step_at(10, 100, 120));
    EXPECT_EQ(meaning(step_at(10, 100, 120)).what, StepMeaning::Known);
    EXPECT_EQ(meaning(step_at(12, 100, 120)).what, StepMeaning::Known);
    EXPECT_EQ(meaning(step_at(13, 100, 120)).what,
              StepMeaning::Opens); // three runs later, so it is another step
    auto other = step_at(10, 100, 120);
    other.metric = "sync_ipis";
    EXPECT_EQ(meaning(other).what, StepMeaning::Opens);
}

TEST_F(IncidentsTest, StepsBeforeTheFirstNightAreKnown) {
    EXPECT_EQ(
        meaning_of(step_at(10, 100, 120), "cell", runs_, book_, "2026-02-12T00:00:00Z", options_)
            .what,
        StepMeaning::Known);
    EXPECT_EQ(
        meaning_of(step_at(11, 100, 120), "cell", runs_, book_, "2026-02-12T00:00:00Z", options_)
            .what,
        StepMeaning::Opens);
}

TEST_F(IncidentsTest, AFallToTheLevelBeforeIsAFixAndAnyOtherIsNot) {
    const auto id = open(step_at(10, 100, 120, 2)).id;
    EXPECT_EQ(meaning(step_at(15, 120, 100.4)).fixes,
              std::vector<unsigned>{id}); // within min_effect
    // Within the range of the old level.
    EXPECT_EQ(meaning(step_at(15, 120, 102)).what, StepMeaning::Fixes);
    EXPECT_EQ(meaning(step_at(15, 120, 90)).what, StepMeaning::Fixes); // better than before
    // Only half of the regression is gone.
    EXPECT_EQ(meaning(step_at(15, 120, 110)).what, StepMeaning::Improves);
    // Before the incident opened.
    EXPECT_EQ(meaning(step_at(5, 120, 100)).what, StepMeaning::Improves);
    auto other_arm = step_at(15, 120, 100);
    other_arm.levels[0].arm = "ipi";
    EXPECT_EQ(meaning(other_arm).what, StepMeaning::Improves);
    Culprit fix;
    fix.span = span_of(step_at(15, 120, 100), runs_);
    mark_fixed(book_.incidents[0], fix, "20260218-010000");
    EXPECT_EQ(meaning(step_at(15, 120, 100)).what, StepMeaning::Known);
    // It came back: a new incident.
    EXPECT_EQ(meaning(step_at(20, 100, 120)).what, StepMeaning::Opens);
    EXPECT_FALSE(book_.regression_open());
}

// Of a rate less is worse: what a rise is to a latency, a fall is to it.
TEST_F(IncidentsTest, ARateThatFallsIsARegressionAndOneThatRisesBackIsFixed) {
    const auto rate = [](std::size_t at, double before, double after) {
        auto step = step_at(at, before, after, 2);
        step.metric = "throughput", step.unit = "per_second";
        return step;
    };
    EXPECT_EQ(meaning(rate(10, 100, 120)).what, StepMeaning::Improves);
    EXPECT_EQ(meaning(rate(10, 120, 100)).what, StepMeaning::Opens);
    const auto id = open(rate(10, 120, 100)).id;
    EXPECT_TRUE(book_.incidents[0].is_regression());
    EXPECT_TRUE(book_.regression_open());
    EXPECT_EQ(meaning(rate(10, 120, 100)).what, StepMeaning::Known);
    EXPECT_EQ(meaning(rate(15, 100, 119.6)).fixes, std::vector<unsigned>{id}); // within min_effect
    EXPECT_EQ(meaning(rate(15, 100, 118)).what, StepMeaning::Fixes); // within the old level's range
    EXPECT_EQ(meaning(rate(15, 100, 150)).what, StepMeaning::Fixes);
    EXPECT_EQ(meaning(rate(15, 100, 110)).what, StepMeaning::Improves);
    EXPECT_EQ(meaning(rate(15, 100, 90)).what, StepMeaning::Opens);
    auto improved = book_.incidents[0];
    improved.direction = "rose";
    EXPECT_FALSE(improved.is_regression());
    improved.direction = "broken";
    EXPECT_TRUE(improved.is_regression());
}

TEST_F(IncidentsTest, TwoStepsUpMayBeFixedByOneDown) {
    open(step_at(5, 100, 110));
    open(step_at(10, 110, 120));
    EXPECT_EQ(meaning(step_at(15, 120, 110)).fixes, std::vector<unsigned>{2});
    EXPECT_EQ(meaning(step_at(15, 120, 100)).fixes, (std::vector<unsigned>{1, 2}));
}

TEST_F(IncidentsTest, WhatWasDismissedComesUpAgainWithTwiceTheRuns) {
    book_.dismissed.push_back({"cell", "target_latency", "rose", runs_[20]->id, "night", 5});
    EXPECT_EQ(meaning(step_at(21, 100, 120)).what, StepMeaning::Known); // nine runs after it
    EXPECT_EQ(meaning(step_at(20, 100, 120)).what, StepMeaning::Opens); // ten runs after it
}

TEST_F(IncidentsTest, MessagesAreOnePerIncidentAndNight) {
    auto& incident = open(step_at(10, 10500, 12600));
    incident.cause.found = true;
    incident.cause.candidates = {"0123456789ab mm: slow\033[31m things down"};
    incident.untold.emplace_back("bisected");
    write_messages(book_, {"file", "email"});
    ASSERT_EQ(book_.outbox.size(), 1u);
    EXPECT_EQ(book_.outbox[0].id, "1-20260210-010000-0123456789abcdef-opened-bisected");
    EXPECT_EQ(book_.outbox[0].pending, (std::vector<std::string>{"file", "email"}));
    EXPECT_NE(book_.outbox[0].text.find("target_latency rose, 10.5 µs to 12.6 µs in reviewed"),
              std::string::npos)
        << book_.outbox[0].text;
    EXPECT_EQ(book_.outbox[0].text.find('\033'), std::string::npos);
    write_messages(book_, {"file", "email"});
    EXPECT_EQ(book_.outbox.size(), 1u);
}

TEST_F(IncidentsTest, ClosingByHandNeedsAnOpenOne) {
    open(step_at(10, 100, 120));
    const auto none = close_incident(book_, 7, "why", "n");
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message.find("open are: 1"), std::string::npos) << none.error().message;
    EXPECT_TRUE(book_.regression_open());
    ASSERT_TRUE(close_incident(book_, 1, "accepted", "n"));
    EXPECT_FALSE(book_.regression_open());
    EXPECT_NE(incident_text(book_.incidents[0]).find("closed by hand in night n: accepted"),
              std::string::npos);
    EXPECT_FALSE(close_incident(book_, 1, "again", "n"));
}

TEST_F(IncidentsTest, TheBookRoundTripsAndRefusesWhatIsNone) {
    open(step_at(10, 100, 120));
    book_.dismissed.push_back({"cell", "m", "rose", "run", "night", 3});
    write_messages(book_, {"file"});
    const auto text = book_json(book_);
    const auto again = book_from_json(text, "x.json");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(book_json(*again), text);
    EXPECT_NE(book_from_json("{}", "x.json").error().message.find("x.json"), std::string::npos);
    EXPECT_NE(book_from_json(replaced(text, "\"format\": 1", "\"format\": 9"), "x.json")
                  .error()
                  .message.find("format 9, want 1"),
              std::string::npos);
    EXPECT_FALSE(book_from_json(replaced(text, "\"last_id\": 1", "\"last_id\": \"1\""), "x.json"));
}

// A book from before incidents had an expectation and books had a token.
TEST_F(IncidentsTest, AnEarlierRigsBookIsRead) {
    open(step_at(10, 100, 120));
    auto old = nlohmann::json::parse(book_json(book_));
    old.erase("token");
    for (const char* key : {"expectation", "arms"})
        old["incidents"][0].erase(key);
    const auto book = book_from_json(old.dump(), "x.json");
    ASSERT_TRUE(book) << book.error().message;
    EXPECT_EQ(book->token, "");
    EXPECT_EQ(book->incidents.at(0).metric, "target_latency");
    EXPECT_EQ(book->incidents.at(0).failure(), Failure{});
    old["incidents"][0]["metric"] = 7;
    EXPECT_FALSE(book_from_json(old.dump(), "x.json"));
}

TEST_F(IncidentsTest, AnOpenIncidentCoversItsOwnArmsOnly) {
    Incident incident;
    incident.cell = "cell", incident.direction = "broken", incident.expectation = "sync_ipis",
    incident.arms = {"ipi"};
    open_incident(book_, incident, "20260210-010000");
    const Failure both{"sync_ipis", {"ipi", "reviewed"}};
    EXPECT_EQ(unknown(both, "cell", book_), (Failure{"sync_ipis", {"reviewed"}}));
    EXPECT_EQ(unknown({"sync_ipis", {"ipi"}}, "cell", book_), Failure{});
    EXPECT_EQ(unknown(both, "another cell", book_), both);
    EXPECT_EQ(unknown({"latency", {"ipi"}}, "cell", book_).expectation, "latency");
    EXPECT_EQ(incident_line(book_.incidents[0]), "#1 cell: broken: sync_ipis in ipi");
    mark_fixed(book_.incidents[0], {}, "20260211-010000");
    EXPECT_EQ(unknown(both, "cell", book_), both);
    EXPECT_EQ(incident_line(book_.incidents[0]), "#1 cell: passes again: sync_ipis in ipi");
    incident.expectation = "run: panic", incident.arms.clear();
    open_incident(book_, incident, "20260212-010000");
    EXPECT_EQ(unknown({"run: panic", {}}, "cell", book_), Failure{});
    EXPECT_EQ(unknown({"run: no boot", {}}, "cell", book_), (Failure{"run: no boot", {}}));
}

TEST_F(IncidentsTest, ARangeIsWidenedByARunOnEachSide) {
    const auto span = span_of(step_at(10, 1, 2), runs_);
    EXPECT_EQ(span.good, fixture::FakeNights::commit(9));
    EXPECT_EQ(span.bad, fixture::FakeNights::commit(10));
    const auto wider = widened(span, runs_);
    EXPECT_EQ(wider.good, fixture::FakeNights::commit(8));
    EXPECT_EQ(wider.bad, fixture::FakeNights::commit(11));
    const auto first = widened(span_of(step_at(1, 1, 2), runs_), runs_);
    EXPECT_EQ(first.good, fixture::FakeNights::commit(0)); // there is no earlier run
}

} // namespace
} // namespace rig
