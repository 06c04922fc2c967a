// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/regression_report.h"

#include "rig/base/text.h"

#include <gtest/gtest.h>
#include <sstream>

namespace rig {
namespace {

const std::string kGood(40, 'a'), kBad(40, 'b');

Incident stepped() {
    Incident incident;
    incident.cell = "batch-alloc-fail/v4", incident.metric = "target_latency";
    incident.unit = "ns", incident.direction = "rose";
    incident.levels = {{"reviewed", 10500, 12600, 10400, 10600}};
    incident.state = "opened", incident.opened = "20260210-010000";
    incident.cause.span = {"20260209-010000-x", "20260210-010000-x", kGood, kBad, {}};
    incident.seen.command = {"rig",
                             "compare",
                             "configs/batch-alloc-fail.toml",
                             "--vcpus",
                             "4",
                             "--set",
                             "workload.tables=8",
                             "--seed",
                             "12345"};
    incident.seen.injected = "80 a boot in ipi, 80 a boot in reviewed";
    return incident;
}

TEST(RegressionReport, HasRangeFiguresCommandFaultsAndRegzbotsLine) {
    const auto text = regression_report(stepped());
    for (const auto& part : {std::string("target_latency rose in batch-alloc-fail/v4"),
                             std::string("target_latency reviewed: 12.6 µs, was 10.5 µs"),
                             "Range: " + kGood.substr(0, 12) + ".." + kBad.substr(0, 12),
                             std::string("Faults were injected: 80 a boot in ipi"),
                             std::string("To reproduce:\n  rig compare configs/"),
                             "#regzbot introduced: " + kGood + ".." + kBad})
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        EXPECT_TRUE(line.starts_with("#regzbot") || display_width(line) <= 72u) << line;
}

TEST(RegressionReport, ACommitIsNamedOnlyIfTheSearchNamedOne) {
    auto incident = stepped();
    incident.cause.found = true;
    incident.cause.candidates = {"0123456789ab mm: gather twice"};
    EXPECT_EQ(regzbot_line(incident.cause), "#regzbot introduced: 0123456789ab");
    EXPECT_NE(regression_report(incident).find("Cause, by bisection: 0123456789ab mm: gather"),
              std::string::npos);
    incident.cause.candidates.push_back("ba9876543210 mm: another");
    EXPECT_EQ(regzbot_line(incident.cause), "#regzbot introduced: " + kGood + ".." + kBad);
    // A patch of a series has no commit, and its name is no command to a robot.
    incident.cause.candidates = {"0007-mm-slow.patch\n#regzbot introduced: evil"};
    incident.cause.span.good.clear();
    EXPECT_EQ(regzbot_line(incident.cause), "");
    EXPECT_EQ(regression_report(incident).find("\n#regzbot"), std::string::npos);
    incident.cause.span.good = incident.cause.span.bad; // the tree is the same
    EXPECT_EQ(regzbot_line(incident.cause), "");
}

TEST(RegressionReport, ARangeIsNoCauseIfMoreChangedOrTheSearchRefusedIt) {
    auto incident = stepped();
    incident.cause.span.also = {"QEMU"};
    EXPECT_EQ(regzbot_line(incident.cause), "");
    EXPECT_NE(regression_report(incident).find("Between them also differ: QEMU"),
              std::string::npos);
    incident = stepped();
    incident.cause.why_not = "the ends do not differ in target_latency";
    EXPECT_EQ(regzbot_line(incident.cause), "");
    EXPECT_NE(regression_report(incident).find("Not found by bisection: the ends do not differ"),
              std::string::npos);
}

TEST(RegressionReport, FaultsThatAreNotKnownAreNotDenied) {
    auto incident = stepped();
    incident.seen.injected.clear();
    EXPECT_NE(regression_report(incident).find("Whether faults were injected is not known"),
              std::string::npos);
    incident.seen.injected = kNoFaults;
    EXPECT_NE(regression_report(incident).find("no fault was injected"), std::string::npos);
}

TEST(RegressionReport, OnlyOfARegressionThatIsOpen) {
    auto incident = stepped();
    EXPECT_NE(regression_report(incident), "");
    incident.direction = "fell"; // an improvement
    EXPECT_EQ(regression_report(incident), "");
    incident = stepped();
    mark_fixed(incident, {}, "20260211-010000");
    EXPECT_EQ(regression_report(incident), "");
}

TEST(RegressionReport, AMessageEndsWithIt) {
    IncidentBook book;
    book.token = "t";
    open_incident(book, stepped(), "20260210-010000");
    write_messages(book, {"file"});
    ASSERT_EQ(book.outbox.size(), 1u);
    EXPECT_TRUE(book.outbox[0].text.ends_with(regression_report(book.incidents[0])));
    const auto again = book_from_json(book_json(book), "x.json");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->incidents[0].seen.injected, stepped().seen.injected);
    EXPECT_EQ(again->incidents[0].seen.command, stepped().seen.command);
}

TEST(RegressionReport, AFailedExpectationHasItsFigures) {
    RunRecord run;
    run.command = {"rig", "compare", "x.toml"};
    MetricRecord latency;
    latency.metric = "target_latency", latency.arm = "reviewed", latency.unit = "ns";
    latency.median = 16e6, latency.ratio = 3639, latency.ratio_low = 3638;
    latency.ratio_high = 3640, latency.declared = "at most ×2";
    MetricRecord injections;
    injections.metric = "injections", injections.arm = "ipi", injections.unit = "count";
    injections.median = 80;
    run.metrics = {latency, injections};
    const auto seen = seen_in(run, "target_latency", {"reviewed"});
    EXPECT_EQ(seen.figures,
              std::vector<std::string>{"reviewed: 16.0 ms, ×3639 [×3638, ×3640] against the first "
                                       "arm; declared: at most ×2"});
    EXPECT_EQ(seen.injected, "80 a boot in ipi");
    EXPECT_TRUE(seen_in(run, "target_latency", {"ipi"}).figures.empty());
    run.metrics[1].median = 0;
    EXPECT_EQ(seen_in(run, "", {}).injected, kNoFaults);
    run.metrics.clear(); // a panic in the first boot
    EXPECT_EQ(seen_in(run, "", {}).injected, "");
    Incident incident;
    incident.cell = "cell", incident.direction = "broken", incident.expectation = "target_latency";
    incident.arms = {"reviewed"}, incident.seen = seen;
    EXPECT_NE(regression_report(incident).find("target_latency reviewed: 16.0 ms, ×3639"),
              std::string::npos)
        << regression_report(incident);
}

} // namespace
} // namespace rig
