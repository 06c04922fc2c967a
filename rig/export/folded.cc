// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/folded.h"

#include "rig/base/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace rig {
namespace {

std::string frame(std::string_view name) {
    auto text = printable(name);
    std::replace(text.begin(), text.end(), ';', ':');
    return text;
}

// The frames above that of the function or program.
const char* above(CodeKind kind) {
    return kind == CodeKind::Function ? "kernel;" : kind == CodeKind::Program ? "user;" : "";
}

} // namespace

std::string render_folded(const std::vector<BootProfile>& boots) {
    std::map<std::string, std::uint64_t> stacks;
    for (const auto& boot : boots)
        for (unsigned window = 0; window < RIG_WINDOWS; ++window) {
            const auto root = fmt::format("{};{};", frame(boot.arm), window_words(window));
            for (const auto& row : boot.profile.rows)
                if (row.instructions[window])
                    stacks[root + above(row.kind) + frame(row.name)] += row.instructions[window];
            if (const auto& span = boot.profile.clock[window]; span && span->idle_ns())
                stacks[root + "idle"] += span->idle_ns();
        }
    std::string out;
    for (const auto& [stack, count] : stacks)
        out += fmt::format("{} {}\n", stack, count);
    return out;
}

} // namespace rig
