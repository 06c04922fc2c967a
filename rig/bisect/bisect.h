// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the revision of a history that changed a metric.
//
//   1. Measure both ends. Refuse to search unless they differ.
//   2. Build and boot a revision in the middle (or reuse the result of the same image), and
//      decide which end it is like, or that it is untestable. Repeat until one step is left:
//      the first bad revision, or the few candidates for it.
//   3. Series only: if untestable patches leave several candidates, test each alone on the last
//      good revision. Name one if it alone makes the change and all others without it do not.
//   4. Spot checks on both sides of the answer, for changes that came and went.
//
// A revision that fails in another way never decides the direction of the search. One that does not
// build, does not boot, panics, splats, does not run the target, or whose figures are unclear is
// skipped and named. A host fault ends the bisection, which resumes from its log.
//
// The loop knows neither kernels nor files: BisectEnvironment measures (bisect_environment.h).
#pragma once

#include "rig/base/error.h"
#include "rig/bisect/bisect_search.h"
#include "rig/bisect/outcome.h"
#include "rig/bisect/sign_tests.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace rig {

struct Revision {
    // Unique in the history, [a-z0-9-]+, and short enough for an arm's name: "r07", "r06-p08", or
    // the first 12 digits of a commit.
    std::string id;
    std::string name; // for people: "0007-mm-....patch", "1f2e3d4c5b6a mm: ..."
    bool operator==(const Revision&) const = default;
};

// A source of revisions, which also chooses the order in which to test them.
class History {
 public:
    virtual ~History() = default;
    virtual std::string description() const = 0; // "32 patches of DIR", "good..bad, 57 commits"
    virtual Revision good() const = 0;
    virtual Revision bad() const = 0;
    // Number of revisions that may be the first bad one, at the start.
    virtual std::size_t answers() const = 0;
    virtual Result<std::optional<Revision>> next() = 0; // nullopt: no testable revision is left
    virtual Status mark(const Revision& revision, Mark mark) = 0;
    // When next() returns nullopt: the first bad revision is one of these.
    virtual std::vector<Revision> candidates() const = 0;
    // The revision right before the first candidate if it was marked good, else empty.
    virtual Revision last_good() const = 0;
    // Revisions for spot checks: on either side of the answer, in the middle of the longest stretch
    // of untested revisions. Each with the mark that it should have if nothing else changed the
    // metric.
    virtual std::vector<std::pair<Revision, Mark>> worth_a_look() const = 0;
    // Each candidate without the candidates before it, on top of the last good revision. Empty if
    // such revisions cannot be made.
    virtual std::vector<Revision> alone() const = 0;
    // The first bad revision that was measured, without candidate number `which` (from 0, in the
    // order of candidates()).
    virtual Revision without(std::size_t which) const = 0;
};

// The number of decisions among which alpha is divided: the ends, every halving, one that separates
// the last candidates, two spot checks. A search with more decisions reports less confidence than
// was requested.
unsigned planned_decisions(std::size_t answers);

// The test of one revision.
struct BisectStep {
    Revision revision{};
    Purpose purpose = Purpose::Step;
    Outcome outcome = Outcome::Unclear;
    std::string why{};            // why it is untestable, or a note on the figures
    std::string image_sha256{};   // empty if it was not built
    std::string shared_with{};    // revision with the same image whose result this is
    std::vector<double> values{}; // values of the metric, by boot
    Votes votes{};
    unsigned boots = 0;                         // boots made for this visit, of all arms
    bool from_cache = false;                    // the kernel came from the cache
    double build_seconds = 0, boot_seconds = 0; // time of this visit, wall clock
    std::vector<std::string> runs{}; // runs of this visit, relative to the folder of the bisection
};

struct BisectOptions {
    // Wall clock: boots are interleaved with those of both ends, and the test is sequential. Else
    // the boots of a revision are compared with those of the ends that have the same seeds.
    bool wall = false;
    // Virtual: first boots of a step. Wall: blocks (good, revision, bad) per batch.
    unsigned boots = 2;
    // Virtual: boots of the ends, and of an unclear revision. Wall: at most so many blocks of a
    // revision.
    unsigned max_boots = 8;
    // Wall: the probability that chance makes the answer wrong, for the whole bisection.
    double alpha = 0.05;
    double min_effect = 0.005;
    bool look = true; // spot checks on both sides of the answer
};

struct Built {
    std::string image_sha256;
    bool from_cache = false;
};
// Values of the metric of each requested revision, by boot; or why a revision has none.
struct Measured {
    struct Unfit {
        Outcome outcome = Outcome::NotExercised;
        std::string why;
    };
    std::map<std::string, std::vector<double>> values; // by id of the revision
    std::map<std::string, Unfit> unfit;
    std::string run;
    unsigned boots = 0;
};

struct Bisection {
    std::string metric, history;
    bool wall = false;
    std::vector<BisectStep> visits;  // in the order in which they were made
    double good = 0, bad = 0;        // medians of the ends
    std::string refused;             // why no search was made; empty if it was
    Revision last_good;              // measured revision right before the first bad one, else empty
    std::vector<Revision> first_bad; // one: found; several: candidates; empty: refused
    // How one of several candidates was identified. Empty if that was not necessary.
    std::string checked_alone;
    // The share of the difference between the ends that this step makes, if both its sides have
    // figures.
    std::optional<double> explains;
    // In words, one for each spot check that contradicts the answer.
    std::vector<std::string> not_monotone;
    double confidence = 0; // wall: at least; virtual: 1, for these seeds
    std::size_t answers = 0;
    bool found() const { return refused.empty() && first_bad.size() == 1; }
    unsigned steps() const; // revisions between the ends that were measured for the search
};

struct BisectEnvironment {
    // FaultDomain::Kernel and FaultDomain::Spec: this revision does not build. FaultDomain::Host
    // ends the bisection.
    std::function<Result<Built>(const Revision&)> build;
    // Makes one batch of boots of all these revisions, interleaved. Batches with different numbers
    // have different seeds.
    std::function<Result<Measured>(const std::vector<Revision>&, unsigned boots, unsigned batch)>
        measure;
    std::function<Status(const Bisection&)> save;     // called after each visit
    std::function<void(const std::string&)> say = {}; // called with one line for people
};

// `known`: visits of an interrupted bisection of the same history, used instead of new
// measurements. Errors only for host faults and misuse of rig. A bisection that is not possible
// sets `refused`.
Result<Bisection> bisect(History& history, const std::string& metric, const BisectOptions& options,
                         const BisectEnvironment& environment, const std::vector<BisectStep>& known,
                         std::stop_token stop);

} // namespace rig
