// SPDX-License-Identifier: GPL-2.0-or-later
// Times as run.json writes them: UTC, "2026-02-23T10:32:48Z".
#pragma once

#include <chrono>
#include <cstdio>
#include <fmt/chrono.h>
#include <optional>
#include <string>

namespace rig {

inline std::string utc_text(std::chrono::system_clock::time_point moment) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(moment)));
}

// nullopt for any other format, and for a date that does not exist.
inline std::optional<std::chrono::sys_seconds> moment_of(const std::string& text) {
    unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    int length = 0;
    if (std::sscanf(text.c_str(), "%4u-%2u-%2uT%2u:%2u:%2uZ%n", &year, &month, &day, &hour, &minute,
                    &second, &length) != 6 ||
        length != 20 || text.size() != 20)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                           std::chrono::month(month), std::chrono::day(day)};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
}

} // namespace rig
