// SPDX-License-Identifier: GPL-2.0-or-later
// The result of a suite as plain data: for every point its checks and whether it holds. Times are
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
    bool control = false; // it is expected to fail
    CheckVerdict verdict = CheckVerdict::Open;
    std::string found; // "PASS: 5 hold", the compiler's error, "all 3 texts are there"
    std::vector<std::string> evidence; // "sync IPIs: ipi 240, reviewed 0 (−100 %)"
    std::string run;                   // folder of the run, or the log; empty if there is none
};

struct PointResult {
    std::string id, claim, answer;
    std::vector<CheckResult> checks;
    std::vector<Plot> plots = {}; // over the values of its sweeps
    CheckVerdict verdict() const; // Fails if any check fails, else Open if any is open, else Holds
};

struct SuiteResult {
    std::string name, description, started, ended;
    std::vector<std::string> command; // argv that reproduces it
    std::string dir;
    std::vector<PointResult> points;
    Exit exit() const;
};

} // namespace rig
