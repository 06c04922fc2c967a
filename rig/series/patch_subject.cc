// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/patch_subject.h"

#include "rig/base/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>

namespace rig {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

// The length of "Re: " or "AW[2]: " in front; 0 if there is none.
std::size_t reply_mark(std::string_view subject) {
    const auto small = lower(subject.substr(0, 16));
    for (const std::string_view word : {"re", "aw", "sv", "vs", "antw", "odp"}) {
        if (!small.starts_with(word)) continue;
        auto at = word.size();
        if (at < small.size() && small[at] == '[') {
            const auto end = small.find(']', at);
            if (end == std::string::npos || !whole_number(small.substr(at + 1, end - at - 1)))
                continue;
            at = end + 1;
        }
        if (at < small.size() && small[at] == ':') return at + 1;
    }
    return 0;
}

std::optional<PatchVersion> version_in(std::string_view word) {
    if (word.starts_with("patch")) word.remove_prefix(5); // "PATCHv2"
    if (!word.starts_with("v")) return std::nullopt;
    word.remove_prefix(1);
    const auto dot = word.find('.');
    const auto major = whole_number(word.substr(0, dot));
    const auto minor = dot == std::string_view::npos ? 0U : whole_number(word.substr(dot + 1));
    if (!major || !minor) return std::nullopt;
    return PatchVersion{*major, *minor};
}

// Takes what is understood of the words in a bracket. False: the bracket belongs to the title.
bool take_bracket(std::string_view inner, PatchSubject& subject) {
    auto words = lower(inner);
    std::replace(words.begin(), words.end(), ',', ' '); // patchwork writes "[v2,3/4]"
    bool understood = false;
    std::optional<unsigned> before_of;
    std::string last;
    for (std::size_t at = 0; at < words.size();) {
        const auto start = words.find_first_not_of(' ', at);
        if (start == std::string::npos) break;
        at = std::min(words.find(' ', start), words.size());
        const auto word = words.substr(start, at - start);
        const auto slash = word.find('/');
        std::optional<unsigned> number, total;
        if (slash != std::string::npos) {
            number = whole_number(word.substr(0, slash));
            total = whole_number(word.substr(slash + 1));
        } else if (last == "of" && before_of) { // "1 of 3"
            number = before_of;
            total = whole_number(word);
        }
        if (number && total) {
            subject.number = PatchSubject::Number{*number, *total};
            understood = true;
        } else if (const auto version = version_in(word)) {
            subject.version = *version;
            understood = true;
        } else if (word.find("patch") != std::string::npos || word == "rfc") {
            understood = true;
        }
        if (last != "of" && word == "of") before_of = whole_number(last);
        last = word;
    }
    subject.patch = subject.patch || understood;
    return understood;
}

} // namespace

std::string PatchVersion::text() const {
    return minor ? fmt::format("v{}.{}", major, minor) : fmt::format("v{}", major);
}

PatchSubject parse_subject(std::string_view subject) {
    PatchSubject out;
    std::string kept; // brackets of the title itself, such as "[media]"
    while (true) {
        subject = stripped(subject, " \t");
        if (const auto mark = reply_mark(subject); mark && kept.empty()) {
            out.reply = true;
            subject.remove_prefix(mark);
            continue;
        }
        const auto end = subject.find(']');
        if (!subject.starts_with("[") || end == std::string_view::npos) break;
        if (!take_bracket(subject.substr(1, end - 1), out))
            kept += std::string(subject.substr(0, end + 1)) + " ";
        subject.remove_prefix(end + 1);
    }
    out.title = trimmed(kept + std::string(subject));
    return out;
}

} // namespace rig
