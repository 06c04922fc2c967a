// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/prune.h"

#include "rig/base/file_lock.h"
#include "rig/base/files.h"
#include "rig/base/utc.h"

#include <chrono>
#include <fmt/format.h>
#include <map>
#include <tuple>
#include <unistd.h>
#include <vector>

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTrash = ".trash-"; // because of the dot it is not taken for a run

} // namespace

Result<std::vector<PruneChoice>> choose_pruned(const std::vector<RunRecord>& runs,
                                               const PruneOptions& options,
                                               const std::string& now) {
    if (!options.keep && !options.older_than_days)
        return fail(FaultDomain::Spec,
                    "prune: nothing says which runs, want --keep N, --older-than DAYS or both");
    const auto today = moment_of(now);
    // Complete runs of each experiment and set-up so far: an incomplete run must not displace the
    // complete one before it.
    using SetUp =
        std::tuple<std::string, std::string, std::string, unsigned, std::vector<std::string>>;
    std::map<SetUp, unsigned> seen;
    std::vector<PruneChoice> out;
    for (const auto& run : runs) {
        PruneChoice choice{run.id, run.experiment, false, ""};
        auto& whole = seen[{run.experiment, run.clock, run.accelerator, run.vcpus, run.overrides}];
        const auto newer = whole;
        whole += run.state == "ended";
        const auto started = moment_of(run.started);
        if (run.state == "running")
            choice.why_kept = "it has a writer";
        else if (!started || run.experiment.empty())
            choice.why_kept = "unreadable: neither its age nor its experiment is known";
        else if (options.keep && newer < *options.keep)
            choice.why_kept = fmt::format("one of the newest {}", *options.keep);
        else if (options.older_than_days &&
                 (!today || *today - *started < std::chrono::days(*options.older_than_days)))
            choice.why_kept = fmt::format("not older than {} days", *options.older_than_days);
        else if (newer == 0 && !options.force)
            choice.why_kept = "the newest of its experiment and set-up (--force takes it too)";
        else if (options.boots_only && !run.boots_kept)
            choice.why_kept = "its boots are gone already";
        else
            choice.remove = true;
        out.push_back(std::move(choice));
    }
    return out;
}

Result<std::uintmax_t> remove_run(const fs::path& run, bool boots_only) {
    // Held until the run is gone, so that a rig that opened the lock file before cannot get the
    // lock.
    RIG_TRY(alone, lock_out_writers(run));
    (void)alone;
    const auto what = boots_only ? run / "boots" : run;
    const auto bytes = size_of(what);
    const auto trash =
        run.parent_path() / fmt::format("{}{}-{}{}", kTrash, ::getpid(), run.filename().string(),
                                        boots_only ? "-boots" : "");
    std::error_code error;
    fs::rename(what, trash, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot rename {}: {}", what.string(), error.message()), what);
    fs::remove_all(trash,
                   error); // the remainder is no run any more, and the next prune removes it
    return bytes;
}

std::vector<fs::path> trash_in(const fs::path& results) {
    std::vector<fs::path> out;
    std::error_code error;
    for (fs::directory_iterator entry(results, error), end; !error && entry != end;
         entry.increment(error))
        if (entry->path().filename().string().starts_with(kTrash)) out.push_back(entry->path());
    return out;
}

} // namespace rig
