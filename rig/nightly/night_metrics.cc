// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/utc.h"
#include "rig/export/prometheus.h"
#include "rig/nightly/night_state.h"

#include <algorithm>
#include <map>

namespace rig {

std::string night_metrics(const Night& night, const IncidentBook& book) {
    PrometheusText out;
    const auto moment = [&](const char* name, const char* help, const std::string& text) {
        out.family(name, help);
        if (const auto at = moment_of(text))
            out.sample({{"config", night.config}},
                       static_cast<double>(at->time_since_epoch().count()));
    };
    moment("rig_night_start_timestamp_seconds", "Start of the last night.", night.started);
    moment("rig_night_end_timestamp_seconds", "End of the last night.", night.ended);
    out.family("rig_night_duration_seconds", "Runs and searches of the last night, together.");
    out.sample({{"config", night.config}}, night.spent);
    out.family("rig_night_exit_code", "Exit code of the last night.");
    out.sample({{"config", night.config}}, static_cast<double>(night.exit(book)));
    std::map<std::string, unsigned> states;
    for (const auto& cell : night.cells)
        ++states[cell.state];
    out.family("rig_night_cells", "Cells of the last night by state.");
    for (const auto& [state, count] : states)
        out.sample({{"config", night.config}, {"state", state}}, count);
    out.family("rig_night_cell_verdict", "1: the cell's run of the last night has this verdict.");
    for (const auto& cell : night.cells)
        // A kernel that does not build is a verdict without a run.
        if (!cell.verdict.empty())
            out.sample({{"config", night.config}, {"cell", cell.cell}, {"verdict", cell.verdict}},
                       1);
    out.family("rig_night_cell_duration_seconds", "Duration of the cell's run of the last night.");
    for (const auto& cell : night.cells)
        // A resumed run took longer than this night saw of it.
        if (!cell.run.empty() && !cell.resumed)
            out.sample({{"config", night.config}, {"cell", cell.cell}}, cell.seconds);
    out.family("rig_night_open_incidents", "Incidents that are open after the last night.");
    out.sample({{"config", night.config}},
               static_cast<double>(
                   std::count_if(book.incidents.begin(), book.incidents.end(),
                                 [](const Incident& incident) { return incident.is_open(); })));
    return out.text();
}

} // namespace rig
