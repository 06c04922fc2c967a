// SPDX-License-Identifier: GPL-2.0-or-later
// The subject of a mail with a patch: "Re: [RFC PATCH net-next v2 03/12] net: count drops". Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace rig {

// "v2", or "v2.1". A subject without one is of version 1.
struct PatchVersion {
    unsigned major = 1, minor = 0;
    auto operator<=>(const PatchVersion&) const = default;
    std::string text() const;
};

struct PatchSubject {
    bool reply = false; // it begins with "Re:", in one of the languages of mail programs
    bool patch = false; // a bracket in front of the title says "PATCH" or "RFC", or has a number
    PatchVersion version;
    struct Number {
        unsigned at = 0, total = 0; // "0/N" is a cover letter
    };
    std::optional<Number> number;
    std::string title; // without "Re:" and without the brackets that were understood
};

PatchSubject parse_subject(std::string_view subject);

} // namespace rig
