// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/index_folder.h"

#include "rig/base/file_lock.h"
#include "rig/run_index/run_reader.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>
#include <span>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRebuildLock = ".index.rebuild";
constexpr std::size_t kAtATime = 64; // runs per transaction: a few MiB of records

std::string stamp(const fs::path& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return "-";
    return fmt::format("{}.{:09}:{}", found.st_mtim.tv_sec, found.st_mtim.tv_nsec, found.st_size);
}

// Take the fingerprint first: if a file changes while it is read, the next fingerprint differs.
std::vector<Index::Marked> read_all(std::span<const fs::path> runs) {
    std::vector<Index::Marked> out(runs.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i; (i = next++) < runs.size();) {
            out[i].mark = fingerprint_of(runs[i]);
            out[i].record = read_record(runs[i]);
        }
    };
    std::vector<std::jthread> others;
    for (unsigned n = 1;
         n < std::min<std::size_t>(std::max(1u, std::thread::hardware_concurrency()), runs.size());
         ++n)
        others.emplace_back(work);
    work();
    return out;
}

bool to_read(const fs::path& run, const Index::Mark& known, Retry retry) {
    if (known.mark != fingerprint_of(run)) return true;
    if (known.state == "running" || known.state == "interrupted")
        return has_writer(run) != (known.state == "running");
    return retry == Retry::NotRecomputed && !known.recomputed;
}

} // namespace

std::string fingerprint_of(const fs::path& run) {
    // A failed attempt changes boots/ too: each boot gets a new folder there before its attempts.
    return fmt::format("{} {} {} {}", stamp(run / "run.json"), stamp(run / "samples.jsonl"),
                       stamp(run / "report.json"), stamp(run / "boots"));
}

Result<IndexChange> refresh_index(Index& index, const fs::path& results, Retry retry,
                                  Progress& progress, std::stop_token stop) {
    RIG_TRY(known, index.marks());
    IndexChange change;
    std::vector<fs::path> todo;
    std::set<std::string> there;
    for (const auto& run : run_folders(results)) {
        const auto id = run.filename().string();
        there.insert(id);
        const auto found = known.find(id);
        if (found != known.end() && !to_read(run, found->second, retry)) continue;
        ++(found == known.end() ? change.added : change.changed);
        todo.push_back(run);
    }
    std::vector<std::string> gone;
    for (const auto& [id, mark] : known)
        if (!there.contains(id)) gone.push_back(id);
    change.dropped = gone.size();
    change.runs = there.size();
    if (!todo.empty()) progress.start("indexing runs", todo.size());
    if (!gone.empty()) RIG_CHECK(index.update({}, gone));
    for (std::size_t done = 0; done < todo.size();) {
        if (stop.stop_requested())
            return fail(FaultDomain::Host,
                        fmt::format("interrupted: {} of {} runs indexed, which stay so", done,
                                    todo.size()));
        const auto some = std::span(todo).subspan(done, std::min(kAtATime, todo.size() - done));
        const auto read = read_all(some);
        for (const auto& one : read)
            change.not_recomputed += !one.record.recomputed;
        RIG_CHECK(index.update(read, {}));
        progress.advance(done += some.size());
    }
    if (!todo.empty()) progress.finish();
    return change;
}

Result<IndexChange> rebuild_index(const fs::path& results, Progress& progress,
                                  std::stop_token stop) {
    std::error_code error;
    if (!fs::is_directory(results, error))
        return fail(FaultDomain::Spec,
                    fmt::format("{}: no such folder, want the one that holds the runs (--results)",
                                results.string()));
    const auto lock = results / kRebuildLock;
    const int fd = open_lock_file(lock);
    if (fd < 0)
        return fail(FaultDomain::Host,
                    fmt::format("cannot open {}: {}", lock.string(), std::strerror(errno)), lock);
    const FileLock alone(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
        return fail(FaultDomain::Host,
                    fmt::format("{}: another rig is rebuilding it; try again when it is done",
                                (results / kIndexFile).string()),
                    lock);
    struct Leftover { // left by a failed or killed rebuild
        fs::path file;
        void remove() const {
            std::error_code ignored;
            for (const char* beside : {"", "-journal"})
                fs::remove(file.string() + beside, ignored);
        }
        ~Leftover() { remove(); }
    } leftover{results / fmt::format(".{}.new", kIndexFile)};
    leftover.remove();
    const auto& file = leftover.file;
    IndexChange change;
    {
        RIG_TRY(index, Index::make(file));
        RIG_TRY(made, refresh_index(index, results, Retry::No, progress, stop));
        change = made;
    }
    RIG_CHECK(replace_index(results, file));
    return change;
}

Status index_run(const fs::path& run) {
    RIG_TRY(index, Index::open(run.parent_path().empty() ? fs::path(".") : run.parent_path()));
    const std::vector<fs::path> one{run};
    return index.update(read_all(one), {});
}

} // namespace rig
