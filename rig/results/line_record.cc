// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/results/line_record.h"

#include "plugin/counts_file.h"
#include "rig/base/files.h"
#include "rig/boot/counts_file.h"
#include "rig/kernel/line_map_json.h"
#include "rig/results/run_store.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr unsigned kFormat = 1;
constexpr std::size_t kMostMaps = 200;     // two for each arm but the baseline
constexpr std::size_t kMostFunctions = 16; // of one map
constexpr std::size_t kMostBoots = 200'000;

json to_json(const LineCount& count) {
    return json::array({count.count_pass, count.latency_pass, count.rest});
}

std::optional<LineCount> count_from(const json& value) {
    if (!value.is_array() || value.size() != 3) return std::nullopt;
    for (const auto& one : value)
        if (!one.is_number_unsigned()) return std::nullopt;
    return LineCount{value[0].get<std::uint64_t>(), value[1].get<std::uint64_t>(),
                     value[2].get<std::uint64_t>()};
}

// Of a boot whose folder is gone.
const BootLines* kept_of(const std::vector<BootLines>& kept, const BootId& boot) {
    const auto found = std::find_if(kept.begin(), kept.end(), [&](const BootLines& one) {
        return one.arm == boot.arm && one.index == boot.index;
    });
    return found == kept.end() ? nullptr : &*found;
}

BootLines boot_lines(const fs::path& run, const LineEvidence& lines,
                     const std::vector<BootLines>& kept, const BootId& boot) {
    const auto file = folder_of(run, boot) / kCountsFile;
    BootLines none;
    none.arm = boot.arm;
    none.index = boot.index;
    std::error_code error;
    if (!fs::is_regular_file(file, error) || fs::file_size(file, error) > RIG_COUNTS_MAX_BYTES) {
        if (const auto* one = kept_of(kept, boot)) return *one;
        none.why_not = "its instructions were not counted";
        return none;
    }
    const auto counts = InstructionCounts::parse(slurp(file));
    if (!counts) {
        none.why_not = fmt::format("{}: {}", file.filename().string(), counts.error().message);
        return none;
    }
    const auto maps = lines.of_arm(boot.arm);
    // There may be more: functions whose instructions are a metric.
    if (!covers(counts->layout().ranges, joined(ranges_of(maps), counts->layout().step))) {
        none.why_not = "its counts belong to other lines";
        return none;
    }
    return count_boot(maps, boot.arm, boot.index, *counts);
}

Result<std::vector<BootLines>> kept_counts(const fs::path& run) {
    std::vector<BootLines> kept;
    const auto file = run / kLineCountsFile;
    std::error_code error;
    if (!fs::exists(file, error)) return kept;
    const auto value = json::parse(slurp(file), nullptr, false);
    RIG_TRY(reader, JsonReader::open(value, file.string()));
    RIG_TRY(boots, reader.objects("boots", kMostBoots));
    for (const auto& one : boots) {
        RIG_TRY(boot, boot_lines_from_json(one));
        kept.push_back(std::move(boot));
    }
    RIG_CHECK(reader.finish());
    return kept;
}

} // namespace

json to_json(const LineEvidence& lines) {
    json maps = json::array();
    for (const auto& one : lines.maps)
        maps.push_back({{"arm", one.arm},
                        {"against", one.against},
                        {"map", to_json(one.map)},
                        {"entries", one.entries}});
    return {{"format", kFormat}, {"why_not", lines.why_not}, {"maps", std::move(maps)}};
}

Result<LineEvidence> line_evidence_from_json(const json& value, const std::string& file) {
    LineEvidence lines;
    RIG_TRY(reader, JsonReader::open(value, file));
    unsigned format = 0;
    RIG_CHECK(reader.whole("format", format));
    if (format != kFormat)
        return fail(FaultDomain::Host, fmt::format("{}: format {}, want {} (written by another "
                                                   "version of rig)",
                                                   file, format, kFormat));
    RIG_CHECK(reader.text("why_not", lines.why_not));
    RIG_TRY(maps, reader.objects("maps", kMostMaps));
    for (auto& one : maps) {
        ArmLineMap arm;
        RIG_CHECK(one.text("arm", arm.arm));
        RIG_CHECK(one.text("against", arm.against));
        RIG_CHECK(one.map("entries", arm.entries, kMostFunctions));
        RIG_TRY(inner, one.object("map"));
        RIG_TRY(map, line_map_from_json(inner));
        arm.map = std::move(map);
        RIG_CHECK(one.finish());
        lines.maps.push_back(std::move(arm));
    }
    RIG_CHECK(reader.finish());
    return lines;
}

json to_json(const BootLines& boot) {
    json lines = json::array(), entries = json::object();
    for (const auto& map : boot.lines) {
        auto& one = lines.emplace_back(json::array());
        for (const auto& count : map)
            one.push_back(count ? to_json(*count) : json(nullptr));
    }
    for (const auto& [function, count] : boot.entries)
        entries[function] = to_json(count);
    return {{"arm", boot.arm},     {"index", boot.index},       {"why_not", boot.why_not},
            {"exact", boot.exact}, {"lines", std::move(lines)}, {"entries", std::move(entries)}};
}

Result<BootLines> boot_lines_from_json(JsonReader reader) {
    BootLines boot;
    RIG_CHECK(reader.text("arm", boot.arm));
    RIG_CHECK(reader.whole("index", boot.index));
    RIG_CHECK(reader.text("why_not", boot.why_not));
    RIG_CHECK(reader.boolean("exact", boot.exact));
    RIG_TRY(lines, reader.value("lines"));
    RIG_TRY(entries, reader.value("entries"));
    const auto wrong = [&](const char* what) {
        return fail(FaultDomain::Host,
                    fmt::format("{} boot {}: {}: want counts of three whole numbers each", boot.arm,
                                boot.index, what));
    };
    if (!lines->is_array() || !entries->is_object()) return wrong("lines, entries");
    for (const auto& map : *lines) {
        if (!map.is_array()) return wrong("lines");
        auto& one = boot.lines.emplace_back();
        for (const auto& value : map) {
            const auto count = count_from(value);
            if (!count && !value.is_null()) return wrong("lines");
            one.push_back(count);
        }
    }
    for (const auto& [function, value] : entries->items()) {
        const auto count = count_from(value);
        if (!count) return wrong("entries");
        boot.entries[function] = *count;
    }
    RIG_CHECK(reader.finish());
    return boot;
}

Status save_line_counts(const fs::path& run, const LineEvidence& lines) {
    json boots = json::array();
    for (const auto& boot : lines.boots)
        boots.push_back(to_json(boot));
    return write_atomically(
        run / kLineCountsFile,
        json{{"boots", std::move(boots)}}.dump(-1, ' ', false, json::error_handler_t::replace) +
            "\n");
}

Status save_lines(const fs::path& run, const LineEvidence& lines) {
    return write_atomically(run / kLinesFile,
                            to_json(lines).dump(1, ' ', false, json::error_handler_t::replace) +
                                "\n");
}

Result<LineEvidence> load_lines(const fs::path& run, const std::vector<Sample>& samples) {
    const auto file = run / kLinesFile;
    std::error_code error;
    if (!fs::exists(file, error)) return LineEvidence{};
    RIG_TRY(lines,
            line_evidence_from_json(json::parse(slurp(file), nullptr, false), file.string()));
    if (lines.maps.empty()) return lines;
    RIG_TRY(kept, kept_counts(run));
    for (const auto& sample : samples)
        lines.boots.push_back(boot_lines(run, lines, kept, sample.id));
    return lines;
}

} // namespace rig
