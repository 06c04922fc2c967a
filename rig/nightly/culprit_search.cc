// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/culprit_search.h"

#include "rig/nightly/cell_history.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {

Status CulpritSearch::run() {
    for (const auto& [incident, culprit] : searches(needs_.book)) {
        RIG_CHECK(needs_.fail_if_stopped());
        // The budget is spent. The next night begins with this search.
        if (needs_.night.spent >= needs_.config.budget_minutes * 60.0) return {};
        // Only once a night.
        if (!searched_.emplace(incident->id, culprit == &incident->fix).second) continue;
        // The cell may belong to another configuration that shares these results. Leave it
        // unchanged.
        const auto number = number_of(needs_.config, incident->cell);
        if (number == needs_.config.cells.size() || !needs_.config.cells[number].follow ||
            !needs_.config.cells[number].bisect)
            continue;
        if (culprit->attempts >= kSearchAttempts) {
            culprit->wanted = false;
            if (culprit->why_not.empty()) culprit->why_not = "given up";
            continue;
        }
        RIG_CHECK(search(needs_.config.cells[number], needs_.facts[number], *incident, *culprit));
    }
    return needs_.save();
}

// Expectations that failed in one run share one search.
Result<BisectFinding> CulpritSearch::ask(const NightCell& cell, const BisectRequest& request) {
    const std::tuple key{cell.name, request.metric, request.arm, request.good, request.bad};
    if (const auto known = found_.find(key); known != found_.end()) return known->second;
    const auto began = needs_.now();
    auto finding = needs_.bisect(request);
    needs_.night.spent += std::chrono::duration<double>(needs_.now() - began).count();
    if (finding) found_.emplace(key, *finding);
    return finding;
}

Status CulpritSearch::search(const NightCell& cell, const CellFacts& facts, Incident& incident,
                             Culprit& culprit) {
    if (culprit.attempts > 0 && !incident.metric.empty()) {
        RIG_TRY(records, needs_.history(facts.experiment));
        culprit.span =
            widened(culprit.span, history_of(records, cell, facts.experiment, facts.text));
    }
    ++culprit.attempts;
    // Save the attempt count first, so that a search which crashes rig is not retried forever.
    RIG_CHECK(needs_.save());
    const auto& span = culprit.span;
    needs_.note(fmt::format("{}: which commit of {}..{}?", cell.name, span.good.substr(0, 12),
                            span.bad.substr(0, 12)));
    const BisectRequest request{needs_.config.top / cell.spec,
                                cell.overrides,
                                needs_.config.top / cell.follow->repository,
                                cell.follow->base,
                                span.good,
                                span.bad,
                                incident.metric,
                                incident.levels.empty() ? "" : incident.levels.front().arm};
    const auto finding = ask(cell, request);
    if (!finding && needs_.stop.stop_requested()) {
        --culprit.attempts;
        RIG_CHECK(needs_.save());
        return needs_.fail_if_stopped();
    }
    if (!finding) {
        culprit.why_not = finding.error().message;
        needs_.warn(fmt::format("{}: no search for the commit: {}", cell.name, culprit.why_not));
        if (finding.error().fault_domain != FaultDomain::Host) culprit.wanted = false;
        return needs_.save();
    }
    culprit.found = finding->found;
    culprit.candidates = finding->candidates;
    culprit.text = finding->text, culprit.why_not = finding->why_not,
    culprit.log = finding->log.string();
    if (!culprit.found) {
        if (culprit.attempts >= kSearchAttempts) culprit.wanted = false;
        return needs_.save();
    }
    culprit.wanted = false;
    if (&culprit == &incident.cause) {
        if (incident.is_open()) incident.state = "bisected";
        incident.untold.emplace_back("bisected");
    } else if (std::find(incident.untold.begin(), incident.untold.end(), "fixed") ==
               incident.untold.end()) {
        incident.untold.emplace_back("fix-bisected");
    }
    return needs_.save();
}

} // namespace rig
