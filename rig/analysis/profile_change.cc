// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/profile_change.h"

#include "rig/stats/estimate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace rig {
namespace {

struct Pair {
    const Profile *base, *value;
};

double middle(const std::vector<double>& values) {
    return median(values).value_or(0); // a pair at least: never empty
}

PairedFigure figure_of(const std::vector<double>& base, const std::vector<double>& value) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < base.size(); ++i)
        differences.push_back(value[i] - base[i]);
    return {middle(base), middle(value), middle(differences)};
}

template<class Of> PairedFigure figure_over(const std::vector<Pair>& pairs, Of of) {
    std::vector<double> base, value;
    for (const auto& pair : pairs) {
        base.push_back(static_cast<double>(of(*pair.base)));
        value.push_back(static_cast<double>(of(*pair.value)));
    }
    return figure_of(base, value);
}

// By row: instructions and calls of both sides, by pair.
struct Side {
    std::vector<double> instructions, calls;
};
using Key = std::pair<CodeKind, std::string>;

void idle(ProfileWindowChange& out, const std::vector<Pair>& pairs, unsigned window) {
    out.covered = 1;
    for (const auto& pair : pairs)
        for (const auto* profile : {pair.base, pair.value}) {
            const auto& span = profile->clock[window];
            const auto total = profile->total(window);
            if (!span || total == 0) return;
            out.covered = std::min(out.covered, static_cast<double>(span->instructions) /
                                                    static_cast<double>(total));
        }
    out.idle_ns = figure_over(
        pairs, [window](const Profile& profile) { return profile.clock[window]->idle_ns(); });
}

ProfileWindowChange change_in(const std::vector<Pair>& pairs, unsigned window) {
    std::map<Key, std::array<Side, 2>> all;
    for (std::size_t pair = 0; pair < pairs.size(); ++pair)
        for (const std::size_t side : {std::size_t{0}, std::size_t{1}})
            for (const auto& row : (side ? pairs[pair].value : pairs[pair].base)->rows) {
                if (row.instructions[window] == 0) continue;
                auto& sides = all[{row.kind, row.name}];
                for (auto& one : sides) {
                    one.instructions.resize(pairs.size());
                    one.calls.resize(pairs.size());
                }
                sides[side].instructions[pair] = static_cast<double>(row.instructions[window]);
                sides[side].calls[pair] = static_cast<double>(row.calls[window]);
            }
    ProfileWindowChange out;
    out.instructions =
        figure_over(pairs, [window](const Profile& profile) { return profile.total(window); });
    idle(out, pairs, window);
    for (const auto& [key, sides] : all) {
        const auto& [base, value] = sides;
        if (base.instructions == value.instructions && base.calls == value.calls) {
            ++out.same;
            continue;
        }
        ProfileChangeRow row{key.first,
                             key.second,
                             figure_of(base.instructions, value.instructions),
                             figure_of(base.calls, value.calls),
                             {}};
        for (std::size_t i = 0; i < pairs.size(); ++i)
            row.differences.push_back(value.instructions[i] - base.instructions[i]);
        out.rows.push_back(std::move(row));
    }
    std::stable_sort(out.rows.begin(), out.rows.end(), [](const auto& a, const auto& b) {
        return std::abs(a.instructions.difference) > std::abs(b.instructions.difference);
    });
    return out;
}

} // namespace

ProfileComparison compare_profiles(const std::vector<std::string>& arms,
                                   const std::vector<BootProfile>& boots) {
    ProfileComparison out;
    if (arms.empty()) return out;
    out.baseline = arms.front();
    std::map<std::pair<std::string, unsigned>, const Profile*> by_boot;
    for (const auto& boot : boots)
        by_boot.emplace(std::pair{boot.arm, boot.index}, &boot.profile);
    for (const auto& arm : arms) {
        if (arm == out.baseline) continue;
        std::vector<Pair> pairs;
        for (const auto& [boot, profile] : by_boot)
            if (const auto base = by_boot.find({out.baseline, boot.second});
                boot.first == arm && base != by_boot.end())
                pairs.push_back({base->second, profile});
        if (pairs.empty()) continue;
        ArmProfileChange change{arm, pairs.size(), {}};
        for (unsigned window = 0; window < RIG_WINDOWS; ++window)
            change.windows[window] = change_in(pairs, window);
        out.arms.push_back(std::move(change));
    }
    return out;
}

double together(const ProfileWindowChange& window, std::size_t first) {
    std::vector<double> sums;
    for (std::size_t i = first; i < window.rows.size(); ++i) {
        sums.resize(window.rows[i].differences.size());
        for (std::size_t pair = 0; pair < sums.size(); ++pair)
            sums[pair] += window.rows[i].differences[pair];
    }
    return sums.empty() ? 0 : middle(sums);
}

} // namespace rig
