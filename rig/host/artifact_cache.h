// SPDX-License-Identifier: GPL-2.0-or-later
// The artefact cache: $RIG_CACHE_DIR, else $XDG_CACHE_HOME/rig, else ~/.cache/rig.
//
//   <kind>/<key>/...      a committed artefact, never changed afterwards (kinds: sources, deltas,
//                         lines, kernels, perf, images, packages, roots)
//   <kind>/<key>.tmp-*    work in progress of a live process. Left-overs, whose lock is free, are
//                         removed by prune.
//   worktrees/<key>/      hard links to the sources and an object tree; mutable, used only under
//                         its lock
//   locks/<kind>-<key>    flock(2) files
//
// Safe with several rigs at once: an artefact is prepared in a private folder and renamed into
// place. A second process that needs the same artefact waits for the lock and then finds it. A
// killed rig leaves only .tmp- folders.
//
// Several users may share a cache. What rig makes in it is as accessible as the cache's folder,
// whatever the umask: a group can read all artefacts of a cache with the mode 2770, and add others.
// Artefacts are shared; what rig changes again (worktrees, apt's lists) each user has for himself.
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

// Parses the value of $RIG_CACHE_RO: folders of caches that rig reads but does not write, separated
// by colons. FaultDomain::Host if one is not a folder.
Result<std::vector<std::filesystem::path>> read_only_caches(const std::string& folders);

struct CacheEntry {
    std::string kind, key;
    std::filesystem::path dir;
    std::string label;          // human-readable, from the artefact's file `label`
    std::uint64_t bytes = 0;    // disk usage
    std::int64_t last_used = 0; // seconds since 1970
};

class ArtifactCache {
 public:
    // A relative root is made absolute immediately. A stop request ends the wait for a lock with an
    // error. Artefacts are also taken from the caches `read_only`, where nothing is locked, marked
    // or copied.
    explicit ArtifactCache(std::filesystem::path root, std::stop_token stop = {},
                           std::vector<std::filesystem::path> read_only = {});
    const std::filesystem::path& root() const { return root_; }
    const std::vector<std::filesystem::path>& read_only() const { return read_only_; }

    // The artefact's folder, or nullopt. Marks the artefact as just used, unless it is in a
    // read-only cache.
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

    // The name of a folder that rig changes again: <kind>/<key>, or <kind>/<key>-<uid> if the
    // former belongs to another user.
    std::filesystem::path own_folder(std::string_view kind, std::string_view key) const;

    // Creates a folder directly below the root, with the root's permissions.
    Status make_folder(std::string_view name);

    // A file in `logs` that does not exist yet.
    Result<std::filesystem::path> new_log(std::string_view name);

    std::vector<CacheEntry> list() const;
    // The artefacts of one kind, also those of read-only caches, without their sizes.
    std::vector<CacheEntry> labels(std::string_view kind) const;

    // Removes the entries that were not used within `max_age_days`, and then the least recently
    // used ones until at most `max_bytes` remain. Never removes a locked entry, or one of another
    // user. Returns the removed entries.
    std::vector<CacheEntry> prune(std::optional<std::uint64_t> max_bytes,
                                  std::optional<unsigned> max_age_days);

 private:
    std::filesystem::path root_;
    std::stop_token stop_;
    std::vector<std::filesystem::path> read_only_;
};

} // namespace rig
