// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/kernel_words.h"

#include "guest/protocol/protocol.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {
namespace {

// The position of the mark of a program's line; npos if the line is the kernel's. The same bytes
// within the line's text are no mark.
std::size_t mark_in(std::string_view line) {
    const auto at = line.find(guest::kUserSpace);
    if (at == line.npos) return at;
    const auto head = parse_console_line(std::string(line.substr(0, at)));
    return head.seconds && line.starts_with('[') && line[at - 1] == ']' && head.text.empty()
               ? at
               : line.npos;
}

// The line as the console shows it.
ConsoleLine as_shown(std::string_view line) {
    ConsoleLines reader;
    ConsoleLine out;
    const auto take = [&](std::string text) { out = parse_console_line(std::move(text)); };
    reader.feed(line, take);
    reader.finish(take);
    return out;
}

} // namespace

std::string ProgramLines::key(const ConsoleLine& line) {
    return fmt::format("{:.6f} {} {}", line.seconds.value_or(0), line.caller, line.text);
}

LoggedWords words_of(std::string_view kernel_log) {
    LoggedWords words;
    for (std::size_t from = 0; from < kernel_log.size();) {
        const auto end = std::min(kernel_log.find('\n', from), kernel_log.size());
        const auto line = kernel_log.substr(from, end - from);
        from = end + 1;
        if (const auto mark = mark_in(line); mark != line.npos)
            words.programs.add(as_shown(
                std::string(line.substr(0, mark)) +
                std::string(line.substr(mark + std::string_view(guest::kUserSpace).size()))));
        else
            words.kernels.append(line).append("\n");
    }
    for (std::size_t from = 0; from < words.kernels.size();) {
        const auto end = words.kernels.find('\n', from);
        words.programs.remove(as_shown(std::string_view(words.kernels).substr(from, end - from)));
        from = end + 1;
    }
    return words;
}

} // namespace rig
