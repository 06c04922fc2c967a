// SPDX-License-Identifier: GPL-2.0-or-later
// A small program for tests of man pages and completion.
#pragma once

#include "rig/help/program_help.h"

namespace rig {

inline ProgramHelp small_program() {
    ProgramHelp out;
    out.name = "rig";
    out.version = "1.2";
    out.text = "rig - tests patches\n\nBuilds kernels.\n\nExamples:\n  rig doctor   can it run?\n";
    out.details = "Exit codes:\n  0  pass\n  1  fail";
    out.options = {{{"--json"}, "", {}, "Print JSON", "", false, false},
                   {{"--quiet", "-q"}, "", {}, "No progress", "", false, false},
                   {{"--results"}, "TEXT", {}, "Folder of the runs", "results", false, false},
                   {{"--color"}, "TEXT", {"auto", "never"}, "Colours", "auto", false, false}};
    CommandHelp compare{"compare", "Experiments", "Boot and compare", "", {}, {}};
    compare.details = "Examples:\n  rig compare x.toml   'quoted' \\ text\n\nLong text.\n\n"
                      "Exit codes: 0 done, 3 host fault.";
    compare.arguments = {{{"SPEC"}, "TEXT", {}, "Experiment file", "", true, false}};
    compare.options = {
        {{"--arm"}, "TEXT", {}, "Arm of the experiment", "", false, false},
        {{"--set"}, "TEXT", {}, "KEY=VALUE:\n  a  first\n  b  second", "", false, true}};
    CommandHelp explain{"explain", "Runs", "Explain a metric", "", {}, {}};
    explain.arguments = {{{"RUN"}, "TEXT", {}, "Run", "", true, false},
                         {{"METRIC"}, "TEXT", {}, "Metric", "", true, false}};
    CommandHelp triage{"triage", "Tools", "Find splats", "", {}, {}};
    triage.arguments = {{{"FILE"}, "TEXT", {}, "Logs", "", false, true}};
    out.commands = {compare, explain, triage};
    return out;
}

} // namespace rig
