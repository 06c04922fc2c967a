// SPDX-License-Identifier: GPL-2.0-or-later
// What `rig serve` shows of the folders of runs while they grow: how far each is, and what its
// guests print. Reads only, and only what lies in `results`; names in an address are looked for
// among those there are, never made into a path.
#pragma once

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
    // the console of a boot from byte N on, at most kConsolePiece, with its whole size in "X-Size".
    // "/report/RUN": the run's page or, without one, its text. Anything else: 404. Links are not
    // followed. What cannot be read: 500.
    HttpAnswer answer(std::string_view target);

    static constexpr std::size_t kConsolePiece = 256 << 10;
    static constexpr std::size_t kRuns = 20;

 private:
    struct Counted { // what of samples.jsonl was counted already
        std::uintmax_t read = 0;
        std::map<std::string, unsigned> boots; // by arm
    };
    HttpAnswer look_up(std::string_view target);
    std::string live_json();
    HttpAnswer console(std::string_view run, std::string_view boot, std::uintmax_t from) const;
    HttpAnswer report(std::string_view run) const;
    const Counted& count(const std::filesystem::path& run);

    std::filesystem::path results_;
    std::mutex mutex_; // counted_
    std::map<std::string, Counted> counted_;
};

} // namespace rig
