// SPDX-License-Identifier: GPL-2.0-or-later
// What `rig nightly` remembers of regressions, and which news of them is still to be told
// (results/nightly/incidents.json). Pure.
//
//   opened ──► bisected ──► fixed        a regression: a metric rose, or an expectation failed
//   (run_failures.h) opened ──► bisected                  an improvement: a metric fell that no
//   open regression had raised; told as much as what got worse, holds no exit code (any)  ──►
//   closed                    by hand: `rig nightly --close N`
//
// A fix is no incident of its own: it is the last state of the one it ends, with a range and a
// culprit of its own (`fix`), found by the same bisection. Each transition is told once. Those of
// one incident in one night are one message: "opened, bisected", so that thirty nights with two
// regressions and one fix give three messages, each of which names a patch.
#pragma once

#include "rig/base/error.h"
#include "rig/nightly/cell_history.h"
#include "rig/run_index/run_failures.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Two neighbouring runs of a cell, and what is between them. Commits are empty where no tree is
// followed, and for a side that is not known.
struct Span {
    std::string good_run, bad_run, good, bad; // before and after the step (nightly/bisector.h)
    std::vector<std::string> also;            // what else differs between the two runs, in words
};

// A search for the commit that made a step.
struct Culprit {
    Span span;
    bool wanted = false; // it is still to be searched for
    unsigned attempts = 0;
    bool found = false;
    std::vector<std::string> candidates;
    std::string text, why_not, log;
};

struct Incident {
    unsigned id = 0;
    std::string cell, tree;
    std::string metric;        // whose level stepped; empty: an expectation failed
    std::string unit;          // of the levels
    std::string direction;     // "rose" | "fell" | "broken"
    std::vector<Level> levels; // of a step
    std::string expectation;   // that failed (Failure); empty: a step, or an earlier rig's incident
                               // of a verdict as a whole
    std::vector<std::string> arms;     // in which it did
    std::string closing;               // of the run that broke
    std::string state;                 // "opened" | "bisected" | "fixed" | "closed"
    std::string opened, fixed, closed; // night ids
    std::string note;                  // why it was closed
    Culprit cause, fix;
    std::vector<std::string> told, untold; // transitions

    bool is_open() const { return fixed.empty() && closed.empty(); }
    bool is_regression() const { return direction != "fell"; }
    Failure failure() const { return {expectation, arms}; }
};

// A candidate that its re-run did not confirm. Looked at again when twice as many runs lie behind
// it.
struct Dismissed {
    std::string cell, metric, direction, run, night;
    std::size_t runs = 0; // behind it, then
};

struct Message {
    std::string
        id; // "12-20260307-010000-<token>-opened-bisected": the same whenever it is sent again
    std::string subject, text, data;  // data: JSON
    std::vector<std::string> pending; // channels that have not taken it yet
    std::string why;                  // how the last attempt failed
};

struct IncidentBook {
    std::vector<Incident> incidents;
    std::vector<Dismissed> dismissed;
    std::vector<Message> outbox;
    unsigned last_id = 0;
    // Random, of this book only: incidents of one that is begun anew are counted from 1 again, and
    // their messages are others. Empty: an earlier rig's.
    std::string token;
    bool regression_open() const;
};

// Errors: FaultDomain::Host naming `file`, for what is no such book or a newer rig's.
std::string book_json(const IncidentBook& book);
Result<IncidentBook> book_from_json(std::string_view text, const std::filesystem::path& file);

// What a step means beside what is known.
struct StepMeaning {
    enum What { Known, Opens, Improves, Fixes } what = Known;
    std::vector<unsigned> fixes; // ids
};
// `runs`: what `step.at` counts. Known: it is an incident's or a fix's already (the same direction
// within min_segment runs: its place moves a little as runs come in), it was dismissed and there
// is little more to go by, or it lies before `first_seen` (UTC). A fall is a fix of an open
// incident if every arm's level after it lies within `min_effect` of the level before that
// incident, or within what that level was seen to vary; else an improvement.
StepMeaning meaning_of(const Step& step, const std::string& cell,
                       const std::vector<const RunRecord*>& runs, const IncidentBook& book,
                       const std::string& first_seen, const ChangePointOptions& options);

// Between the runs on both sides of a step.
Span span_of(const Step& step, const std::vector<const RunRecord*>& runs);
// One run further out on each side, as far as there are any: the place of a step is exact to a run
// or two where figures scatter.
Span widened(const Span& span, const std::vector<const RunRecord*>& runs);

// Adds it (its id and state are chosen here) and gives it back.
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
