// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/sign_tests.h"

#include "rig/stats/estimate.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <fmt/format.h>

namespace rig {

double middle(const std::vector<double>& values) {
    return median(values).value_or(0);
}

Votes votes(const std::vector<double>& good, const std::vector<double>& revision,
            const std::vector<double>& bad) {
    Votes out;
    for (std::size_t i = 0; i < std::min({good.size(), revision.size(), bad.size()}); ++i) {
        const auto to_good = std::abs(revision[i] - good[i]),
                   to_bad = std::abs(revision[i] - bad[i]);
        ++(to_good < to_bad ? out.good : to_bad < to_good ? out.bad : out.neither);
    }
    return out;
}

double sign_e_value(std::size_t hits, std::size_t misses) {
    // 2 * the integral of p^hits (1-p)^misses over [1/2, 1], divided by 2^-(hits + misses). With q
    // = 1 - p this is an incomplete beta function.
    const auto h = static_cast<double>(hits), m = static_cast<double>(misses);
    const auto log_beta = std::lgamma(h + 1) + std::lgamma(m + 1) - std::lgamma(h + m + 2);
    return std::exp(std::log(2.0) * (h + m + 1) + log_beta +
                    std::log(boost::math::ibeta(m + 1, h + 1, 0.5)));
}

std::size_t fewest_boots(double alpha) {
    std::size_t boots = 1;
    while (sign_e_value(boots, 0) < 1 / alpha)
        ++boots;
    return boots;
}

Side decide_exact(const Votes& votes) {
    if (votes.neither) return Side::Unclear;
    if (votes.good && !votes.bad) return Side::Good;
    if (votes.bad && !votes.good) return Side::Bad;
    return Side::Unclear;
}

Side decide_sequential(const Votes& votes, double alpha) {
    if (sign_e_value(votes.good, votes.bad) >= 1 / alpha) return Side::Good;
    if (sign_e_value(votes.bad, votes.good) >= 1 / alpha) return Side::Bad;
    return Side::Unclear;
}

Side told_apart(const std::vector<double>& good, const std::vector<double>& bad, double alpha) {
    // Disjoint pairs of neighbouring blocks. The first of a pair serves as the ends, the second is
    // classified.
    std::vector<double> good_before, good_after, bad_before, bad_after;
    for (std::size_t i = 0; i + 1 < std::min(good.size(), bad.size()); i += 2) {
        good_before.push_back(good[i]), good_after.push_back(good[i + 1]);
        bad_before.push_back(bad[i]), bad_after.push_back(bad[i + 1]);
    }
    const auto of_good = decide_sequential(votes(good_before, good_after, bad_before), alpha);
    const auto of_bad = decide_sequential(votes(good_before, bad_after, bad_before), alpha);
    if (of_good == Side::Bad || of_bad == Side::Good) return Side::Bad;
    return of_good == Side::Good && of_bad == Side::Bad ? Side::Good : Side::Unclear;
}

EndsDiffer ends_differ(const std::vector<double>& good, const std::vector<double>& bad,
                       double min_effect, double alpha) {
    EndsDiffer out{false, middle(good), middle(bad), ""};
    const auto boots = std::min(good.size(), bad.size());
    std::size_t rose = 0, fell = 0, same = 0;
    for (std::size_t i = 0; i < boots; ++i)
        ++(bad[i] > good[i] ? rose : bad[i] < good[i] ? fell : same);
    const auto counts =
        fmt::format("of {} boots it is higher at the bad end in {}, lower in {}, the same in {}",
                    boots, rose, fell, same);
    const bool proven =
        alpha > 0 ? std::max(sign_e_value(rose, fell), sign_e_value(fell, rose)) >= 2 / alpha
                  : boots > 0 && (rose == boots || fell == boots);
    if (!proven) {
        out.why_not = counts;
    } else if (const auto ratio = ratio_of(out.bad, out.good);
               std::isfinite(ratio) && ratio > 0 && std::abs(ratio - 1) < min_effect) {
        out.why_not = fmt::format("{}, but by {:.3g} % only, want at least {:.3g} %", counts,
                                  100 * std::abs(ratio - 1), 100 * min_effect);
    } else {
        out.differ = true;
    }
    return out;
}

} // namespace rig
