// SPDX-License-Identifier: GPL-2.0-or-later
// Which revision of a history changed a metric.
//
//   both ends measured; refused unless they differ
//   a revision in the middle: built, its image's result shared or its boots made, and found to be
//   like one end, or to tell nothing
//   ... until one step is left: the first bad revision, or the few it is among
//   patches that revisions without a say hid: the one that makes the change alone on the last good
//   revision, and without which all of them together do not make it (series only) a look at both
//   sides of the answer, for changes that came and went
//
// What a revision breaks otherwise never steers: one that does not build, does not boot, panics,
// complains (a splat), does not run the target, or whose figures are not clear, is skipped and
// named. A fault of the host ends the bisection, which goes on from its log.
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
    std::string id; // unique in the history, [a-z0-9-]+ and short enough for an arm's name: "r07",
                    // "r06-p08", a commit's first 12 digits
    std::string name; // for people: "0007-mm-....patch", "1f2e3d4c5b6a mm: ..."
    bool operator==(const Revision&) const = default;
};

// Where revisions come from, and in which order they are to be looked at.
class History {
 public:
    virtual ~History() = default;
    virtual std::string description() const = 0; // "32 patches of DIR", "good..bad, 57 commits"
    virtual Revision good() const = 0;
    virtual Revision bad() const = 0;
    virtual std::size_t
    answers() const = 0; // revisions that may be the first bad one, at the start
    virtual Result<std::optional<Revision>> next() = 0; // nullopt: nothing left that might tell
    virtual Status mark(const Revision& revision, Mark mark) = 0;
    virtual std::vector<Revision>
    candidates() const = 0; // when next() has nothing: the first bad one is among these
    virtual Revision
    last_good() const = 0; // right before the first candidate, and marked good; else empty
    // Revisions on either side of the answer that were not looked at, in the middle of the longest
    // stretch of such; each with what it is if nothing else changed the metric.
    virtual std::vector<std::pair<Revision, Mark>> worth_a_look() const = 0;
    // Each candidate without those before it, on top of the last good one; empty where revisions
    // cannot be made so.
    virtual std::vector<Revision> alone() const = 0;
    // The first bad one that was measured, without candidate number `which` (from 0, in the order
    // of candidates()).
    virtual Revision without(std::size_t which) const = 0;
};

// Among how many decisions alpha is divided: the ends', every halving, one that tells the last
// candidates apart, two looks. A search that makes more of them tells less confidence than was
// asked for.
unsigned planned_decisions(std::size_t answers);

// One revision looked at.
struct BisectStep {
    Revision revision{};
    Purpose purpose = Purpose::Step;
    Outcome outcome = Outcome::Unclear;
    std::string why{};            // it tells nothing; or what the figures said
    std::string image_sha256{};   // "" if it was not built
    std::string shared_with{};    // id of the revision with the same image whose result this is
    std::vector<double> values{}; // of the metric, by boot
    Votes votes{};
    unsigned boots = 0;                         // that were made for this visit, of all arms
    bool from_cache = false;                    // the kernel
    double build_seconds = 0, boot_seconds = 0; // of this visit, on the wall clock
    std::vector<std::string> runs{};            // relative to the bisection's folder
};

struct BisectOptions {
    bool wall = false;  // interleaved with both ends and sequential; else each revision's boots are
                        // compared with the ends' of the same seeds
    unsigned boots = 2; // virtual: of a step at first; wall: blocks of good, revision, bad a batch
    unsigned max_boots = 8; // virtual: of the ends, and of a revision that is not clear; wall:
                            // blocks of a revision at most
    double alpha = 0.05;    // wall: the chance of a wrong answer by chance, for the whole bisection
    double min_effect = 0.005;
    bool look = true; // at both sides of the answer
};

struct Built {
    std::string image_sha256;
    bool from_cache = false;
};
// Values of the metric of each revision asked for, by boot; or why one has none.
struct Measured {
    struct Unfit {
        Outcome outcome = Outcome::NotExercised;
        std::string why;
    };
    std::map<std::string, std::vector<double>> values; // by id
    std::map<std::string, Unfit> unfit;
    std::string run;
    unsigned boots = 0;
};

struct Bisection {
    std::string metric, history;
    bool wall = false;
    std::vector<BisectStep> visits;  // in the order they were made
    double good = 0, bad = 0;        // the ends' medians
    std::string refused;             // why nothing was searched; "" if it was
    Revision last_good;              // right before the first bad one, and measured; else empty
    std::vector<Revision> first_bad; // one: found; several: among them; empty: refused
    std::string checked_alone; // how one of several was told from the others, "" if it need not be
    std::optional<double> explains; // share of the ends' difference that this step makes, where
                                    // both its sides have figures
    std::vector<std::string> not_monotone; // "0005-... has it, 0016-... has not"
    double confidence = 0;                 // wall: at least; virtual: 1, given the seeds
    std::size_t answers = 0;
    bool found() const { return refused.empty() && first_bad.size() == 1; }
    unsigned steps() const; // revisions between the ends that were measured for the search
};

struct BisectEnvironment {
    // Errors of FaultDomain::Kernel and FaultDomain::Spec: this revision does not build.
    // FaultDomain::Host ends the bisection.
    std::function<Result<Built>(const Revision&)> build;
    // A batch of boots of all these, interleaved; batches of different numbers have different
    // seeds.
    std::function<Result<Measured>(const std::vector<Revision>&, unsigned boots, unsigned batch)>
        measure;
    std::function<Status(const Bisection&)> save;     // after each visit
    std::function<void(const std::string&)> say = {}; // one line for people
};

// `known`: visits of an interrupted bisection of the same history, taken in place of measuring.
// An error only for faults of the host and of rig's use; what cannot be bisected is `refused`.
Result<Bisection> bisect(History& history, const std::string& metric, const BisectOptions& options,
                         const BisectEnvironment& environment, const std::vector<BisectStep>& known,
                         std::stop_token stop);

} // namespace rig
