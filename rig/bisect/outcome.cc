// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/outcome.h"

#include <array>

namespace rig {
namespace {

constexpr std::array kOutcomes{Outcome::Good,        Outcome::Bad,        Outcome::Unclear,
                               Outcome::Unbuildable, Outcome::Unbootable, Outcome::NotExercised,
                               Outcome::Splatted};
constexpr std::array kPurposes{Purpose::GoodEnd, Purpose::BadEnd,  Purpose::Step,
                               Purpose::Alone,   Purpose::Without, Purpose::Look};

} // namespace

const char* words(Outcome outcome) {
    switch (outcome) {
    case Outcome::Good:
        return "good";
    case Outcome::Bad:
        return "bad";
    case Outcome::Unclear:
        return "unclear";
    case Outcome::Unbuildable:
        return "unbuildable";
    case Outcome::Unbootable:
        return "unbootable";
    case Outcome::NotExercised:
        return "unexposed";
    case Outcome::Splatted:
        return "complained";
    }
    return "unclear";
}

const char* words(Purpose purpose) {
    switch (purpose) {
    case Purpose::GoodEnd:
        return "good end";
    case Purpose::BadEnd:
        return "bad end";
    case Purpose::Step:
        return "step";
    case Purpose::Alone:
        return "alone";
    case Purpose::Without:
        return "without";
    case Purpose::Look:
        return "look";
    }
    return "step";
}

std::optional<Outcome> outcome_named(std::string_view word) {
    for (const auto one : kOutcomes)
        if (word == words(one)) return one;
    return std::nullopt;
}

std::optional<Purpose> purpose_named(std::string_view word) {
    for (const auto one : kPurposes)
        if (word == words(one)) return one;
    return std::nullopt;
}

Mark fingerprint_of(Outcome outcome) {
    return outcome == Outcome::Good ? Mark::Good : outcome == Outcome::Bad ? Mark::Bad : Mark::Skip;
}

} // namespace rig
