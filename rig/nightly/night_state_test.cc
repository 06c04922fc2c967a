// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/night_state.h"

#include "rig/testing/spec_project.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

Night night_of(std::vector<CellResult> cells) {
    Night night;
    night.id = "20260223-010000", night.config = "configs/nightly.toml",
    night.started = "2026-02-23T01:00:00Z", night.spent = 3725;
    night.cells = std::move(cells);
    return night;
}
CellResult cell_of(const std::string& state, const std::string& verdict = "",
                   const std::string& why = "") {
    CellResult cell;
    cell.cell = "a/v4", cell.state = state, cell.verdict = verdict, cell.why = why;
    if (!verdict.empty())
        cell.run = "20260223-010203-a", cell.seconds = 600, cell.closing = "closing " + verdict;
    return cell;
}

TEST(NightState, TheExitIsOfTheWorstThatIsCertain) {
    IncidentBook none, open;
    Incident incident;
    incident.direction = "rose";
    open_incident(open, incident, "n");
    const auto good = cell_of("done", "pass"), broken = cell_of("done", "fail"),
               unclear = cell_of("done", "inconclusive"), host = cell_of("host fault", "", "disk"),
               late = cell_of("not run", "", "no time left"),
               unmakable = cell_of("no run", "", "a patch does not apply");
    EXPECT_EQ(night_of({good, late}).exit(none), Exit::Pass);
    EXPECT_EQ(night_of({good}).exit(open), Exit::Fail);
    EXPECT_EQ(night_of({host, unclear}).exit(open), Exit::Fail);
    EXPECT_EQ(night_of({good, host}).exit(none), Exit::Host);
    // There are not only host faults.
    EXPECT_EQ(night_of({host, unclear}).exit(none), Exit::Inconclusive);
    EXPECT_EQ(night_of({good, unmakable}).exit(none), Exit::Inconclusive);
    EXPECT_EQ(night_of({broken}).exit(none), Exit::Inconclusive); // the failure was not confirmed
    EXPECT_EQ(night_of({late}).exit(none),
              Exit::Inconclusive); // nothing ran, so nothing passed
    // A step that its re-run did not confirm is resolved. One whose re-run the host failed is not.
    auto stepped = good;
    stepped.confirmations.push_back({"target_latency rose", "not confirmed", "", "run"});
    EXPECT_EQ(night_of({stepped}).exit(none), Exit::Pass);
    stepped.confirmations[0].outcome = "host fault";
    EXPECT_EQ(night_of({stepped}).exit(none), Exit::Inconclusive);
    const auto left_out = cell_of("left out", "", "nothing of it changed");
    EXPECT_EQ(night_of({left_out, left_out}).exit(none), Exit::Pass);
    EXPECT_EQ(night_of({left_out, late}).exit(none), Exit::Inconclusive);
    incident.direction = "fell";
    open_incident(none, incident, "n");
    EXPECT_EQ(night_of({good}).exit(none), Exit::Pass);
}

TEST(NightState, TheTableShowsEveryCellAndWhy) {
    auto broken = cell_of("done", "fail");
    broken.confirmations.push_back({"the verdict", "not confirmed",
                                    "the re-run came out as-expected: fine", "20260223-020000-a"});
    const auto night =
        night_of({cell_of("done", "pass"), broken, cell_of("not run", "", "no time left: x"),
                  cell_of("host fault", "", "disk\033[2Jfull"),
                  cell_of("no run", "", "a patch does not apply")});
    const auto text = night_text(night, {}, false);
    for (const char* part :
         {"5 cells, 1 h 02 min spent", "pass", "closing fail",
          "the verdict: not confirmed by 20260223-020000-a", "not run: no time left: x",
          "host fault: disk?[2Jfull", "no run: a patch does not apply", "no regression is open",
          "inconclusive"})
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    EXPECT_EQ(text.find('\033'), std::string::npos);
    EXPECT_NE(night_text(night, {}, true).find("\033[32mpass"), std::string::npos);
    EXPECT_NE(night_report_json(night, {}).find("\"exit\": 4"), std::string::npos);
}

TEST(NightState, MetricsSayWhatRanHowItEndedAndHowLongItTook) {
    Night night;
    night.config = "nightly";
    night.started = "2026-02-23T01:00:00Z";
    night.spent = 90;
    CellResult done, resumed, left;
    done.cell = "a/v2", done.state = "done", done.run = "1", done.verdict = "pass",
    done.seconds = 60;
    resumed.cell = "a/v4", resumed.state = "done", resumed.run = "2", resumed.verdict = "fail",
    resumed.seconds = 30, resumed.resumed = true;
    left.cell = "b", left.state = "not run";
    CellResult unbuilt; // no run: the patched kernel does not build
    unbuilt.cell = "c", unbuilt.state = "done", unbuilt.verdict = "fail";
    night.cells = {done, resumed, left, unbuilt};
    IncidentBook book;
    book.incidents.resize(3);
    book.incidents[1].fixed = "later";
    const auto text = night_metrics(night, book);
    const auto has = [&](const std::string& line) {
        return text.find("\n" + line + "\n") != text.npos;
    };
    for (const auto* line :
         {"rig_night_start_timestamp_seconds{config=\"nightly\"} 1771808400",
          "rig_night_duration_seconds{config=\"nightly\"} 90",
          "rig_night_cells{config=\"nightly\",state=\"done\"} 3",
          "rig_night_cell_verdict{config=\"nightly\",cell=\"c\",verdict=\"fail\"} 1",
          "rig_night_cells{config=\"nightly\",state=\"not run\"} 1",
          "rig_night_cell_verdict{config=\"nightly\",cell=\"a/v4\",verdict=\"fail\"} 1",
          "rig_night_cell_duration_seconds{config=\"nightly\",cell=\"a/v2\"} 60",
          "rig_night_open_incidents{config=\"nightly\"} 2"})
        EXPECT_TRUE(has(line)) << line << "\n" << text;
    EXPECT_EQ(text.find("duration_seconds{config=\"nightly\",cell=\"a/v4\"}"), text.npos)
        << "a resumed run took longer than this night";
    EXPECT_EQ(text.find("rig_night_end_timestamp_seconds{"), text.npos) << "it has not ended";
    EXPECT_TRUE(has("rig_night_exit_code{config=\"nightly\"} " +
                    std::to_string(static_cast<int>(night.exit(book)))));
}

TEST(NightState, FilesRoundTripAndRefuseWhatIsNone) {
    const auto text = night_json(night_of({cell_of("done", "pass")}));
    const auto night = night_from_json(text, "night.json");
    ASSERT_TRUE(night) << night.error().message;
    EXPECT_EQ(night_json(*night), text);
    // Older names of verdicts.
    EXPECT_EQ(
        night_json(*night_from_json(replaced(text, "\"pass\"", "\"as-expected\""), "night.json")),
        text);
    // A file from before a cell had these keys is read. A key of another type is an error.
    const auto old = replaced(replaced(text, "\"began\": \"\",", ""), "\"resumed\": false,", "");
    ASSERT_EQ(old.find("began"), std::string::npos);
    ASSERT_EQ(old.find("resumed"), std::string::npos);
    EXPECT_EQ(night_json(*night_from_json(old, "night.json")), text);
    EXPECT_FALSE(
        night_from_json(replaced(text, "\"resumed\": false", "\"resumed\": 0.5"), "night.json"));
    EXPECT_FALSE(night_from_json(replaced(text, "\"format\": 1", "\"format\": 2"), "night.json"));
    EXPECT_NE(night_from_json("[", "night.json").error().message.find("night.json"),
              std::string::npos);
    CellMemory memory;
    memory.last = "2026-02-23T01:00:00Z", memory.parts.source = "git:a";
    const auto again = memory_from_json(memory_json({{"a/v4", memory}}), "cells.json");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->at("a/v4").parts, memory.parts);
    EXPECT_FALSE(memory_from_json(text, "cells.json"));
}

} // namespace
} // namespace rig
