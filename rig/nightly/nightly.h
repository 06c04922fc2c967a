// SPDX-License-Identifier: GPL-2.0-or-later
// One night: which cells are run, what their figures mean beside those of earlier nights, and who
// is told.
//
//   pending searches -> cells by priority, each: run -> verdict and change points -> re-run of a
//   candidate -> incident
//   -> once more those that the host failed -> searches for the commits -> messages
//
// The outside environment is handed in; the tests play thirty nights without a guest.
#pragma once

#include "rig/base/file_lock.h"
#include "rig/base/files.h"
#include "rig/nightly/bisector.h"
#include "rig/nightly/night_state.h"
#include "rig/nightly/nightly_config.h"
#include "rig/nightly/nightly_plan.h"
#include "rig/nightly/notify_send.h"

#include <chrono>
#include <functional>
#include <stop_token>

namespace rig {

struct NightEnvironment {
    std::function<CellFacts(const NightCell&)> facts;
    // One ordinary run in results/. An Error as run_experiment() gives it; `fresh` does not go on
    // with another. `commit`: what overrides_of() wants.
    std::function<Result<RunRecord>(const NightCell&, const std::string& commit, bool fresh)> run;
    std::function<Result<std::vector<RunRecord>>(const std::string& experiment)>
        history; // whole records, any order
    Bisector bisect;
    Sender send;
    std::function<std::chrono::system_clock::time_point()> now;
    std::function<void(const std::string&)> warn, note; // note: what is being done, for progress
    std::function<Status(const std::filesystem::path&, std::string_view)> write =
        write_atomically; // the state of nights
};

struct NightOptions {
    std::filesystem::path results;
    std::string since; // as on the command line, for the report; a night with another `since` is
                       // another night
    std::function<std::string(const NightCell&, const CellFacts&, const CellMemory*)> excluded =
        {};             // by --since: why, or ""
    bool fresh = false; // do not go on with a night that was interrupted
};

struct NightResult {
    Night night;
    IncidentBook book;
};

// Goes on with the newest night of this configuration that has not ended and began less than a day
// ago. FaultDomain::Host: another night is going on, the state cannot be read or written, or `stop`
// was asked for (what was done is kept).
Result<NightResult> run_night(const NightConfig& config, const NightOptions& options,
                              const NightEnvironment& environment, std::stop_token stop);

// Held by the one rig that may change anything under <results>/nightly. FaultDomain::Host, with its
// pid, if another has it.
Result<FileLock> lock_nights(const std::filesystem::path& results);
// A new one, with a token of its own, where there is none.
Result<IncidentBook> load_book(const std::filesystem::path& results);
Status save_book(const std::filesystem::path& results, const IncidentBook& book);

} // namespace rig
