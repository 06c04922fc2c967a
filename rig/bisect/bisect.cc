// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>

namespace rig {
namespace {

// That the ends differ, and that boots of each end are nearer to their own end.
constexpr unsigned kEndDecisions = 3;

// Adds its lifetime to `seconds`.
class Stopwatch {
 public:
    explicit Stopwatch(double& seconds) : seconds_(seconds) {}
    ~Stopwatch() {
        seconds_ +=
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    }

 private:
    double& seconds_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

class Search {
 public:
    Search(History& history, const BisectOptions& options, const BisectEnvironment& environment,
           const std::vector<BisectStep>& known, Bisection& result)
        : history_(history), options_(options), environment_(environment), known_(known),
          result_(result) {
        // planned_decisions() counts the ends, every halving, the last candidates and two spot
        // checks. A search with more decisions reports less confidence than was requested.
        alpha_ = options.alpha / static_cast<double>(planned_decisions(result.answers));
    }
    Status run(std::stop_token stop);

 private:
    Status ends();
    Status measure_ends(BisectStep& good, BisectStep& bad);
    Result<BisectStep> visit(const Revision& revision, Purpose purpose);
    Status classify(BisectStep& visit);
    Status in_virtual_time(BisectStep& visit);
    Status in_wall_time(BisectStep& visit);
    Status build(BisectStep& visit);
    Status keep(BisectStep visit);
    Status steps(std::stop_token stop);
    Status alone();
    Status look();
    void conclude();
    const BisectStep* visited(const std::string& id) const;
    std::optional<BisectStep> known(const Revision& revision, Purpose purpose) const;

    History& history_;
    const BisectOptions& options_;
    const BisectEnvironment& environment_;
    const std::vector<BisectStep>& known_;
    Bisection& result_;
    double alpha_ = 0;
    std::size_t decisions_ = 0;      // decisions that rest on figures
    std::vector<double> good_, bad_; // virtual clock: values of the ends, by boot
};

const BisectStep* Search::visited(const std::string& id) const {
    const auto found = std::find_if(result_.visits.begin(), result_.visits.end(),
                                    [&](const BisectStep& one) { return one.revision.id == id; });
    return found == result_.visits.end() ? nullptr : &*found;
}

std::optional<BisectStep> Search::known(const Revision& revision, Purpose purpose) const {
    for (const auto& one : known_)
        if (one.revision.id == revision.id && one.purpose == purpose) return one;
    return std::nullopt;
}

Status Search::keep(BisectStep visit) {
    result_.visits.push_back(std::move(visit));
    return environment_.save(result_);
}

// Sets the image of the visit, or its outcome if it does not build. Returns host faults only.
Status Search::build(BisectStep& visit) {
    const Stopwatch time(visit.build_seconds);
    const auto built = environment_.build(visit.revision);
    if (built) {
        visit.image_sha256 = built->image_sha256;
        visit.from_cache = built->from_cache;
        return {};
    }
    if (built.error().fault_domain == FaultDomain::Host) return tl::unexpected(built.error());
    visit.outcome = Outcome::Unbuildable;
    visit.why = built.error().message;
    return {};
}

// True if the visit has its outcome now, because the revision is untestable.
bool take_unfit(const Measured& measured, BisectStep& visit) {
    const auto unfit = measured.unfit.find(visit.revision.id);
    if (unfit == measured.unfit.end()) return false;
    visit.outcome = unfit->second.outcome;
    visit.why = unfit->second.why;
    return true;
}

Status Search::measure_ends(BisectStep& good, BisectStep& bad) {
    std::vector<double> at_good, at_bad;
    const auto most = options_.max_boots;
    for (unsigned batch = 0;; ++batch) {
        const unsigned boots = options_.wall ? options_.boots : most;
        double seconds = 0;
        Result<Measured> measured;
        {
            const Stopwatch time(seconds);
            measured = environment_.measure({good.revision, bad.revision}, boots, batch);
        }
        if (!measured) return tl::unexpected(measured.error());
        for (auto* end : {&good, &bad}) {
            end->boot_seconds += seconds / 2;
            end->boots += measured->boots / 2;
            end->runs.push_back(measured->run);
            if (take_unfit(*measured, *end))
                result_.refused =
                    fmt::format("the {} ({}) cannot be tested: {}: {}", words(end->purpose),
                                end->revision.name, words(end->outcome), end->why);
        }
        if (!result_.refused.empty()) return {};
        for (const auto& [to, end] : {std::pair{&at_good, &good}, {&at_bad, &bad}}) {
            const auto& values = measured->values[end->revision.id];
            to->insert(to->end(), values.begin(), values.end());
        }
        good.values = at_good, bad.values = at_bad;
        const auto differ =
            ends_differ(at_good, at_bad, options_.min_effect, options_.wall ? alpha_ : 0);
        result_.good = differ.good, result_.bad = differ.bad;
        if (!differ.differ) {
            if (options_.wall && at_good.size() < most) continue;
            result_.refused =
                fmt::format("the ends do not differ in {}: {}", result_.metric, differ.why_not);
            return {};
        }
        if (!options_.wall) break;
        // A step decides which end a boot is nearer to. That boots of an end are nearer to their
        // own end has to be tested first: if one end scatters more than the other, it may be false.
        const auto self = told_apart(at_good, at_bad, alpha_);
        if (self == Side::Good) break;
        if (self == Side::Unclear && at_good.size() < 2 * most) continue;
        result_.refused = fmt::format("the ends differ in {}, but single boots of them cannot be "
                                      "told apart: they are not nearer to boots of their own end",
                                      result_.metric);
        return {};
    }
    decisions_ += options_.wall ? kEndDecisions : 1;
    good.outcome = Outcome::Good, bad.outcome = Outcome::Bad;
    return {};
}

Status Search::ends() {
    const auto kept_good = known(history_.good(), Purpose::GoodEnd),
               kept_bad = known(history_.bad(), Purpose::BadEnd);
    if (kept_good && kept_bad && kept_good->outcome == Outcome::Good &&
        kept_bad->outcome == Outcome::Bad) {
        good_ = kept_good->values, bad_ = kept_bad->values;
        result_.good = middle(good_), result_.bad = middle(bad_);
        decisions_ += options_.wall ? kEndDecisions : 1;
        RIG_CHECK(keep(*kept_good));
        return keep(*kept_bad);
    }
    BisectStep good{history_.good(), Purpose::GoodEnd}, bad{history_.bad(), Purpose::BadEnd};
    for (auto* end : {&good, &bad}) {
        if (environment_.say)
            environment_.say(fmt::format("{}: {}", words(end->purpose), end->revision.name));
        RIG_CHECK(build(*end));
        if (end->outcome != Outcome::Unbuildable) continue;
        result_.refused = fmt::format("the {} ({}) does not build: {}", words(end->purpose),
                                      end->revision.name, end->why);
        return keep(*end);
    }
    if (good.image_sha256 == bad.image_sha256)
        result_.refused =
            fmt::format("both ends are the same kernel: image {:.12}", good.image_sha256);
    else
        RIG_CHECK(measure_ends(good, bad));
    good_ = good.values, bad_ = bad.values;
    RIG_CHECK(keep(std::move(good)));
    return keep(std::move(bad));
}

Status Search::in_virtual_time(BisectStep& visit) {
    // The seeds are those of the ends, in their order. If a few boots leave a revision unclear, as
    // many as the ends have may decide.
    for (auto boots = std::min(options_.boots, options_.max_boots);; boots = options_.max_boots) {
        RIG_TRY(measured, environment_.measure({visit.revision}, boots, 0));
        visit.boots += measured.boots;
        visit.runs.push_back(measured.run);
        if (take_unfit(measured, visit)) return {};
        visit.values = measured.values[visit.revision.id];
        visit.votes = votes(good_, visit.values, bad_);
        const auto side = decide_exact(visit.votes);
        visit.outcome = side == Side::Good  ? Outcome::Good
                        : side == Side::Bad ? Outcome::Bad
                                            : Outcome::Unclear;
        if (side == Side::Unclear && boots < options_.max_boots) continue;
        if (side == Side::Unclear)
            visit.why =
                fmt::format("{} boots are like the good end, {} like the bad one, {} like neither",
                            visit.votes.good, visit.votes.bad, visit.votes.neither);
        return {};
    }
}

Status Search::in_wall_time(BisectStep& visit) {
    visit.outcome = Outcome::Unclear;
    for (unsigned batch = 0; visit.values.size() < options_.max_boots; ++batch) {
        RIG_TRY(measured, environment_.measure({history_.good(), visit.revision, history_.bad()},
                                               options_.boots, batch));
        visit.boots += measured.boots;
        visit.runs.push_back(measured.run);
        if (take_unfit(measured, visit)) return {};
        for (const auto& end : {history_.good(), history_.bad()})
            if (const auto unfit = measured.unfit.find(end.id); unfit != measured.unfit.end()) {
                visit.why =
                    fmt::format("this time {} was untestable: {}", end.name, unfit->second.why);
                return {};
            }
        const auto& values = measured.values[visit.revision.id];
        visit.values.insert(visit.values.end(), values.begin(), values.end());
        const auto more =
            votes(measured.values[history_.good().id], values, measured.values[history_.bad().id]);
        visit.votes.good += more.good, visit.votes.bad += more.bad,
            visit.votes.neither += more.neither;
        const auto side = decide_sequential(visit.votes, alpha_);
        if (side == Side::Unclear) continue;
        visit.outcome = side == Side::Good ? Outcome::Good : Outcome::Bad;
        return {};
    }
    visit.why = fmt::format("after {} blocks {} boots are like the good end, {} like the bad one",
                            visit.values.size(), visit.votes.good, visit.votes.bad);
    return {};
}

Status Search::classify(BisectStep& visit) {
    for (const auto& other : result_.visits)
        if (!visit.image_sha256.empty() && other.image_sha256 == visit.image_sha256 &&
            other.outcome != Outcome::Unclear) {
            visit.outcome = other.outcome;
            visit.shared_with = other.revision.id;
            visit.values = other.values;
            visit.votes = other.votes;
            visit.why = other.why;
            return {};
        }
    const Stopwatch time(visit.boot_seconds);
    return options_.wall ? in_wall_time(visit) : in_virtual_time(visit);
}

Result<BisectStep> Search::visit(const Revision& revision, Purpose purpose) {
    auto kept = known(revision, purpose);
    BisectStep visit = kept ? *kept : BisectStep{revision, purpose};
    if (!kept) {
        RIG_CHECK(build(visit));
        if (visit.outcome != Outcome::Unbuildable) RIG_CHECK(classify(visit));
    }
    if ((visit.outcome == Outcome::Good || visit.outcome == Outcome::Bad) &&
        visit.shared_with.empty())
        ++decisions_;
    if (environment_.say)
        environment_.say(fmt::format(
            "{} {}: {}{}{}", words(purpose), revision.name, words(visit.outcome),
            visit.why.empty() ? "" : ": " + visit.why.substr(0, visit.why.find('\n')),
            visit.shared_with.empty() ? ""
                                      : fmt::format(" (the same image as {})", visit.shared_with)));
    RIG_CHECK(keep(visit));
    return visit;
}

Status Search::steps(std::stop_token stop) {
    for (;;) {
        if (stop.stop_requested())
            return fail(FaultDomain::Host,
                        fmt::format("interrupted after {} revisions; the same command resumes it",
                                    result_.visits.size()));
        RIG_TRY(next, history_.next());
        if (!next) break;
        RIG_TRY(looked, visit(*next, Purpose::Step));
        RIG_CHECK(history_.mark(looked.revision, fingerprint_of(looked.outcome)));
    }
    result_.first_bad = history_.candidates();
    result_.last_good = history_.last_good();
    return {};
}

// Untestable revisions left several candidates. Test each patch alone on the last good revision.
Status Search::alone() {
    const auto variants = history_.alone();
    if (result_.first_bad.size() < 2 || variants.size() != result_.first_bad.size()) return {};
    std::vector<std::size_t> bad;
    // Skip the last candidate. Its counter-test would be the revision before it, which is
    // untestable. If the last one makes the change, the counter-test of another candidate shows it.
    for (std::size_t i = 0; i + 1 < variants.size(); ++i) {
        // A variant that was visited before is untestable; otherwise there would be one candidate.
        if (visited(variants[i].id)) continue;
        RIG_TRY(looked, visit(variants[i], Purpose::Alone));
        if (looked.outcome == Outcome::Bad) bad.push_back(i);
    }
    if (bad.size() != 1) return {};
    // Counter-test: that one patch alone makes the change does not exclude an untestable one before
    // it. So all candidates without this one must not make the change.
    RIG_TRY(opposite, visit(history_.without(bad[0]), Purpose::Without));
    if (opposite.outcome != Outcome::Good) return {};
    const auto named = result_.first_bad[bad[0]];
    result_.checked_alone =
        fmt::format("Of {} that cannot be told apart in the order of the series, {} alone on {} "
                    "makes the change, and all of them without it do not.",
                    result_.first_bad.size(), named.name, history_.last_good().name);
    result_.first_bad = {named};
    return {};
}

Status Search::look() {
    if (!options_.look) return {};
    for (const auto& [revision, expected] : history_.worth_a_look()) {
        RIG_TRY(looked, visit(revision, Purpose::Look));
        if (fingerprint_of(looked.outcome) == Mark::Skip ||
            fingerprint_of(looked.outcome) == expected)
            continue;
        result_.not_monotone.push_back(
            expected == Mark::Good
                ? fmt::format("{} has the change already, though it comes before {}", revision.name,
                              result_.first_bad.front().name)
                : fmt::format("{} has not the change, though it comes after {}", revision.name,
                              result_.first_bad.back().name));
    }
    return {};
}

void Search::conclude() {
    result_.confidence =
        options_.wall ? std::max(0.0, 1 - alpha_ * static_cast<double>(decisions_)) : 1;
    // Under the wall clock both sides of the step were measured at different times.
    if (options_.wall || result_.first_bad.size() != 1 || !result_.checked_alone.empty()) return;
    const auto* before = visited(result_.last_good.id);
    const auto* after = visited(result_.first_bad[0].id);
    if (!before || !after || before->values.empty() || after->values.empty()) return;
    // Use only the seeds that all four have.
    const auto common =
        std::min({before->values.size(), after->values.size(), good_.size(), bad_.size()});
    const auto level = [&](const std::vector<double>& values) {
        return middle({values.begin(), values.begin() + static_cast<std::ptrdiff_t>(
                                                            std::min(common, values.size()))});
    };
    result_.explains =
        (level(after->values) - level(before->values)) / (level(bad_) - level(good_));
}

Status Search::run(std::stop_token stop) {
    RIG_CHECK(ends());
    if (!result_.refused.empty()) return {};
    RIG_CHECK(steps(stop));
    RIG_CHECK(alone());
    conclude();
    RIG_CHECK(look());
    conclude();
    return {};
}

} // namespace

unsigned planned_decisions(std::size_t answers) {
    return kEndDecisions + halvings(answers) + 1 + 2;
}

unsigned Bisection::steps() const {
    return static_cast<unsigned>(
        std::count_if(visits.begin(), visits.end(), [](const BisectStep& one) {
            return one.purpose == Purpose::Step && fingerprint_of(one.outcome) != Mark::Skip;
        }));
}

Result<Bisection> bisect(History& history, const std::string& metric, const BisectOptions& options,
                         const BisectEnvironment& environment, const std::vector<BisectStep>& known,
                         std::stop_token stop) {
    Bisection result;
    result.metric = metric;
    result.history = history.description();
    result.wall = options.wall;
    result.answers = history.answers();
    Search search(history, options, environment, known, result);
    RIG_CHECK(search.run(stop));
    RIG_CHECK(environment.save(result));
    return result;
}

} // namespace rig
