// SPDX-License-Identifier: GPL-2.0-or-later
// The incidents that `rig nightly` stores, and the news about them that is still to be sent
// (results/nightly/incidents.json). Pure.
//
//   opened -> bisected -> fixed    a regression: a metric rose (a rate fell), or an
//                                  expectation failed (run_failures.h)
//   opened -> bisected             an improvement: a metric fell (a rate rose) that no open
//                                  regression had made worse. Reported like a regression; no effect
//                                  on the exit code
//   any state -> closed            by hand: `rig nightly --close N`
//
// A fix is not an incident of its own. It is the last state of the incident that it ends, and has a
// range and a culprit of its own (`fix`), which the same bisection finds. Each transition is
// reported once. The transitions of one incident in one night are one message: "opened, bisected".
// So thirty nights with two regressions and one fix give three messages, each of which names a
// patch.
#pragma once

#include "rig/base/error.h"
#include "rig/nightly/cell_history.h"
#include "rig/run_index/run_failures.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Two neighbouring runs of a cell, and what changed between them. A commit is empty if no tree is
// followed, or if that side is not known.
struct Span {
    std::string good_run, bad_run, good, bad; // before and after the step, as in bisector.h
    std::vector<std::string> also;            // what else differs between the two runs, in words
};

// A search for the commit that made a step.
struct Culprit {
    Span span;
    bool wanted = false; // still to be searched for
    unsigned attempts = 0;
    bool found = false;
    std::vector<std::string> candidates;
    std::string text, why_not, log;
};

// The run in which a regression was seen, in words, for the report of it (regression_report.h).
inline constexpr const char* kNoFaults = "none";
struct SeenIn {
    std::vector<std::string> figures; // of a failed expectation: one text for each arm
    std::vector<std::string> command; // the words that make the run again
    // "80 a boot in ipi"; kNoFaults: none in the median boot of any arm; empty: not known, as of a
    // run without samples.
    std::string injected;
};

struct Incident {
    unsigned id = 0;
    std::string cell, tree;
    std::string metric;        // metric that stepped; empty: an expectation failed
    std::string unit;          // unit of the levels
    std::string direction;     // "rose" | "fell" | "broken"
    std::vector<Level> levels; // levels of a step
    // The failed expectation (Failure). Empty: a step, or an incident of an older rig about a whole
    // verdict.
    std::string expectation;
    std::vector<std::string> arms;     // arms in which it failed
    std::string closing;               // closing line of the run that failed
    std::string state;                 // "opened" | "bisected" | "fixed" | "closed"
    std::string opened, fixed, closed; // night ids
    std::string note;                  // reason for closing it
    Culprit cause, fix;
    SeenIn seen;
    // Transitions that were sent, and that are still to be sent.
    std::vector<std::string> told, untold;

    bool is_open() const { return fixed.empty() && closed.empty(); }
    bool is_regression() const;
    Failure failure() const { return {expectation, arms}; }
};

// A candidate that its re-run did not confirm. It is tested again when twice as many runs follow
// it.
struct Dismissed {
    std::string cell, metric, direction, run, night;
    std::size_t runs = 0; // number of runs after it at that time
};

struct Message {
    // "12-20260307-010000-<token>-opened-bisected". It stays the same if the message is sent again.
    std::string id;
    std::string subject, text, data;  // `data` is JSON
    std::vector<std::string> pending; // channels that have not taken it yet
    std::string why;                  // error of the last attempt
};

struct IncidentBook {
    std::vector<Incident> incidents;
    std::vector<Dismissed> dismissed;
    std::vector<Message> outbox;
    unsigned last_id = 0;
    // Random, and unique to this book. A new book counts incidents from 1 again, and the token
    // keeps its message ids different. Empty: book of an older rig.
    std::string token;
    bool regression_open() const;
};

// Errors: FaultDomain::Host with the name of `file` if it is not such a book, or one of a newer
// rig.
std::string book_json(const IncidentBook& book);
Result<IncidentBook> book_from_json(std::string_view text, const std::filesystem::path& file);

// What a step means in view of the known incidents.
struct StepMeaning {
    enum What { Known, Opens, Improves, Fixes } what = Known;
    std::vector<unsigned> fixes; // ids of the incidents that it fixes
};
// `runs`: the runs that `step.at` counts.
// Known: an incident or a fix has it already (the same direction within min_segment runs, because
// its place moves a little as runs are added), it was dismissed and few runs have been added since,
// or it is before `first_seen` (UTC).
// Fixes: it fell (a rate rose), and in every arm the level after it is within `min_effect` of the
// level before an open incident, or within the range of values of that level, or better.
// Improves: any other fall (of a rate: rise).
StepMeaning meaning_of(const Step& step, const std::string& cell,
                       const std::vector<const RunRecord*>& runs, const IncidentBook& book,
                       const std::string& first_seen, const ChangePointOptions& options);

// The span between the runs on both sides of a step.
Span span_of(const Step& step, const std::vector<const RunRecord*>& runs);
// The span with one more run on each side, if there is one. The place of a step can be off by a run
// or two if figures scatter.
Span widened(const Span& span, const std::vector<const RunRecord*>& runs);

// Adds an incident, sets its id and state, and returns it.
Incident& open_incident(IncidentBook& book, Incident incident, const std::string& night);
void mark_fixed(Incident& incident, Culprit fix, const std::string& night);
Status close_incident(IncidentBook& book, unsigned id, const std::string& why,
                      const std::string& night);
// A failure without the arms for which there is an open incident of it; an empty expectation if
// nothing is left.
Failure unknown(const Failure& failure, const std::string& cell, const IncidentBook& book);
// The search that is next to be made, if any: the oldest incident's, its cause before its fix.
struct Search {
    Incident* incident = nullptr;
    Culprit* culprit = nullptr;
};
std::vector<Search> searches(IncidentBook& book);

// Puts what is untold into the outbox, for `channels`; with none, it counts as told.
void write_messages(IncidentBook& book, const std::vector<std::string>& channels);

// One line: "#3 target_latency rose from 10.5 µs to 12.1 µs (reviewed) in batch-alloc-fail/v4".
std::string incident_line(const Incident& incident);
// The line and all that is known of its cause and its fix, indented.
std::string incident_text(const Incident& incident);

} // namespace rig
