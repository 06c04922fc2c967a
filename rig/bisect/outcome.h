// SPDX-License-Identifier: GPL-2.0-or-later
// The outcome of the test of a revision, and the purpose of the test, with their words in the log
// and in the text. Pure.
#pragma once

#include "rig/bisect/bisect_search.h"

#include <optional>
#include <string_view>

namespace rig {

enum class Outcome { Good, Bad, Unclear, Unbuildable, Unbootable, NotExercised, Splatted };
const char* words(Outcome outcome); // "good", ..., "unbuildable"
std::optional<Outcome> outcome_named(std::string_view word);
Mark fingerprint_of(Outcome outcome);

enum class Purpose { GoodEnd, BadEnd, Step, Alone, Without, Look };
const char* words(Purpose purpose); // "good end", "bad end", "step", "alone", "without", "look"
std::optional<Purpose> purpose_named(std::string_view word);

} // namespace rig
