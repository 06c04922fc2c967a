// SPDX-License-Identifier: GPL-2.0-or-later
// rig-nightly.service and rig-nightly.timer as text: a night as systemd runs it. Pure.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rig {

struct UnitOptions {
    bool system = false;                         // else for the user's own systemd
    std::filesystem::path rig;                   // the program, absolute
    std::filesystem::path top;                   // the project's top, absolute: where it runs
    std::filesystem::path results, cache;        // absolute: what may be written
    std::vector<std::filesystem::path> writable; // more of it: where messages are appended
    bool email = false; // through a local sendmail, which writes its queue, and is set-group-ID for
                        // who is not root
    std::vector<std::string> arguments; // behind `rig`: {"nightly", "configs/nightly.toml"}
    std::string on_calendar = "*-*-* 01:00";
    unsigned budget_minutes = 240;
};

inline constexpr const char* kServiceUnit = "rig-nightly.service";
inline constexpr const char* kTimerUnit = "rig-nightly.timer";

// File name -> text. FaultDomain::Spec for a calendar or a path that would be another line of a
// unit.
Result<std::map<std::string, std::string>> systemd_units(const UnitOptions& options);

// One word of ExecStart= or ReadWritePaths=: quoted where that is needed, specifiers (%) and, for a
// command line, variables ($) taken literally.
std::string unit_word(const std::string& word, bool command);

} // namespace rig
