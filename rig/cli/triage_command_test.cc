// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/triage_command.h"

#include "rig/testing/fake_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

namespace rig {
namespace {

using nlohmann::json;
using rig::testing::exits;
using rig::testing::FakeCommandRunner;
using rig::testing::TempTree;

constexpr const char* kConsole = "[    1.000001] BUG: unable to handle page fault for address: 10\n"
                                 "[    1.000002] RIP: 0010:strlen+0x3/0x10\n"
                                 "[    1.000003] Call Trace:\n"
                                 "[    1.000004]  my_open.isra.0+0x11/0x20\n"
                                 "[    1.000005] ---[ end trace 0000000000000000 ]---\n";

std::string triaged(TriageOptions line, bool as_json, CommandRunner& runner,
                    const std::string& input = "") {
    CommonOptions common;
    common.json = as_json;
    std::istringstream in(input);
    const auto output = triage_command(line, common, runner, in);
    if (!output) return "error: " + output.error().message;
    EXPECT_EQ(output->exit, Exit::Pass);
    return output->text;
}

TEST(TriageCommand, OneObjectPerFileAndLine) {
    const TempTree dir;
    FakeCommandRunner runner;
    const auto bad = dir.put("bad.log", kConsole), good = dir.put("good.log", "[    1.0] fine\n");
    std::istringstream lines(triaged({{bad, good}, {}}, true, runner));
    std::string first, second, third;
    std::getline(lines, first);
    std::getline(lines, second);
    EXPECT_FALSE(std::getline(lines, third));
    EXPECT_EQ(json::parse(first), (json{{"path", bad.string()},
                                        {"splats",
                                         {{{"kind", "oops"},
                                           {"title", "BUG: unable to handle page fault"},
                                           {"function", "strlen"},
                                           {"guilty", "my_open"},
                                           {"count", 1}}}}}));
    EXPECT_EQ(json::parse(second), (json{{"path", good.string()}, {"splats", json::array()}}));
}

TEST(TriageCommand, InWordsAndFromStandardInput) {
    FakeCommandRunner runner;
    for (const auto& line : {TriageOptions{}, TriageOptions{{"-"}, {}}})
        EXPECT_EQ(triaged(line, false, runner, kConsole),
                  "standard input:\n"
                  "  oops: BUG: unable to handle page fault, in strlen (1 ×)\n"
                  "    guilty: my_open\n"
                  "\nA console does not tell what a program wrote to /dev/kmsg from the kernel's "
                  "words; such lines count as the kernel's.\n");
    EXPECT_EQ(triaged({}, false, runner, ""), "standard input: no kernel splat found\n");
}

TEST(TriageCommand, FileAndLineComeFromTheDebugInformation) {
    const TempTree dir;
    const auto log = dir.put("a.log", kConsole), vmlinux = dir.put("vmlinux", "ELF");
    FakeCommandRunner runner;
    runner.on({"nm"}, exits(0, "ffffffff81000000 T _text\nffffffff81000100 t my_open.isra.0\n"
                               "0000000000000010 D my_open.isra.0\n"));
    // The call is before its return address.
    runner.on({"addr2line", "0xffffffff81000110"}, exits(0, "fs/mine.c:12 (discriminator 2)\n"));
    EXPECT_EQ(json::parse(triaged({{log}, vmlinux}, true, runner))["splats"][0]["line"],
              "fs/mine.c:12");
    EXPECT_NE(triaged({{log}, vmlinux}, false, runner).find("    guilty: my_open, fs/mine.c:12\n"),
              std::string::npos);
    // A function without debug information, or two functions with one name: no line is better than
    // a wrong one.
    runner.on({"addr2line", "0xffffffff81000110"}, exits(0, "??:0\n"));
    EXPECT_FALSE(
        json::parse(triaged({{log}, vmlinux}, true, runner))["splats"][0].contains("line"));
    runner.on({"nm"}, exits(0, "ffffffff81000100 t my_open.isra.0\n"
                               "ffffffff81000200 t my_open.isra.0\n"));
    EXPECT_FALSE(
        json::parse(triaged({{log}, vmlinux}, true, runner))["splats"][0].contains("line"));
}

TEST(TriageCommand, WhatCannotBeReadIsNamed) {
    const TempTree dir;
    FakeCommandRunner runner;
    const auto log = dir.put("a.log", kConsole);
    EXPECT_TRUE(triaged({{"/no/such.log"}, {}}, true, runner)
                    .starts_with("error: /no/such.log: cannot read it: No such file"));
    EXPECT_NE(triaged({{dir.path()}, {}}, true, runner).find("is a folder, want a file"),
              std::string::npos);
    EXPECT_TRUE(triaged({{log}, "/no/vmlinux"}, true, runner)
                    .starts_with("error: --vmlinux /no/vmlinux: cannot read it: No such file"));
    runner.on({"nm"}, exits(1, "nm: x: file format not recognized\n"));
    const auto error = triaged({{log}, log}, true, runner);
    EXPECT_NE(error.find("exit code 1: nm: x: file format not recognized"), std::string::npos)
        << error;
}

} // namespace
} // namespace rig
