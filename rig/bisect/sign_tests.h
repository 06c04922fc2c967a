// SPDX-License-Identifier: GPL-2.0-or-later
// Decides by one metric which end of a history a revision is like. Pure.
//
// A boot of a revision is compared with boots of both ends that have the same seed (virtual clock)
// or the same place in the schedule (wall clock). It votes for the end whose value is nearer.
// Distances are differences, so 0 is an ordinary value.
//
// Virtual clock: a boot is a function of the kernel and the seed, which a replay confirms. So a
// decision is not a statistical inference: either all boots vote for the same end, or the revision
// is unclear.
//
// Wall clock: a sequential sign test of "a boot of this revision is at most as likely to vote for
// this end as for the other". It decides as soon as its e-value reaches 1 / alpha. The e-value is
// the mixture over the uniform prior on [1/2, 1] of the likelihood ratio against 1/2 (H. Robbins,
// "Statistical Methods Related to the Law of the Iterated Logarithm", Annals of Mathematical
// Statistics 41 (1970), 1397-1409). By Ville's inequality the probability that it ever reaches 1 /
// alpha under the null hypothesis is at most alpha, however often it is checked (A. Ramdas et al.,
// "Game-Theoretic Statistics and Safe Anytime-Valid Inference", Statistical Science 38 (2023),
// 576-601).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace rig {

enum class Side { Good, Bad, Unclear };

// The median; 0 for no values.
double middle(const std::vector<double>& values);

struct Votes {
    std::size_t good = 0, bad = 0;
    std::size_t neither = 0; // equally near to both: no vote
};
// Counts as many boots as all three have, in their order.
Votes votes(const std::vector<double>& good, const std::vector<double>& revision,
            const std::vector<double>& bad);

// The e-value described above: evidence of `hits` against `misses` that a hit is more likely than a
// miss. 1 if both are 0; 0 <= hits, misses.
double sign_e_value(std::size_t hits, std::size_t misses);
// The number of boots that decide if all vote for the same end.
std::size_t fewest_boots(double alpha);

Side decide_exact(const Votes& votes);                    // virtual clock
Side decide_sequential(const Votes& votes, double alpha); // wall clock: Unclear means "boot more"

// Whether a boot of each end is nearer to the next boot of its own end than to that of the other.
// Good: yes for both ends, by the sign test at alpha. Bad: boots of one end are nearer to the other
// end. Unclear: boot more.
Side told_apart(const std::vector<double>& good, const std::vector<double>& bad, double alpha);

// Whether the ends differ.
struct EndsDiffer {
    bool differ = false;
    double good = 0, bad = 0; // medians
    std::string why_not;      // if they do not differ: what was found
};
// `min_effect`: smallest |bad / good - 1| of the medians. If exactly one median is 0, the
// difference is always larger. Virtual clock (alpha 0): every boot must show the same direction.
// Wall clock: the sign test at `alpha`, half for each direction.
EndsDiffer ends_differ(const std::vector<double>& good, const std::vector<double>& bad,
                       double min_effect, double alpha);

} // namespace rig
