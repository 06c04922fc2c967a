// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/older_options.h"

#include "rig/workloads/older_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>
#include <utility>

namespace rig {
namespace {

// Older name, today's name.
constexpr std::pair<std::string_view, std::string_view> kOptions[] = {
    {"--fresh", "--no-resume"},      {"--least-effect", "--min-effect"},
    {"--most-boots", "--max-boots"}, {"--no-look", "--no-spot-checks"},
    {"--side", "--boots-per-side"},
};

} // namespace

NewerWords with_newer_names(const std::vector<std::string>& words) {
    NewerWords out;
    std::vector<std::string> renamed;
    bool options = true, verdict = false;
    for (auto word : words) {
        if (word == "--") options = false;
        const std::string_view whole(word);
        for (const auto& [before, now] : kOptions)
            if (options && whole.substr(0, whole.find('=')) == before) {
                renamed.push_back(fmt::format("{} is now {}", before, now));
                word = std::string(now) + word.substr(before.size());
                break;
            }
        const bool inline_verdict = options && word.starts_with("--verdict=");
        if (verdict || inline_verdict) {
            const auto start = inline_verdict ? std::string("--verdict=").size() : 0;
            const auto before = word.substr(start);
            const auto now = older::verdict(before);
            if (now != before) renamed.push_back(fmt::format("verdict {} is now {}", before, now));
            word = word.substr(0, start) + now;
        }
        verdict = options && word == "--verdict";
        out.words.push_back(std::move(word));
    }
    if (!renamed.empty()) out.deprecation = fmt::format("deprecated: {}", fmt::join(renamed, ", "));
    return out;
}

} // namespace rig
