// SPDX-License-Identifier: GPL-2.0-or-later
// What a report's lines say about whom to blame, collected line by line. Pure, bounded.
#pragma once

#include "rig/guest_output/guilty_function.h"

#include <map>

namespace rig {

class SplatEvidence {
 public:
    SplatEvidence() = default;
    SplatEvidence(const Headline& headline, std::string_view line);

    void take(std::string_view text); // a line below the headline, without stamp and caller
    bool has_stack() const { return !frames_.empty(); }
    std::string guilty() const; // "" if nothing tells
    // Where in that function, of the first line that names it.
    std::optional<CodePlace> place_of(const std::string& function) const;

 private:
    void note(std::string_view text);

    SplatKind kind_ = SplatKind::Bug;
    std::string named_, instruction_; // see guilty_function()
    Frames frames_;
    bool in_stack_ = false;
    // Of a complaint about a lock: who took it, or is to release it. If the complaint is that it is
    // held, that is the one to blame.
    bool about_held_ = false, lock_follows_ = false;
    std::string lock_place_;
    std::map<std::string, CodePlace, std::less<>> places_; // by function, the first of each
};

} // namespace rig
