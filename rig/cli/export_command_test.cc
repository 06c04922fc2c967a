// SPDX-License-Identifier: GPL-2.0-or-later
// The content of the formats is tested next to the renderers, and by tests/exports.py with
// validators.
#include "rig/cli/export_command.h"

#include "rig/base/files.h"
#include "rig/results/run_store.h"
#include "rig/testing/profile_fixture.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using rig::testing::TempTree;

CommandOptions line_of(std::string format) {
    CommandOptions line;
    line.run = std::filesystem::path(RIG_TESTDATA) / "runs/20261126-101046-batch-alloc-fail";
    line.format = std::move(format);
    return line;
}

std::string error_of(const CommandOptions& line) {
    const auto output = export_command(line, CommonOptions{});
    if (output) return "";
    EXPECT_EQ(output.error().fault_domain, FaultDomain::Spec) << output.error().message;
    return output.error().message;
}

TEST(ExportCommand, EveryFormatToStdoutOrAFile) {
    const TempTree dir;
    for (const auto& format : export_formats()) {
        if (format == "folded" || format == "lcov") continue; // of other runs, see below
        auto line = line_of(format);
        const auto shown = export_command(line, CommonOptions{});
        ASSERT_TRUE(shown) << format << ": " << shown.error().message;
        EXPECT_GT(shown->text.size(), 1000u) << format;
        EXPECT_EQ(shown->exit, Exit::Pass);
        line.out = dir.put(format, "old");
        const auto written = export_command(line, CommonOptions{});
        ASSERT_TRUE(written) << written.error().message;
        EXPECT_EQ(written->text, "");
        EXPECT_EQ(slurp(line.out), shown->text);
    }
}

TEST(ExportCommand, AnOptionThatDoesNotFitIsRefusedBeforeAnythingIsRead) {
    EXPECT_EQ(error_of(line_of("tap")),
              "--format tap: accepted: ktap, junit, kcidb, csv, benchstat, folded, lcov");
    auto line = line_of("ktap");
    line.run = "/nonexistent";
    line.raw = true;
    EXPECT_EQ(error_of(line), "--raw with --format ktap: it is for csv, accepted: csv or no --raw");
    line.raw = false;
    line.origin = "lab";
    EXPECT_EQ(error_of(line),
              "--origin with --format ktap: it is for kcidb, accepted: kcidb or no --origin");
    line.format = "kcidb";
    line.origin = "My-Lab";
    EXPECT_EQ(error_of(line),
              "--origin 'My-Lab': accepted: lower-case letters, digits and '_', at least one");
}

TEST(ExportCommand, FoldedNeedsAProfile) {
    const TempTree dir;
    auto line = line_of("folded");
    EXPECT_NE(error_of(line).find("no boot of "), std::string::npos) << error_of(line);
    EXPECT_NE(error_of(line).find("want a run of rig compare --profile"), std::string::npos);
    std::filesystem::copy(line.run, dir / "run", std::filesystem::copy_options::recursive);
    line.run = dir / "run";
    const auto run = load_run(line.run);
    ASSERT_TRUE(run) << run.error().message;
    dir.put("run/boots/" + boot_folder(run->samples[0].id) + "/profile.json",
            to_json(fixture::profile_with({fixture::counted_row("munmap", 30, 3)})).dump());
    const auto shown = export_command(line, CommonOptions{});
    ASSERT_TRUE(shown) << shown.error().message;
    EXPECT_EQ(shown->text, run->samples[0].id.arm + ";count pass;kernel;munmap 30\n");
}

TEST(ExportCommand, WhatCannotBeWrittenLeavesNothing) {
    const TempTree dir;
    auto line = line_of("csv");
    line.out = dir / "none/run.csv";
    EXPECT_TRUE(error_of(line).starts_with("--out " + line.out.string() + ": ")) << error_of(line);
    EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
    line.run = dir.path();
    EXPECT_NE(error_of(line), "") << "no run";
}

} // namespace
} // namespace rig
