// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/line_checks.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace rig {
namespace {

using Functions = std::set<std::string, std::less<>>;

// Lines named in a message; a patch may change thousands.
constexpr std::size_t kMostNamed = 4;

std::string list_of(const std::vector<std::string>& names) {
    const std::vector<std::string> some(
        names.begin(),
        names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMostNamed)));
    auto text = fmt::format("{}", fmt::join(some, ", "));
    if (names.size() > some.size()) text += fmt::format(" and {} more", names.size() - some.size());
    return text;
}

// The functions that hold code of a hunk's changed lines, by hunk.
std::map<unsigned, Functions> functions_by_hunk(const LineMap& map) {
    std::map<unsigned, Functions> out;
    for (const auto& line : map.lines)
        if (!line.border && is_counted_exactly(line))
            for (const auto& at : line.addresses)
                out[line.hunk].emplace(base_name(at.function));
    return out;
}

// Why there is nothing to count, from what the lines are: "1 comment; 4 optimised away (this kernel
// has no code of f())".
std::string reasons_of(const LineMap& map) {
    std::map<std::string, std::size_t> reasons;
    for (const auto& line : map.lines) {
        if (line.border || line.reason == LineReason::Blank) continue;
        const bool says_more = line.reason == LineReason::OptimisedAway ||
                               line.reason == LineReason::Discarded ||
                               line.reason == LineReason::Elsewhere;
        ++reasons[words_of(line.reason) +
                  (says_more && !line.detail.empty() ? " (" + line.detail + ")" : "")];
    }
    std::vector<std::string> texts;
    for (const auto& [reason, count] : reasons)
        texts.push_back(fmt::format("{} {}", count, reason));
    return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, "; "));
}

// Whether a changed line may have run although nothing of it can be counted.
bool may_run_uncounted(const LineMap& map) {
    return std::any_of(map.lines.begin(), map.lines.end(), [](const MappedLine& line) {
        return !line.border &&
               (line.reason == LineReason::Assembly || line.reason == LineReason::Macro ||
                is_bound(line.reason) || line.reason == LineReason::BuildFile ||
                line.reason == LineReason::Elsewhere);
    });
}

bool all_wanted(const Spec& spec) {
    return spec.target.lines == LinesWanted::All;
}

// Whether a line ran in every pass of every boot of the map's arm.
bool ran_in_all_boots(const LineEvidence& lines, const ArmLineMap& map, std::size_t place,
                      std::size_t line) {
    bool ran = false;
    for (const auto& boot : lines.boots) {
        if (boot.arm != map.arm) continue;
        ran = place < boot.lines.size() && line < boot.lines[place].size() &&
              boot.lines[place][line] && lines.in_every_pass(*boot.lines[place][line]);
        if (!ran) return false;
    }
    return ran;
}

// Whether lines that only this arm has ran at a hunk, in every boot.
bool hunk_ran(const LineEvidence& lines, const ArmLineMap& map, unsigned hunk) {
    const auto place = place_among(lines, map);
    for (std::size_t i = 0; i < map.map.lines.size(); ++i) {
        const auto& line = map.map.lines[i];
        if (line.hunk == hunk && !line.border && is_counted_exactly(line) &&
            ran_in_all_boots(lines, map, place, i))
            return true;
    }
    return false;
}

// What is wrong with a boot, for the map at `place` among those of the arm.
Wrong not_run(const ArmEvidence& evidence, const ArmLineMap& map, std::size_t place,
              const ShowingLines& wanted, const Sample& sample) {
    const auto* boot = evidence.lines->boot(evidence.arm.name, sample.id.index);
    if (!boot) return "its instructions were not counted";
    if (!boot->why_not.empty()) return boot->why_not;
    if (place >= boot->lines.size() || boot->lines[place].size() != map.map.lines.size())
        return "its counts belong to other lines";
    const auto& counts = boot->lines[place];
    std::vector<std::string> missing;
    bool elsewhere = false;
    const auto did_run = [&](std::size_t i) {
        if (counts[i] && evidence.lines->in_every_pass(*counts[i])) return true;
        elsewhere = elsewhere || (counts[i] && counts[i]->rest > 0);
        missing.push_back(place_of(map.map.lines[i]));
        return false;
    };
    const auto count_in = [&](const std::vector<std::size_t>& some) {
        return static_cast<std::size_t>(std::count_if(some.begin(), some.end(), did_run));
    };
    const auto ran = count_in(wanted.changed);
    const bool all = all_wanted(evidence.spec) && !wanted.changed.empty();
    const bool enough = all ? ran == wanted.changed.size()
                            : ran > 0 || std::any_of(wanted.borders.begin(), wanted.borders.end(),
                                                     [&](const auto& hunk) {
                                                         return count_in(hunk) == hunk.size();
                                                     });
    if (enough) return {};
    return fmt::format("{} did not run in {}{}{}", list_of(missing), evidence.lines->passes(),
                       elsewhere ? ", but at other times" : "",
                       sample.exercised.marker_hits > 0 && !evidence.arm.marker.empty()
                           ? fmt::format("; {}() was called {} times all the same",
                                         evidence.arm.marker, sample.exercised.marker_hits)
                           : "");
}

ValidityCheck cannot_check(std::string found, std::string reason) {
    return {"changed_lines", "changed lines ran in both passes of every boot", false,
            std::move(found), std::move(reason)};
}

void check_changed(const ArmEvidence& evidence, const Boots& boots,
                   std::vector<ValidityCheck>& checks) {
    const bool required = evidence.arm.marker.empty();
    const auto maps = evidence.lines ? evidence.lines->of_arm(evidence.arm.name)
                                     : std::vector<const ArmLineMap*>{};
    if (maps.empty()) {
        if (!required) return;
        const auto why = evidence.lines ? evidence.lines->why_not : "";
        return checks.push_back(cannot_check(
            "they were not counted", why.empty() ? "the run has no counts of its lines" : why));
    }
    for (const auto* map : maps)
        if (!map->map.why_not.empty()) {
            if (required)
                checks.push_back(cannot_check("they have no addresses", map->map.why_not));
            return; // the marker is the proof, and the page says that lines are not mapped
        }
    ValidityCheck check{"changed_lines", "", true, "", ""};
    std::vector<std::pair<std::size_t, ShowingLines>> wanted; // with the map's place
    std::vector<std::string> found;
    for (std::size_t place = 0; place < maps.size(); ++place) {
        const auto* map = maps[place];
        const auto* other = evidence.lines->find(map->against, map->arm);
        auto one = showing_lines(*map, other);
        if (one.empty()) {
            const bool nothing = map->map.lines.empty() && !(other && !other->map.lines.empty());
            // A replay of the baseline (rig calibrate); the check of that arm says so.
            if (nothing && maps.size() > 1) continue;
            // Then the marker is the proof.
            if (!required && (nothing || may_run_uncounted(map->map) ||
                              (other && may_run_uncounted(other->map))))
                return;
            checks.push_back(cannot_check(
                nothing ? fmt::format("no source line differs from {}", map->against)
                        : fmt::format("no changed line has instructions in {}", map->arm),
                nothing ? "the arms differ by an option or not at all: name a marker, or set "
                          "target.same_path"
                        : fmt::format("changed lines of {}: {}{}", map->arm, reasons_of(map->map),
                                      other ? fmt::format("; of {}: {}", map->against,
                                                          reasons_of(other->map))
                                            : "")));
            return;
        }
        const auto summary = summary_of(*evidence.lines, *map);
        found.push_back(
            one.changed.empty()
                ? std::string("it has none; lines next to the change ran")
                : fmt::format("{} of {} changed lines", summary.ran, summary.with_code) +
                      (maps.size() > 1 ? " against " + map->against : "") +
                      (summary.did_not_run.empty() ? "" : "; not " + list_of(summary.did_not_run)) +
                      (summary.ran == 0 ? "; lines next to others ran" : ""));
        // What comes behind a hunk in the source need not come behind it in a run, as behind a
        // return. Then the line before it shows that the workload came here, and the other arm that
        // it goes on to the hunk.
        for (auto& hunk : one.borders)
            if (hunk_ran(*evidence.lines, *other, map->map.lines[hunk.front()].hunk))
                hunk.resize(1);
        wanted.emplace_back(place, std::move(one));
    }
    if (wanted.empty())
        return checks.push_back(
            cannot_check("no source line differs from any other arm",
                         "the arms differ by an option or not at all: name a marker"));
    check.claim = fmt::format("{} ran in {} of every boot",
                              all_wanted(evidence.spec) ? "all changed lines with instructions"
                                                        : "changed lines",
                              evidence.lines->passes());
    check.found = fmt::format("{}", fmt::join(found, "; "));
    checks.push_back(over_boots(
        std::move(check), boots,
        [&](const Sample& s) -> Wrong {
            for (const auto& [place, one] : wanted)
                if (auto wrong = not_run(evidence, *maps[place], place, one, s)) return wrong;
            return {};
        },
        [&](const Sample& s) -> std::string {
            if (auto more = workload_hint(evidence, HintFor::TargetNotHit, &s);
                s.exercised.target_hits == 0)
                return more.empty() ? "the workload does not lead there: see target_hits" : more;
            return "the workload takes another way, or reaches the change only at boot";
        }));
}

// ---- The plugin against perf

struct Instrument {
    std::string function;
    const char* what;                                   // which count of perf
    std::uint64_t (*by_perf)(const Sample&);            //
    std::uint64_t (*by_plugin)(const LineCount& count); //
};

void check_entries(const ArmEvidence& evidence, const Boots& boots,
                   std::vector<ValidityCheck>& checks) {
    if (!evidence.lines) return;
    const auto maps = evidence.lines->of_arm(evidence.arm.name);
    if (maps.empty() || boots.empty()) return;
    const auto count_pass = [](const LineCount& count) { return count.count_pass; };
    std::vector<Instrument> instruments{{evidence.spec.target.function, "target_hits",
                                         [](const Sample& s) { return s.exercised.target_hits; },
                                         count_pass}};
    if (!evidence.lines->count_only)
        instruments.push_back({evidence.spec.target.function, "timed_target_hits",
                               [](const Sample& s) { return s.exercised.timed_target_hits; },
                               [](const LineCount& count) { return count.latency_pass; }});
    if (!evidence.arm.marker.empty())
        instruments.push_back({evidence.arm.marker, "witness_hits",
                               [](const Sample& s) { return s.exercised.marker_hits; },
                               count_pass});
    if (!evidence.spec.target.sync_function.empty())
        instruments.push_back({evidence.spec.target.sync_function, "sync_handled",
                               [](const Sample& s) { return s.exercised.sync_handled; },
                               count_pass});
    const auto inexact = std::count_if(boots.begin(), boots.end(), [&](const Sample* boot) {
        const auto* counted = evidence.lines->boot(evidence.arm.name, boot->id.index);
        return counted && !counted->exact;
    });
    if (inexact > 0) return; // several threads: the windows' ends are not sharp
    checks.push_back(over_boots(
        {"entries_reconcile", "the emulator and perf counted the entries of functions alike", true,
         range(boots, [](const Sample& s) { return s.exercised.target_hits; }), ""},
        boots,
        [&](const Sample& s) -> Wrong {
            const auto* counted = evidence.lines->boot(evidence.arm.name, s.id.index);
            if (!counted || !counted->why_not.empty()) return {}; // changed_lines says so
            for (const auto& one : instruments) {
                const auto entries = counted->entries.find(one.function);
                if (entries == counted->entries.end()) continue;
                const auto by_plugin = one.by_plugin(entries->second), by_perf = one.by_perf(s);
                // perf counts the target and the marker for the workload's tasks only. Of the sync
                // function it counts all, over a window that is a little wider.
                const bool wider = one.what == std::string_view("sync_handled");
                if (wider ? by_plugin > by_perf : by_plugin < by_perf)
                    return fmt::format("{}(): {} entries by the emulator, {} by perf ({})",
                                       one.function, by_plugin, by_perf, one.what);
            }
            return {};
        },
        [](const Sample&) {
            return "one of the two missed entries, or System.map is of another image";
        }));
}

} // namespace

ShowingLines showing_lines(const ArmLineMap& own, const ArmLineMap* other) {
    ShowingLines showing;
    const auto& lines = own.map.lines;
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (!lines[i].border && is_counted_exactly(lines[i])) showing.changed.push_back(i);
    if (!other) return showing;
    const auto changed = functions_by_hunk(other->map);
    std::map<unsigned, std::vector<std::size_t>> by_hunk;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!lines[i].border || !is_counted_exactly(lines[i])) continue;
        const auto there = changed.find(lines[i].hunk);
        if (there == changed.end()) continue;
        const auto same = [&](const LineAddress& at) {
            return there->second.contains(base_name(at.function));
        };
        if (std::any_of(lines[i].addresses.begin(), lines[i].addresses.end(), same))
            by_hunk[lines[i].hunk].push_back(i);
    }
    for (auto& [hunk, group] : by_hunk)
        showing.borders.push_back(std::move(group));
    return showing;
}

std::size_t place_among(const LineEvidence& lines, const ArmLineMap& map) {
    const auto maps = lines.of_arm(map.arm);
    return static_cast<std::size_t>(std::find(maps.begin(), maps.end(), &map) - maps.begin());
}

LineSummary summary_of(const LineEvidence& lines, const ArmLineMap& map) {
    LineSummary out;
    const auto place = place_among(lines, map);
    for (std::size_t i = 0; i < map.map.lines.size(); ++i) {
        const auto& line = map.map.lines[i];
        if (line.border) continue;
        ++out.changed;
        if (!is_counted_exactly(line)) continue;
        ++out.with_code;
        const bool ran = ran_in_all_boots(lines, map, place, i);
        out.ran += ran;
        if (!ran) out.did_not_run.push_back(place_of(line));
    }
    return out;
}

void check_lines(const ArmEvidence& evidence, const Boots& boots,
                 std::vector<ValidityCheck>& checks) {
    const auto& target = evidence.spec.target;
    if (target.same_path || target.revisions) return; // nobody claims that a line changed
    if (target.lines == LinesWanted::Off) return;
    check_changed(evidence, boots, checks);
    check_entries(evidence, boots, checks);
}

} // namespace rig
