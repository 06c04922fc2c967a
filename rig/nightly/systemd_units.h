// SPDX-License-Identifier: GPL-2.0-or-later
// The text of rig-nightly.service and rig-nightly.timer. Pure.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rig {

struct UnitOptions {
    bool system = false;                  // false: for systemd of the user
    std::filesystem::path rig;            // path of the program, absolute
    std::filesystem::path top;            // top folder of the project, absolute: the working folder
    std::filesystem::path results, cache; // absolute; writable for the service
    // More writable folders: where messages are appended.
    std::vector<std::filesystem::path> writable;
    // Messages go through a local sendmail. It writes its queue, and is set-group-ID unless root
    // calls it.
    bool email = false;
    std::vector<std::string> arguments; // after `rig`: {"nightly", "configs/nightly.toml"}
    std::string on_calendar = "*-*-* 01:00";
    unsigned budget_minutes = 240;
};

inline constexpr const char* kServiceUnit = "rig-nightly.service";
inline constexpr const char* kTimerUnit = "rig-nightly.timer";

// File name -> text. FaultDomain::Spec for a calendar or a path that would add a line to a unit.
Result<std::map<std::string, std::string>> systemd_units(const UnitOptions& options);

// One word of ExecStart= or ReadWritePaths=. Quoted if needed. Specifiers (%) and, on a command
// line, variables ($) are taken literally.
std::string unit_word(const std::string& word, bool command);

} // namespace rig
