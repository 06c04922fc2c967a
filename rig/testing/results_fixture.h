// SPDX-License-Identifier: GPL-2.0-or-later
// A project with a results folder, for tests of code that reads many runs. The real RunWriter fills
// it with made-up samples.
#pragma once

#include "rig/results/run_store.h"
#include "rig/testing/run_fixture.h"
#include "rig/testing/spec_project.h"
#include "rig/testing/temp_tree.h"

#include <chrono>
#include <optional>
#include <string>

namespace rig {

class ResultsProject : public SpecProject {
 protected:
    std::filesystem::path results() const { return top_ / "results"; }

    static RunInfo info_of(const std::string& started = "2026-02-23T10:32:48Z") {
        auto info = fixture::make_run(fixture::make_spec());
        info.spec_text = fixture::results_spec;
        info.started = started;
        info.ended = "";
        return info;
    }
    // Begins a run with `boots` boots of each arm. `minute` distinguishes runs. The run has not
    // ended, and the writer holds its lock.
    RunWriter begin(unsigned minute, unsigned boots = 8, RunInfo info = info_of()) {
        const auto start = std::chrono::system_clock::from_time_t(
            1771842768 + 60 * minute); // 2026-02-23 10:32:48 UTC
        info.started = fmt::format("2026-02-23T10:{:02}:48Z", 32 + minute);
        auto writer = RunWriter::create(results(), "batch-alloc-fail", info, start);
        EXPECT_TRUE(writer) << writer.error().message;
        for (const auto& sample : fixture::make_samples(fixture::make_spec(boots)))
            EXPECT_TRUE(writer->append(sample));
        return std::move(*writer);
    }
    // Makes the experiment of a run unreadable, like one of another version of rig with unknown
    // tables, or readable again. The file looks unchanged to the index.
    static void make_unreadable(const std::filesystem::path& dir, bool unreadable) {
        const auto file = dir / "run.json";
        const auto written = std::filesystem::last_write_time(file);
        auto text = testing::read_text(file);
        const std::string known = "[target]", other = "[tarjet]", from = unreadable ? known : other;
        ASSERT_NE(text.find(from), text.npos);
        text.replace(text.find(from), from.size(), unreadable ? other : known);
        std::ofstream(file, std::ios::binary) << text;
        std::filesystem::last_write_time(file, written);
    }
    // Makes a complete run. Returns its folder.
    std::filesystem::path make_run(unsigned minute, const std::string& failure = "",
                                   RunInfo info = info_of()) {
        auto writer = begin(minute, 8, info);
        auto ended = writer.info();
        ended.ended = fmt::format("2026-02-23T10:{:02}:59Z", 32 + minute);
        ended.failure = failure;
        EXPECT_TRUE(writer.save(ended));
        std::filesystem::create_directories(writer.dir() / "boots/0000-ipi-0");
        return writer.dir();
    }
};

} // namespace rig
