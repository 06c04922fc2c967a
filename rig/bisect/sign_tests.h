// SPDX-License-Identifier: GPL-2.0-or-later
// Which end of a history a revision is like, by one metric. Pure.
//
// A boot of a revision is compared with boots of both ends that share its seed (virtual clock) or
// its place in the schedule (wall clock): it speaks for the end whose value is the nearer.
// Distances are differences, so that 0 is a value as any other.
//
// Virtual clock: a boot is a function of the kernel and the seed, and proven to be one by a replay.
// A decision is no inference: all boots speak for the same end, or the revision is unclear.
//
// Wall clock: a sequential sign test of "a boot of this revision is at most as likely to speak for
// this end as for the other", decided as soon as its e-value reaches 1 / alpha. The e-value is the
// mixture over the uniform prior on [1/2, 1] of the likelihood ratio against 1/2 (H. Robbins,
// "Statistical Methods Related to the Law of the Iterated Logarithm", Annals of Mathematical
// Statistics 41 (1970), 1397-1409); by Ville's inequality the chance that it ever reaches 1 / alpha
// under the null is at most alpha, however often one looks (A. Ramdas et al., "Game-Theoretic
// Statistics and Safe Anytime-Valid Inference", Statistical Science 38 (2023), 576-601).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace rig {

enum class Side { Good, Bad, Unclear };

// The median; 0 of no values.
double middle(const std::vector<double>& values);

struct Votes {
    std::size_t good = 0, bad = 0;
    std::size_t neither = 0; // equally near to both: says nothing
};
// Of as many boots as all three have, in their order.
Votes votes(const std::vector<double>& good, const std::vector<double>& revision,
            const std::vector<double>& bad);

// The evidence of `hits` against `misses` that a hit is the likelier of the two: e above. 1 for
// none of either; 0 <= hits, misses.
double sign_e_value(std::size_t hits, std::size_t misses);
// How many boots decide if all speak for the same end.
std::size_t fewest_boots(double alpha);

Side decide_exact(const Votes& votes);                    // virtual clock
Side decide_sequential(const Votes& votes, double alpha); // wall clock: Unclear means "boot more"

// Is a boot of either end nearer to the next boot of its own end than to the other's? Good: yes, by
// the sign test at alpha for both; Bad: one is the nearer to the other end; Unclear: boot more.
Side told_apart(const std::vector<double>& good, const std::vector<double>& bad, double alpha);

// Do the ends differ?
struct EndsDiffer {
    bool differ = false;
    double good = 0, bad = 0; // medians
    std::string why_not;      // if they do not: what was found
};
// `min_effect`: of |bad / good - 1| of the medians; one that is 0 while the other is not is
// always beyond it. Every boot must say the same under the virtual clock (alpha 0), the sign test
// at `alpha`, half for each direction, under the wall clock.
EndsDiffer ends_differ(const std::vector<double>& good, const std::vector<double>& bad,
                       double min_effect, double alpha);

} // namespace rig
