// SPDX-License-Identifier: GPL-2.0-or-later
// Collects, line by line, what a splat's report reveals about the function to blame. Pure, bounded
// memory.
#pragma once

#include "rig/guest_output/guilty_function.h"

#include <map>

namespace rig {

class SplatEvidence {
 public:
    SplatEvidence() = default;
    SplatEvidence(const Headline& headline, std::string_view line);

    void take(std::string_view text); // a line below the headline, without time stamp and caller
    bool has_stack() const { return !frames_.empty(); }
    std::string guilty() const; // "" if unknown
    // The address within `function`, from the first line that names it.
    std::optional<CodePlace> place_of(const std::string& function) const;

 private:
    void note(std::string_view text);

    SplatKind kind_ = SplatKind::Bug;
    std::string named_, instruction_; // see guilty_function()
    Frames frames_;
    bool in_stack_ = false;
    // For splats about a lock: the function that took it, or is to release it. If the splat reports
    // a lock that is still held, that function is to blame.
    bool about_held_ = false, lock_follows_ = false;
    std::string lock_place_;
    std::map<std::string, CodePlace, std::less<>> places_; // by function: its first address
};

} // namespace rig
