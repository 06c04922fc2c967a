// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/index.h"

#include "rig/base/utc.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <tuple>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

// How long to wait for another rig's transaction, and for users of the index.
constexpr std::chrono::seconds kPatience(10);
constexpr std::chrono::milliseconds kLookAgain(20);

// The columns that visit_*columns() list; the index's own columns follow them.
template<class Record, class Visit> std::vector<std::string> names_of(Visit visit_all) {
    std::vector<std::string> names;
    Record record;
    visit_all(record, [&](const char* name, auto&) { names.emplace_back(name); });
    return names;
}

std::string insert_into(const char* table, std::vector<std::string> names) {
    std::vector<std::string> marks(names.size(), "?");
    return fmt::format("INSERT INTO {} ({}) VALUES ({})", table, fmt::join(names, ", "),
                       fmt::join(marks, ", "));
}

constexpr auto run_columns = [](auto& record, auto visit) { visit_columns(record, visit); };
constexpr auto arm_columns = [](auto& record, auto visit) { visit_arm_columns(record, visit); };
constexpr auto metric_columns = [](auto& record, auto visit) {
    visit_metric_columns(record, visit);
};
constexpr auto splat_columns = [](auto& record, auto visit) { visit_splat_columns(record, visit); };
constexpr auto fault_columns = [](auto& record, auto visit) { visit_fault_columns(record, visit); };

std::string select_runs() {
    return fmt::format("SELECT {} FROM runs", fmt::join(names_of<RunRecord>(run_columns), ", "));
}

// The lists of a run: one table each, in the order of the record.
template<class Record, class Visit> class Rows {
 public:
    Rows(const char* table, Visit visit)
        : table_(table), visit_(visit), names_(names_of<Record>(visit)) {}

    Status write(const Database& database, const std::string& run,
                 const std::vector<Record>& records) {
        if (records.empty()) return {};
        if (!insert_) {
            auto names = names_;
            names.insert(names.begin(), {"run", "position"});
            RIG_TRY(prepared, database.prepare(insert_into(table_, names)));
            insert_ = std::move(prepared);
        }
        for (std::size_t i = 0; i < records.size(); ++i) {
            insert_->bind(run);
            insert_->bind(static_cast<std::uint64_t>(i));
            visit_(records[i], [&](const char*, const auto& value) { insert_->bind(value); });
            RIG_CHECK(insert_->run());
        }
        return {};
    }
    Status read(const Database& database, const std::string& run, std::vector<Record>& records) {
        if (!select_) {
            RIG_TRY(prepared, database.prepare(
                                  fmt::format("SELECT {} FROM {} WHERE run = ? ORDER BY position",
                                              fmt::join(names_, ", "), table_)));
            select_ = std::move(prepared);
        }
        select_->bind(run);
        for (;;) {
            RIG_TRY(row, select_->step());
            if (!row) break;
            visit_(records.emplace_back(), [&](const char*, auto& value) { select_->read(value); });
        }
        select_->reset();
        return {};
    }

 private:
    const char* table_;
    Visit visit_;
    std::vector<std::string> names_;
    std::optional<Statement> insert_, select_;
};

struct Lists {
    Rows<ArmRecord, decltype(arm_columns)> arms{"arms", arm_columns};
    Rows<MetricRecord, decltype(metric_columns)> metrics{"metrics", metric_columns};
    Rows<SplatRecord, decltype(splat_columns)> splats{"splats", splat_columns};
    Rows<FaultCount, decltype(fault_columns)> faults{"faults", fault_columns};

    Status write(const Database& database, const RunRecord& record) {
        RIG_CHECK(arms.write(database, record.id, record.arms));
        RIG_CHECK(metrics.write(database, record.id, record.metrics));
        RIG_CHECK(splats.write(database, record.id, record.splats));
        return faults.write(database, record.id, record.faults);
    }
    Status read(const Database& database, RunRecord& record) {
        RIG_CHECK(arms.read(database, record.id, record.arms));
        RIG_CHECK(metrics.read(database, record.id, record.metrics));
        RIG_CHECK(splats.read(database, record.id, record.splats));
        return faults.read(database, record.id, record.faults);
    }
};

Status with_advice(Status status) {
    if (!status && status.error().kind == kDamagedDatabase)
        status.error().message +=
            ": damaged, or no SQLite file; rig index --rebuild rebuilds it from the runs";
    return status;
}

} // namespace

Status check_since(const std::string& text) {
    if (moment_of(text) || moment_of(text + "T00:00:00Z")) return {};
    return fail(
        FaultDomain::Spec,
        fmt::format("--since {}: no day that exists, want 2026-02-23 or 2026-02-23T10:32:48Z (UTC)",
                    text));
}

Result<FileLock> Index::lock(const fs::path& results, int operation) {
    const auto file = results / ".index.lock";
    const int fd = open_lock_file(file);
    if (fd < 0)
        return fail(FaultDomain::Host,
                    fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)), file);
    FileLock held(fd);
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (::flock(fd, operation | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail(FaultDomain::Host,
                        fmt::format("cannot lock {}: {}", file.string(), std::strerror(errno)),
                        file);
        if (std::chrono::steady_clock::now() > until)
            return fail(
                FaultDomain::Host,
                fmt::format("{}: another rig has the index {} for {} s; try again when it is done",
                            (results / kIndexFile).string(),
                            operation == LOCK_EX ? "open" : "under repair", kPatience.count()),
                file);
        std::this_thread::sleep_for(kLookAgain);
    }
    return held;
}

Result<Index> Index::open(const fs::path& results) {
    std::error_code error;
    if (!fs::is_directory(results, error))
        return fail(FaultDomain::Spec,
                    fmt::format("{}: no such folder, want the one that holds the runs (--results)",
                                results.string()));
    const auto file = results / kIndexFile;
    RIG_TRY(in_use, lock(results, LOCK_SH));
    const auto opened = [&](Database& database) -> Status {
        // Committed data survives a crash of rig. Losing the last transactions in a crash of the
        // machine does no harm, since the index is derived data.
        RIG_CHECK(database.execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON"));
        return migrate_index(database, file.string());
    };
    RIG_TRY(database, Database::open(file, kPatience));
    RIG_CHECK(with_advice(opened(database)));
    // Despite the umask, for those who share the results. SQLite gives its other files the same
    // permissions. Fails for another user's, which needs none.
    std::ignore = ::chmod(file.c_str(), 0600 | (shared_permissions(results) & 066));
    return Index(std::move(in_use), std::move(database));
}

Result<Index> Index::open_to_read(const fs::path& results) {
    std::error_code error;
    if (fs::is_directory(results, error) &&
        ::faccessat(AT_FDCWD, results.c_str(), W_OK, AT_EACCESS) != 0)
        return make(":memory:");
    return open(results);
}

Result<Index> Index::make(const fs::path& file) {
    RIG_TRY(database, Database::open(file, kPatience));
    // The file is synced as a whole before it is renamed.
    RIG_CHECK(database.execute("PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF"));
    RIG_CHECK(migrate_index(database, file.string()));
    return Index(FileLock(), std::move(database));
}

Status replace_index(const fs::path& results, const fs::path& made) {
    const int fd = ::open(made.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    std::ignore = ::chmod(made.c_str(), 0600 | (shared_permissions(results) & 066));
    if (!synced)
        return fail(FaultDomain::Host,
                    fmt::format("cannot sync {}: {}", made.string(), std::strerror(error)), made);
    RIG_TRY(alone, Index::lock(results, LOCK_EX));
    (void)alone;
    // SQLite would apply the journal of the old file to the new one.
    std::error_code failed;
    for (const char* beside : {"-wal", "-shm", "-journal"})
        if (fs::remove(results / (std::string(kIndexFile) + beside), failed); failed) break;
    if (!failed) fs::rename(made, results / kIndexFile, failed);
    if (failed)
        return fail(
            FaultDomain::Host,
            fmt::format("cannot replace {}: {}", (results / kIndexFile).string(), failed.message()),
            results);
    return {};
}

Result<std::vector<RunRecord>> Index::runs(const RunFilter& filter, Detail detail) const {
    std::vector<RunRecord> out;
    const auto run = [&]() -> Status {
        RIG_TRY(select,
                database_.prepare(select_runs() +
                                  " WHERE (?1 = '' OR experiment = ?1) AND (?2 = '' OR verdict = "
                                  "?2 OR state = ?2) AND (?3 = '' OR started >= ?3)"
                                  " ORDER BY started DESC, id DESC LIMIT ?4"));
        select.bind(filter.experiment);
        select.bind(filter.verdict);
        select.bind(filter.since);
        select.bind(filter.limit ? static_cast<std::int64_t>(*filter.limit) : std::int64_t{-1});
        Lists lists;
        for (;;) {
            RIG_TRY(row, select.step());
            if (!row) return {};
            visit_columns(out.emplace_back(),
                          [&](const char*, auto& value) { select.read(value); });
            if (detail == Detail::Whole) RIG_CHECK(lists.read(database_, out.back()));
        }
    };
    RIG_CHECK(with_advice(run()));
    return out;
}

Result<std::optional<RunRecord>> Index::find(const std::string& id) const {
    RIG_TRY(select, database_.prepare(select_runs() + " WHERE id = ?"));
    select.bind(id);
    RIG_TRY(row, select.step());
    if (!row) return std::optional<RunRecord>();
    RunRecord record;
    visit_columns(record, [&](const char*, auto& value) { select.read(value); });
    RIG_CHECK(Lists().read(database_, record));
    return std::optional(std::move(record));
}

Result<std::vector<TrendPoint>> Index::trend(const std::string& experiment,
                                             const std::string& metric,
                                             const std::string& arm) const {
    std::vector<std::string> names;
    for (const auto& name : names_of<MetricRecord>(metric_columns))
        names.push_back("m." + name);
    RIG_TRY(select,
            database_.prepare(fmt::format(
                "SELECT r.id, r.started, r.clock, {} FROM runs r JOIN metrics m ON m.run = r.id "
                "WHERE r.experiment = ? AND r.state = 'ended' AND"
                " m.metric = ? AND m.arm = ? AND m.median IS NOT NULL ORDER BY r.started, r.id",
                fmt::join(names, ", "))));
    select.bind(experiment);
    select.bind(metric);
    select.bind(arm);
    std::vector<TrendPoint> out;
    for (;;) {
        RIG_TRY(row, select.step());
        if (!row) return out;
        auto& point = out.emplace_back();
        select.read(point.run);
        select.read(point.started);
        select.read(point.clock);
        visit_metric_columns(point.metric, [&](const char*, auto& value) { select.read(value); });
    }
}

Status Index::check() const {
    const auto run = [&]() -> Status {
        RIG_TRY(select, database_.prepare("PRAGMA quick_check(1)"));
        RIG_TRY(row, select.step());
        std::string said;
        if (row) select.read(said);
        if (said == "ok") return {};
        Error error{
            FaultDomain::Host, fmt::format("{}: {}", kIndexFile, said), {}, kDamagedDatabase, {}};
        return tl::unexpected(error);
    };
    return with_advice(run());
}

Result<std::map<std::string, Index::Mark>> Index::marks() const {
    std::map<std::string, Mark> out;
    const auto run = [&]() -> Status {
        RIG_TRY(select, database_.prepare("SELECT id, mark, state, recomputed FROM runs"));
        for (;;) {
            RIG_TRY(row, select.step());
            if (!row) return {};
            std::string id;
            select.read(id);
            auto& mark = out[id];
            select.read(mark.mark);
            select.read(mark.state);
            select.read(mark.recomputed);
        }
    };
    RIG_CHECK(with_advice(run()));
    return out;
}

Status Index::update(const std::vector<Marked>& put, const std::vector<std::string>& drop) {
    return with_advice(database_.transaction([&]() -> Status {
        RIG_TRY(remove,
                database_.prepare("DELETE FROM runs WHERE id = ?")); // cascades to the other tables
        auto names = names_of<RunRecord>(run_columns);
        names.insert(names.end(), {"verdict", "mark"});
        RIG_TRY(insert, database_.prepare(insert_into("runs", names)));
        for (const auto& id : drop) {
            remove.bind(id);
            RIG_CHECK(remove.run());
        }
        Lists lists;
        for (const auto& [record, mark] : put) {
            remove.bind(record.id);
            RIG_CHECK(remove.run());
            visit_columns(record, [&](const char*, const auto& value) { insert.bind(value); });
            insert.bind(record.verdict());
            insert.bind(mark);
            RIG_CHECK(insert.run());
            RIG_CHECK(lists.write(database_, record));
        }
        return {};
    }));
}

} // namespace rig
