// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/doctor_command.h"

#include "rig/base/text.h"
#include "rig/cli/doctor.h"
#include "rig/host/artifact_cache.h"

#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {

using nlohmann::json;

Result<CommandOutput> doctor_command(const CommonOptions& common, const Environment& environment) {
    const auto findings = examine(gather(environment.runner, environment.cache.root()));
    CommandOutput output{render_doctor(findings, common.colour),
                         anything_missing(findings) ? Exit::Host : Exit::Pass};
    if (common.json) output.text = to_json(findings).dump(2) + "\n";
    return output;
}

Result<CommandOutput> cache_command(const CommandOptions& line, const CommonOptions& common,
                                    const Environment& environment) {
    std::vector<CacheEntry> entries;
    constexpr unsigned kDefaultAgeDays = 30;
    if (line.prune) {
        std::optional<std::uint64_t> limit;
        if (line.max_gib) limit = static_cast<std::uint64_t>(*line.max_gib * (1ull << 30));
        entries = environment.cache.prune(limit, line.max_age_days ? line.max_age_days
                                                 : line.max_gib
                                                     ? std::nullopt
                                                     : std::optional<unsigned>(kDefaultAgeDays));
    } else {
        entries = environment.cache.list();
    }
    json all = json::array();
    std::string text;
    std::uint64_t total = 0;
    for (const auto& entry : entries) {
        total += entry.bytes;
        all.push_back({{"kind", entry.kind},
                       {"key", entry.key},
                       {"label", entry.label},
                       {"bytes", entry.bytes},
                       {"last_used", entry.last_used}});
        text += fmt::format("{:<10} {:<12} {:>10}  {:%Y-%m-%d %H:%M}  {}\n", entry.kind,
                            entry.key.substr(0, 12), size_text(entry.bytes),
                            fmt::gmtime(static_cast<std::time_t>(entry.last_used)), entry.label);
    }
    text +=
        fmt::format("{} {} in {} ({})\n", line.prune ? "removed" : "total", size_text(total),
                    environment.cache.root().string(), fmt::format("{} entries", entries.size()));
    json read_only = json::array();
    for (const auto& folder : environment.cache.read_only()) {
        read_only.push_back(folder.string());
        text += fmt::format("read-only, not listed: {}\n", folder.string());
    }
    if (common.json)
        text = json{{"root", environment.cache.root().string()},
                    {"read_only", read_only},
                    {"entries", all},
                    {"bytes", total},
                    {"pruned", line.prune}}
                   .dump(2) +
               "\n";
    return CommandOutput{text, Exit::Pass};
}

} // namespace rig
