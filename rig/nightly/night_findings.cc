// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/night_findings.h"

#include "rig/nightly/cell_history.h"
#include "rig/nightly/regression_report.h"
#include "rig/run_index/run_failures.h"
#include "rig/run_index/trend.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace rig {
namespace {

bool wanted(const NightCell& cell, const Span& span) {
    return cell.bisect && !span.good.empty() && !span.bad.empty() && span.good != span.bad;
}

// Marks a culprit as wanted if a bisection can find it. A bisection compares figures and verdicts.
// A commit that splats or ends the run is untestable for it and is skipped.
void want(Culprit& culprit, const NightCell& cell, const Failure& failure) {
    culprit.wanted = wanted(cell, culprit.span) && says_figures(failure);
    if (wanted(cell, culprit.span) && !says_figures(failure))
        culprit.why_not =
            "rig bisect searches for figures and verdicts, not for a splat or the end of a run";
}

// The span in which an expectation changed: from the last run with the other result to this run.
// `known`: a run for which the other result is already known.
Span span_to(const CellResult& result, const RunRecord* before, Span known,
             const std::vector<RunRecord>& records, const RunRecord& record) {
    if (before && before->id > known.good_run)
        known.good_run = before->id, known.good = before->revision;
    known.bad_run = result.run, known.bad = result.commit;
    if (const auto* good = find_record(records, known.good_run);
        good && !good->arms.empty() && !record.arms.empty())
        known.also = changed_between(*good, record, good->arms.front().arm);
    return known;
}

// Examines one run; its candidates share one re-run.
class Findings {
 public:
    explicit Findings(const RunToLookAt& run) : run_(run) {}

    Status look() {
        RIG_CHECK(look_at_failures());
        return look_at_steps();
    }

 private:
    // One re-run serves all candidates of a cell. It is made even if the budget is spent; otherwise
    // a regression of the last cell of a night would never be reported.
    Status confirm(const std::string& what, const std::function<bool(const RunRecord&)>& is,
                   Confirmation& out) {
        out.what = what;
        if (!rerun_) {
            run_.note(fmt::format("{}: once more, for {}", run_.cell.name, what));
            rerun_ = run_.rerun();
            if (!*rerun_) RIG_CHECK(run_.fail_if_stopped());
        }
        const auto& rerun = *rerun_;
        if (!rerun)
            out.outcome = "host fault", out.why = rerun.error().message;
        else {
            out.run = rerun->id;
            const bool same = is(*rerun);
            out.outcome = same ? "confirmed" : "not confirmed";
            if (!same)
                out.why =
                    fmt::format("the re-run came out {}: {}", rerun->verdict(), rerun->closing);
        }
        run_.result.confirmations.push_back(out);
        return {};
    }

    // Each expectation is confirmed separately: a run and a re-run that fail different expectations
    // confirm nothing.
    Status look_at_failures() {
        const auto& cell = run_.cell;
        const auto& facts = run_.facts;
        const auto& result = run_.result;
        const auto& records = run_.records;
        const auto& record = run_.record;
        for (const auto& failed : failures_of(record)) {
            const auto failure = unknown(failed, cell.name, run_.book);
            if (failure.expectation.empty()) continue;
            Failure same;
            Confirmation confirmation;
            RIG_CHECK(confirm(
                in_words(failure),
                [&](const RunRecord& rerun) {
                    same = common(failure, failures_of(rerun));
                    return !same.expectation.empty();
                },
                confirmation));
            if (confirmation.outcome != "confirmed") continue;
            const auto* before = newest_of(records, cell, facts.experiment, facts.text, result.run,
                                           [&](const RunRecord& one) { return holds(same, one); });
            Incident incident;
            incident.cell = cell.name, incident.tree = cell.tree, incident.direction = "broken",
            incident.closing = result.closing;
            incident.expectation = same.expectation, incident.arms = same.arms;
            incident.cause.span =
                span_to(result, before, {run_.memory.good_run, "", run_.memory.good, "", {}},
                        records, record);
            want(incident.cause, cell, same);
            incident.seen = seen_in(record, same.expectation, same.arms);
            open_incident(run_.book, incident, run_.night);
        }
        for (auto& incident : run_.book.incidents) {
            const auto failure = incident.failure();
            if (incident.cell != cell.name || !incident.metric.empty() || !incident.is_open() ||
                !holds(failure, record))
                continue;
            Confirmation confirmation;
            RIG_CHECK(confirm(
                (failure.expectation.empty() ? "the verdict" : in_words(failure)) + " holds again",
                [&](const RunRecord& rerun) { return holds(failure, rerun); }, confirmation));
            if (confirmation.outcome != "confirmed") continue;
            const auto* before = newest_of(
                records, cell, facts.experiment, facts.text, result.run, [&](const RunRecord& one) {
                    const auto failures = failures_of(one);
                    return failure.expectation.empty()
                               ? !failures.empty()
                               : !common(failure, failures).expectation.empty();
                });
            Culprit fix;
            fix.span = span_to(result, before,
                               {incident.cause.span.bad_run, "", incident.cause.span.bad, "", {}},
                               records, record);
            want(fix, cell, failure);
            mark_fixed(incident, fix, run_.night);
        }
        return {};
    }

    Status look_at_steps() {
        const auto& cell = run_.cell;
        const auto runs = history_of(run_.records, cell, run_.facts.experiment, run_.facts.text);
        const auto options = change_options(run_.config);
        for (const auto& step : steps_of(runs, cell, options)) {
            const auto meaning =
                meaning_of(step, cell.name, runs, run_.book, run_.memory.first_seen, options);
            if (meaning.what == StepMeaning::Known) continue;
            const std::string direction = step.rose ? "rose" : "fell";
            Confirmation confirmation;
            RIG_CHECK(confirm(
                step.metric + " " + direction,
                [&](const RunRecord& rerun) {
                    return rerun.proven() && confirms(step, runs, rerun, cell, options);
                },
                confirmation));
            if (confirmation.outcome == "not confirmed")
                run_.book.dismissed.push_back({cell.name, step.metric, direction, runs[step.at]->id,
                                               run_.night, runs.size() - step.at});
            if (confirmation.outcome != "confirmed") continue;
            Culprit culprit;
            culprit.span = span_of(step, runs);
            culprit.wanted = wanted(cell, culprit.span);
            for (auto& incident : run_.book.incidents)
                if (std::find(meaning.fixes.begin(), meaning.fixes.end(), incident.id) !=
                    meaning.fixes.end())
                    mark_fixed(incident, culprit, run_.night);
            if (meaning.what == StepMeaning::Fixes) continue;
            Incident incident;
            incident.cell = cell.name, incident.tree = cell.tree, incident.metric = step.metric,
            incident.unit = step.unit, incident.direction = direction;
            incident.levels = step.levels, incident.cause = culprit;
            incident.seen = seen_in(*runs[step.at], "", {});
            open_incident(run_.book, incident, run_.night);
        }
        return {};
    }

    const RunToLookAt& run_;
    std::optional<Result<RunRecord>> rerun_;
};

} // namespace

Status look_at_run(const RunToLookAt& run) {
    return Findings(run).look();
}

} // namespace rig
