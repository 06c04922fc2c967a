// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/lcov.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <map>
#include <optional>

namespace rig {
namespace {

// geninfo(1): letters, digits and underscores.
std::string test_name(std::string_view arm) {
    std::string name(arm);
    std::replace_if(
        name.begin(), name.end(),
        [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return name;
}

// The sum over the boots of the arm; nullopt: none counted the line.
std::optional<std::uint64_t> total(const LineEvidence& lines, std::string_view arm,
                                   std::size_t place, std::size_t line) {
    std::optional<std::uint64_t> sum;
    for (const auto& boot : lines.boots) {
        if (boot.arm != arm || place >= boot.lines.size() || line >= boot.lines[place].size())
            continue;
        if (const auto& count = boot.lines[place][line])
            sum = sum.value_or(0) + count->count_pass + count->latency_pass;
    }
    return sum;
}

} // namespace

std::string render_lcov(const LineEvidence& lines, std::string_view arm) {
    // The baseline has the same line in its maps against several arms: it ran as often in each.
    std::map<std::string, std::map<unsigned, std::uint64_t>> files;
    const auto maps = lines.of_arm(arm);
    for (std::size_t place = 0; place < maps.size(); ++place) {
        const auto& mapped = maps[place]->map.lines;
        for (std::size_t i = 0; i < mapped.size(); ++i) {
            if (mapped[i].border) continue;
            const auto sum = total(lines, arm, place, i);
            if (!sum || (is_bound(mapped[i].reason) && *sum > 0)) continue;
            files[mapped[i].file][mapped[i].line] = *sum;
        }
    }
    std::string out;
    for (const auto& [file, counts] : files) {
        out += fmt::format("TN:{}\nSF:{}\n", test_name(arm), file);
        std::size_t hit = 0;
        for (const auto& [line, count] : counts) {
            out += fmt::format("DA:{},{}\n", line, count);
            hit += count > 0;
        }
        out += fmt::format("LF:{}\nLH:{}\nend_of_record\n", counts.size(), hit);
    }
    return out;
}

} // namespace rig
