// SPDX-License-Identifier: GPL-2.0-or-later
// <results>/index.sqlite: the records of all runs, for lists, trends and pages without reading
// thousands of folders. The folders stay the truth; the index can be made again from them at any
// time, and then is the same, row by row. Its tables are described in
// docs/reference/index-sqlite.md.
//
// One writer at a time (SQLite's lock, waited for), readers beside it (WAL). `PRAGMA user_version`
// is the version of the tables: an older file is brought up step by step when it is opened, a newer
// one is refused.
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
    std::string verdict;    // RunRecord::verdict() or state, "": any
    std::string since; // UTC, compared with `started` as text: "2026-02-23", "2026-02-23T10:00:00Z"
    std::optional<unsigned> limit;
};
// "2026-02-23" or "2026-02-23T10:32:48Z", a day that exists; FaultDomain::Spec else.
Status check_since(const std::string& text);

enum class Detail { Row, Whole }; // Row: without arms, metrics, splats and faults

// One run's figures of one (experiment, metric, arm), for trends.
struct TrendPoint {
    std::string run, started, clock;
    MetricRecord metric;
};

class Index {
 public:
    // Opens <results>/index.sqlite, makes it, or brings it up to this version. FaultDomain::Host:
    // damaged (Error::kind kDamagedDatabase), of a newer rig, no index at all, or not writable.
    static Result<Index> open(const std::filesystem::path& results);
    // A new one at `file`, without a journal beside it: to be renamed into place once it is
    // complete.
    static Result<Index> make(const std::filesystem::path& file);

    // Newest first.
    Result<std::vector<RunRecord>> runs(const RunFilter& filter = {},
                                        Detail detail = Detail::Row) const;
    Result<std::optional<RunRecord>> find(const std::string& id) const; // whole
    // Oldest first; of ended runs whose figures are known.
    Result<std::vector<TrendPoint>> trend(const std::string& experiment, const std::string& metric,
                                          const std::string& arm) const;
    // Damage that no query has met yet. Reads the whole file.
    Status check() const;

    // What the folder was like when its row was made; see index_folder.h.
    struct Mark {
        std::string mark, state;
        bool recomputed = false;
    };
    Result<std::map<std::string, Mark>> marks() const;
    struct Marked {
        RunRecord record;
        std::string mark;
    };
    // In one transaction: a reader sees all of it or nothing. What is there of the same id is
    // replaced.
    Status update(const std::vector<Marked>& put, const std::vector<std::string>& drop);

 private:
    friend Status replace_index(const std::filesystem::path& results,
                                const std::filesystem::path& made);
    // Shared by those that have the index open; alone, to rename a rebuilt one over it.
    static Result<FileLock> lock(const std::filesystem::path& results, int operation);
    Index(FileLock in_use, Database database)
        : in_use_(std::move(in_use)), database_(std::move(database)) {}

    FileLock in_use_; // released after the database is closed
    Database database_;
};

// Renames a file of Index::make(), already closed, over the index. Waits a while for those that
// have it open, then FaultDomain::Host.
Status replace_index(const std::filesystem::path& results, const std::filesystem::path& made);

// Brings a database up to this version, one transaction for each step. `name` is for messages.
Status migrate_index(Database& database, const std::string& name);
// The version of the tables that this rig writes.
unsigned index_version();

} // namespace rig
