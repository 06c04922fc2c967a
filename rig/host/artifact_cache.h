// SPDX-License-Identifier: GPL-2.0-or-later
// The artefact cache: $RIG_CACHE_DIR, else $XDG_CACHE_HOME/rig, else ~/.cache/rig.
//
//   <kind>/<key>/...      a committed artefact, never changed afterwards (kinds: sources, deltas,
//                         lines, kernels, perf, images, packages)
//   <kind>/<key>.tmp-*    work in progress of a live process. Left-overs, whose lock is free, are
//                         removed by prune.
//   worktrees/<key>/      hard links to the sources and an object tree; mutable, used only under
//                         its lock
//   locks/<kind>-<key>    flock(2) files
//
// Safe with several rigs at once: an artefact is prepared in a private folder and renamed into
// place. A second process that needs the same artefact waits for the lock and then finds it. A
// killed rig leaves only .tmp- folders.
#pragma once

#include "rig/base/error.h"
#include "rig/base/file_lock.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

std::filesystem::path default_cache_dir();

struct CacheEntry {
    std::string kind, key;
    std::string label;          // human-readable, from the artefact's file `label`
    std::uint64_t bytes = 0;    // disk usage
    std::int64_t last_used = 0; // seconds since 1970
};

class ArtifactCache {
 public:
    // A relative root is made absolute immediately. A stop request ends the wait for a lock with an
    // error.
    explicit ArtifactCache(std::filesystem::path root, std::stop_token stop = {});
    const std::filesystem::path& root() const { return root_; }

    // The artefact's folder, or nullopt. Marks the artefact as just used.
    std::optional<std::filesystem::path> find(std::string_view kind, std::string_view key) const;

    // Finds the artefact or creates it: `make` fills an empty private folder, which is renamed into
    // place on success. Concurrent callers with the same key wait for each other. On failure
    // nothing is left.
    Result<std::filesystem::path>
    get_or_make(std::string_view kind, std::string_view key, std::string_view label,
                const std::function<Status(const std::filesystem::path& dir)>& make);

    // Waits until the lock is held. `waiting` is called once if another process has it.
    Result<FileLock> lock(std::string_view kind, std::string_view key,
                          const std::function<void()>& waiting = {});

    // A mutable folder in `worktrees`, created if necessary. Use it only under lock("worktrees",
    // key).
    Result<std::filesystem::path> worktree(std::string_view key);

    std::vector<CacheEntry> list() const;

    // Removes the entries that were not used within `max_age_days`, and then the least recently
    // used ones until at most `max_bytes` remain. Never removes a locked entry. Returns the removed
    // entries.
    std::vector<CacheEntry> prune(std::optional<std::uint64_t> max_bytes,
                                  std::optional<unsigned> max_age_days);

 private:
    std::filesystem::path root_;
    std::stop_token stop_;
};

} // namespace rig
