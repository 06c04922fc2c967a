// SPDX-License-Identifier: GPL-2.0-or-later
// One night: runs the cells, compares their figures with those of earlier nights, and sends
// messages.
//
//   pending searches
//   -> each cell, by priority: run -> verdict and change points -> re-run of candidates -> incident
//   -> once more each cell that the host failed
//   -> searches for the commits -> messages
//
// All external dependencies are passed in. The tests play thirty nights without a guest.
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
    // Makes one ordinary run in results/. Errors as from run_experiment(). `fresh`: do not resume
    // another run. `commit`: as for overrides_of().
    std::function<Result<RunRecord>(const NightCell&, const std::string& commit, bool fresh)> run;
    // Whole records, in any order.
    std::function<Result<std::vector<RunRecord>>(const std::string& experiment)> history;
    Bisector bisect;
    Sender send;
    std::function<std::chrono::system_clock::time_point()> now;
    std::function<void(const std::string&)> warn, note; // `note`: progress text
    // Writes the state files.
    std::function<Status(const std::filesystem::path&, std::string_view)> write = write_atomically;
};

struct NightOptions {
    std::filesystem::path results;
    // As on the command line, for the report. A night with another value is another night.
    std::string since;
    // Why --since leaves a cell out, or "".
    std::function<std::string(const NightCell&, const CellFacts&, const CellMemory*)> excluded = {};
    bool fresh = false; // do not resume an interrupted night
};

struct NightResult {
    Night night;
    IncidentBook book;
};

// Runs a night, or resumes the newest night of this configuration that has not ended and began less
// than a day ago. FaultDomain::Host: another night is running, the state cannot be read or written,
// or `stop` was requested (finished work is kept).
Result<NightResult> run_night(const NightConfig& config, const NightOptions& options,
                              const NightEnvironment& environment, std::stop_token stop);

// The lock of the one rig that may change anything under <results>/nightly. FaultDomain::Host, with
// the pid, if another rig has it.
Result<FileLock> lock_nights(const std::filesystem::path& results);
// Loads the book. If there is none, returns a new one with its own token.
Result<IncidentBook> load_book(const std::filesystem::path& results);
Status save_book(const std::filesystem::path& results, const IncidentBook& book);

} // namespace rig
