// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect_search.h"

#include <bit>

namespace rig {
namespace {

// The middle of the longest run of unmarked revisions strictly between `from` and `to`.
std::optional<std::size_t> middle_of_longest(const std::map<std::size_t, Mark>& marks,
                                             std::size_t from, std::size_t to) {
    std::size_t begin = from, best_begin = 0, best = 0;
    for (std::size_t k = from + 1; k <= to; ++k) {
        if (k < to && !marks.contains(k)) continue;
        if (k - begin - 1 > best) best = k - begin - 1, best_begin = begin;
        begin = k;
    }
    if (best == 0) return std::nullopt;
    return best_begin + (best + 1) / 2;
}

} // namespace

unsigned halvings(std::size_t answers) {
    return static_cast<unsigned>(std::bit_width(answers - 1));
}

SeriesSearch::SeriesSearch(std::size_t patches)
    : patches_(patches), high_(patches), marks_{{0, Mark::Good}, {patches, Mark::Bad}} {}

void SeriesSearch::mark(std::size_t revision, Mark mark) {
    marks_[revision] = mark;
    if (revision <= low_ || revision >= high_) return;
    if (mark == Mark::Good) low_ = revision;
    if (mark == Mark::Bad) high_ = revision;
}

std::vector<std::size_t> SeriesSearch::tellers() const {
    std::vector<std::size_t> out;
    for (std::size_t k = low_ + 1; k < high_; ++k)
        if (!marks_.contains(k)) out.push_back(k);
    return out;
}

std::optional<std::size_t> SeriesSearch::next() const {
    const auto all = tellers();
    if (all.empty()) return std::nullopt;
    return all[all.size() / 2];
}

unsigned SeriesSearch::steps_left() const {
    return halvings(tellers().size() + 1);
}

std::vector<std::pair<std::size_t, Mark>> SeriesSearch::worth_a_look() const {
    std::vector<std::pair<std::size_t, Mark>> out;
    if (const auto below = middle_of_longest(marks_, 0, low_)) out.emplace_back(*below, Mark::Good);
    if (const auto above = middle_of_longest(marks_, high_, patches_))
        out.emplace_back(*above, Mark::Bad);
    return out;
}

} // namespace rig
