// SPDX-License-Identifier: GPL-2.0-or-later
// What came of a suite, as plain data: of every point its checks, and whether it holds. Moments are
// UTC, "2026-02-23T10:32:48Z".
#pragma once

#include "rig/base/error.h"
#include "rig/report/plot.h"

#include <string>
#include <vector>

namespace rig {

enum class CheckVerdict { Holds, Fails, Open };

struct CheckResult {
    std::string what;     // "configs/exit.toml with guest.vcpus=8"
    bool control = false; // it had to fail
    CheckVerdict verdict = CheckVerdict::Open;
    std::string found; // "AS EXPECTED: 5 hold", the compiler's error, "all 3 texts are there"
    std::vector<std::string> evidence; // "sync IPIs: ipi 240, reviewed 0 (−100 %)"
    std::string run;                   // folder of the run or the log, empty if there is none
};

struct PointResult {
    std::string id, claim, answer;
    std::vector<CheckResult> checks;
    std::vector<Plot> plots = {}; // over the values of its sweeps
    CheckVerdict verdict() const; // Fails before Open before Holds
};

struct SuiteResult {
    std::string name, description, started, ended;
    std::vector<std::string> command; // what reproduces it
    std::string dir;
    std::vector<PointResult> points;
    Exit exit() const;
};

} // namespace rig
