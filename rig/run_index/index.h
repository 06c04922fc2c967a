// SPDX-License-Identifier: GPL-2.0-or-later
// <results>/index.sqlite: the records of all runs, so that lists, trends and pages need not read
// thousands of folders. The folders are authoritative: the index can be rebuilt from them at any
// time, with identical rows. docs/reference/index-sqlite.md describes its tables.
//
// One writer at a time (SQLite's lock, which others wait for); readers may run concurrently (WAL).
// `PRAGMA user_version` is the version of the tables: an older file is migrated step by step when
// it is opened, a newer one is refused.
#pragma once

#include "rig/base/file_lock.h"
#include "rig/base/progress.h"
#include "rig/run_index/run_record.h"
#include "rig/run_index/sqlite.h"

#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace rig {

inline constexpr const char* kIndexFile = "index.sqlite";

struct RunFilter {
    std::string experiment; // "": any
    std::string verdict;    // as RunRecord::verdict(), or a state; "": any
    std::string since; // UTC, compared with `started` as text: "2026-02-23", "2026-02-23T10:00:00Z"
    std::optional<unsigned> limit;
};
// Accepts an existing day, "2026-02-23" or "2026-02-23T10:32:48Z"; else FaultDomain::Spec.
Status check_since(const std::string& text);

enum class Detail { Row, Whole }; // Row: without arms, metrics, splats and faults

// The figures of one run for one (experiment, metric, arm), for trends.
struct TrendPoint {
    std::string run, started, clock;
    MetricRecord metric;
};

class Index {
 public:
    // Opens <results>/index.sqlite. Makes it if it is missing, and migrates it if it is older.
    // FaultDomain::Host if it is damaged (Error::kind kDamagedDatabase), of a newer rig, no index
    // at all, or not writable.
    static Result<Index> open(const std::filesystem::path& results);
    // The same, but if nothing can be written into that folder: an empty index in memory, to be
    // filled by refresh_index().
    static Result<Index> open_to_read(const std::filesystem::path& results);
    // Makes a new index at `file`, without a journal. The caller renames it into place when it is
    // complete.
    static Result<Index> make(const std::filesystem::path& file);

    // Newest first.
    Result<std::vector<RunRecord>> runs(const RunFilter& filter = {},
                                        Detail detail = Detail::Row) const;
    Result<std::optional<RunRecord>> find(const std::string& id) const; // with all details
    // Oldest first; only ended runs whose figures are known.
    Result<std::vector<TrendPoint>> trend(const std::string& experiment, const std::string& metric,
                                          const std::string& arm) const;
    // Finds damage that no query has met yet. Reads the whole file.
    Status check() const;

    // The state of a run's folder when its row was made, see index_folder.h.
    struct Mark {
        std::string mark, state;
        bool recomputed = false;
    };
    Result<std::map<std::string, Mark>> marks() const;
    struct Marked {
        RunRecord record;
        std::string mark;
    };
    // Replaces and removes records in one transaction: a reader sees all of the changes or none.
    // Records with the same ID are replaced.
    Status update(const std::vector<Marked>& put, const std::vector<std::string>& drop);

 private:
    friend Status replace_index(const std::filesystem::path& results,
                                const std::filesystem::path& made);
    // A shared lock for users of the index; an exclusive one to rename a rebuilt index over it.
    static Result<FileLock> lock(const std::filesystem::path& results, int operation);
    Index(FileLock in_use, Database database)
        : in_use_(std::move(in_use)), database_(std::move(database)) {}

    FileLock in_use_; // released after the database is closed
    Database database_;
};

// Renames a closed file of Index::make() over the index. Waits a while for other users of the
// index, then fails with FaultDomain::Host.
Status replace_index(const std::filesystem::path& results, const std::filesystem::path& made);

// Migrates a database to this version, with one transaction for each step. `name` is used in
// messages.
Status migrate_index(Database& database, const std::string& name);
// The version of the tables that this version of rig writes.
unsigned index_version();

} // namespace rig
