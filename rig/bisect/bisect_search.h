// SPDX-License-Identifier: GPL-2.0-or-later
// Chooses the next revision to test in a series of patches, and keeps the remaining candidates.
// Pure.
//
// Revision k is the tree with the first k patches: 0 is the good end, `patches` is the bad end.
// Untestable revisions (unbuildable, target not run, ...) are skipped. The next revision halves the
// set of revisions that can still be distinguished, so a skipped one costs no extra measurement.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace rig {

enum class Mark { Good, Bad, Skip };

class SeriesSearch {
 public:
    explicit SeriesSearch(std::size_t patches); // at least 1

    // A mark that contradicts the bracket (bad at or below a good one) changes nothing. The caller
    // must report it.
    void mark(std::size_t revision, Mark mark);
    // The revision to test next; nullopt if no testable one is left inside the bracket.
    std::optional<std::size_t> next() const;

    std::size_t last_good() const { return low_; }
    std::size_t first_bad() const { return high_; }
    std::size_t patches() const { return patches_; }
    // The number of further measurements that are needed at most.
    unsigned steps_left() const;
    // Revisions for spot checks: on either side of the bracket, the middle of the longest untested
    // stretch. There a change that came and went is most likely to be seen. Each with the mark that
    // it should have without such a change. A side without untested revisions has none.
    std::vector<std::pair<std::size_t, Mark>> worth_a_look() const;

 private:
    std::vector<std::size_t> tellers() const; // testable revisions inside the bracket
    std::size_t patches_, low_ = 0, high_;
    std::map<std::size_t, Mark> marks_;
};

// ceil(log2(n)), n >= 1: the number of measurements that n possible answers need.
unsigned halvings(std::size_t answers);

} // namespace rig
