// SPDX-License-Identifier: GPL-2.0-or-later
// What `rig serve` shows of run folders while they grow: the progress of each run and the consoles
// of its guests. Only reads, and only below `results`: names in an address are compared with
// existing names and never become part of a path.
#pragma once

#include "rig/export/prometheus.h"
#include "rig/html/http_answer.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace rig {

class LiveResults {
 public:
    explicit LiveResults(std::filesystem::path results) : results_(std::move(results)) {}

    // "/": the page. "/live.json": the newest runs, see live_json(). "/console/RUN/BOOT?from=N":
    // the console of a boot from byte N on, at most kConsolePiece, with the total size in "X-Size".
    // "/report/RUN": the run's page or, without one, its text report. "/metrics": all
    // runs for Prometheus, see metrics_of_runs(). Anything else: 404. Symbolic
    // links are not followed. Unreadable files: 500.
    HttpAnswer answer(std::string_view target);

    static constexpr std::size_t kConsolePiece = 256 << 10;
    static constexpr std::size_t kRuns = 20;

 private:
    struct Counted { // the part of samples.jsonl that is already counted
        std::uintmax_t read = 0;
        std::map<std::string, unsigned> boots; // key: arm
    };
    struct Figured { // what /metrics says of a run
        std::string fingerprint;
        RunFigures figures;
    };
    HttpAnswer look_up(std::string_view target);
    std::string metrics();
    std::string live_json();
    HttpAnswer console(std::string_view run, std::string_view boot, std::uintmax_t from) const;
    HttpAnswer report(std::string_view run) const;
    const Counted& count(const std::filesystem::path& run);

    std::filesystem::path results_;
    std::mutex mutex_; // protects counted_ and figured_
    std::map<std::string, Counted> counted_;
    std::map<std::string, Figured> figured_;
};

} // namespace rig
