// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/splat_evidence.h"

#include <utility>

namespace rig {
namespace {

// Kinds whose stack follows the headline without an announcing line.
bool stack_follows(SplatKind kind) {
    return kind == SplatKind::Kfence || kind == SplatKind::Kcsan || kind == SplatKind::Kmsan;
}

// A corrupted end of a stack is detected at a random point, as a stall is: attribute both in the
// same way.
SplatKind kind_of(const Headline& headline) {
    return headline.title.find("corrupted stack end") != std::string::npos
               ? SplatKind::StackOverflow
               : headline.kind;
}

} // namespace

SplatEvidence::SplatEvidence(const Headline& headline, std::string_view line)
    : kind_(kind_of(headline)), named_(headline.function), in_stack_(stack_follows(headline.kind)),
      about_held_(headline.kind == SplatKind::Lockdep &&
                  headline.title.find(" held") != std::string::npos) {
    note(line);
}

void SplatEvidence::note(std::string_view text) {
    if (places_.size() >= kMaxFrames) return;
    if (auto at = code_place(text))
        if (auto name = symbol_in(at->symbol); !name.empty())
            places_.emplace(std::move(name), std::move(*at));
}

void SplatEvidence::take(std::string_view text) {
    note(text);
    if (begins_stack(text)) {
        in_stack_ = true;
        if (!frames_.empty() && frames_.size() < kMaxFrames) frames_.emplace_back();
        return;
    }
    if (ends_stacks(text)) {
        in_stack_ = false;
        return;
    }
    if (auto symbol = instruction_symbol(text); !symbol.empty()) {
        if (instruction_.empty()) instruction_ = symbol;
        if (in_stack_ && frames_.size() < kMaxFrames) frames_.push_back(std::move(symbol));
        return;
    }
    if (constexpr std::string_view last = "last function: ";
        named_.empty() && text.starts_with(last)) // a workqueue function that leaked a lock
        named_ = symbol_in(text.substr(last.size()));
    if (kind_ == SplatKind::Lockdep && lock_place_.empty()) {
        lock_place_ = std::exchange(lock_follows_, text.ends_with(" at:")) ? trace_symbol(text)
                                                                           : lock_place(text);
        if (!lock_place_.empty()) return;
    }
    if (!in_stack_ || frames_.size() >= kMaxFrames) return;
    if (auto symbol = trace_symbol(text); !symbol.empty()) frames_.push_back(std::move(symbol));
}

std::string SplatEvidence::guilty() const {
    if (about_held_ && !lock_place_.empty()) return lock_place_;
    auto found = guilty_function(kind_, named_, instruction_, frames_);
    return found.empty() ? lock_place_ : found;
}

std::optional<CodePlace> SplatEvidence::place_of(const std::string& function) const {
    const auto known = places_.find(function);
    if (known == places_.end()) return std::nullopt;
    return known->second;
}

} // namespace rig
