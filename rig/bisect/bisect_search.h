// SPDX-License-Identifier: GPL-2.0-or-later
// Where to look next in a series of patches, and what remains. Pure.
//
// Revision k is the tree with the first k patches; 0 is the good end, `patches` the bad one.
// Revisions that tell nothing (unbuildable, not exposed, ...) are skipped: the next one is chosen
// so that what can still be told apart is halved, so that a skipped one costs no measurement more.
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

    // A mark that contradicts the bracket (bad at or below a good one) moves nothing; it is the
    // caller's to tell.
    void mark(std::size_t revision, Mark mark);
    // The revision to look at; nullopt when there is none between the bracket's that might tell
    // anything.
    std::optional<std::size_t> next() const;

    std::size_t last_good() const { return low_; }
    std::size_t first_bad() const { return high_; }
    std::size_t patches() const { return patches_; }
    // Measurements that will be needed at most from here.
    unsigned steps_left() const;
    // In the middle of the longest stretch that was not looked at on either side of the bracket:
    // where a change that came and went shows, if at all; each with what it is if nothing did. None
    // where there is no such stretch.
    std::vector<std::pair<std::size_t, Mark>> worth_a_look() const;

 private:
    std::vector<std::size_t> tellers() const; // within the bracket, not skipped
    std::size_t patches_, low_ = 0, high_;
    std::map<std::size_t, Mark> marks_;
};

// ceil(log2(n)), n >= 1: the measurements that n possible answers need.
unsigned halvings(std::size_t answers);

} // namespace rig
