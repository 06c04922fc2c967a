// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/profiled_boot.h"

#include "rig/base/files.h"
#include "rig/base/text.h"
#include "rig/boot/profile_boot.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

constexpr std::size_t kShown = 10;

std::string window_text(const Profile& profile, unsigned window) {
    auto text = fmt::format("  {}: {} instructions", window_words(window), profile.total(window));
    if (const auto& span = profile.clock[window])
        text += fmt::format("; from event 1 to event {} {} instructions, {} ns, {} ns idle",
                            span->events, span->instructions, span->ns, span->idle_ns());
    text += "\n";
    auto rows = profile.rows;
    std::erase_if(rows, [&](const ProfileRow& row) { return row.instructions[window] == 0; });
    std::stable_sort(rows.begin(), rows.end(), [&](const ProfileRow& a, const ProfileRow& b) {
        return a.instructions[window] > b.instructions[window];
    });
    std::uint64_t rest = profile.total(window);
    const auto shown = std::min(kShown, rows.size());
    for (std::size_t i = 0; i < shown; ++i) {
        const auto& row = rows[i];
        rest -= row.instructions[window];
        text += fmt::format("  {:>14} {:>10}  {}\n", row.instructions[window],
                            row.calls[window] ? std::to_string(row.calls[window]) : "",
                            printable(row.name));
    }
    if (shown < rows.size())
        text += fmt::format("  {:>14} {:>10}  {} more, together\n", rest, "", rows.size() - shown);
    return text;
}

} // namespace

Result<std::string> profiled_boot_text(const std::filesystem::path& evidence) {
    const auto file = evidence / kProfileFile;
    const auto json = nlohmann::json::parse(slurp(file), nullptr, false);
    auto profile =
        json.is_discarded() ? fail(FaultDomain::Host, "no JSON") : profile_from_json(json);
    if (!profile)
        return fail(FaultDomain::Host,
                    fmt::format("{}: {}", file.string(), profile.error().message));
    if (const auto why = unusable(*profile); !why.empty())
        return fmt::format("  ! the profile is not shown: {}\n", why);
    auto text = fmt::format("  {:>14} {:>10}  profile\n", "instructions", "calls");
    for (const unsigned window : {RIG_WINDOW_COUNT_PASS, RIG_WINDOW_LATENCY_PASS, RIG_WINDOW_REST})
        text += window_text(*profile, window);
    return text;
}

} // namespace rig
