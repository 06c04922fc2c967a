// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/index.h"

#include "rig/run_index/index_folder.h"
#include "rig/run_index/run_reader.h"
#include "rig/testing/as_user.h"
#include "rig/testing/results_fixture.h"
#include "rig/testing/temp_tree.h"

#include <atomic>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>

namespace rig {
namespace {

namespace fs = std::filesystem;
using rig::testing::read_text;

class IndexTest : public ResultsProject {
 protected:
    Index open() {
        fs::create_directories(results());
        auto index = Index::open(results());
        EXPECT_TRUE(index) << index.error().message;
        return std::move(*index);
    }
    IndexChange refresh(Index& index, Retry retry = Retry::No) {
        auto change = refresh_index(index, results(), retry, Progress::silent(), {});
        EXPECT_TRUE(change) << change.error().message;
        return change.value_or(IndexChange{});
    }
    // Every row of every table, as text.
    static std::vector<std::string> rows_of(const fs::path& file) {
        auto database = Database::open(file, std::chrono::seconds(1));
        EXPECT_TRUE(database);
        std::vector<std::string> tables, out;
        auto names =
            database->prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
        EXPECT_TRUE(names);
        while (*names->step())
            names->read(tables.emplace_back());
        for (const auto& table : tables) {
            auto columns = database->prepare("SELECT name FROM pragma_table_info('" + table +
                                             "') ORDER BY name");
            EXPECT_TRUE(columns);
            std::string all;
            for (std::string name; *columns->step();)
                columns->read(name),
                    all += (all.empty() ? "" : " || '|' || ") + ("quote(" + name + ")");
            auto rows = database->prepare("SELECT " + all + " FROM " + table + " ORDER BY 1");
            EXPECT_TRUE(rows) << rows.error().message;
            for (std::string row; *rows->step();)
                rows->read(row), out.push_back(table + ": " + row);
        }
        return out;
    }
    fs::path file() const { return results() / kIndexFile; }
    static void put(const fs::path& file, const std::string& text) {
        std::ofstream(file, std::ios::binary) << text;
    }
};

TEST_F(IndexTest, WhatWasPutInComesOutTheSame) {
    const auto dir = make_run(0);
    put(dir / "boots/0000-ipi-0/fault-0.txt", "host: starved: x\n");
    auto index = open();
    EXPECT_EQ(refresh(index).added, 1u);
    const auto expected = read_record(dir);
    ASSERT_FALSE(expected.metrics.empty());
    auto found = index.find(dir.filename());
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_TRUE(*found);
    EXPECT_TRUE(**found == expected);
    auto whole = index.runs({}, Detail::Whole);
    ASSERT_TRUE(whole);
    EXPECT_TRUE(whole->at(0) == expected);
    EXPECT_TRUE(index.runs()->at(0).metrics.empty());
    auto nothing = index.find("20260101-000000-none");
    ASSERT_TRUE(nothing);
    EXPECT_FALSE(*nothing);
}

TEST_F(IndexTest, RebuiltItIsTheSameRowByRowAsMadeBitByBit) {
    auto index = open();
    const auto first = make_run(0);
    refresh(index);
    const auto second = make_run(1, "kernel: panic: boot 2");
    const auto dropped = make_run(2);
    refresh(index);
    fs::remove_all(dropped);
    {
        auto writer = RunWriter::resume(second); // now it changes
        ASSERT_TRUE(writer);
        auto info = writer->info();
        info.failure = "guest: hang: boot 3";
        ASSERT_TRUE(writer->save(info));
    }
    {
        const auto running = begin(3, 2);
        refresh(index);
    } // indexed while it is written, then left unfinished
    const auto change = refresh(index);
    EXPECT_EQ(change.runs, 3u);
    EXPECT_EQ(change.changed, 1u); // running -> interrupted, although no file changed
    EXPECT_EQ(change.dropped, 0u);
    const auto incremental = rows_of(file());
    ASSERT_GT(incremental.size(), 50u);
    { auto closed = std::move(index); }
    auto rebuilt = rebuild_index(results(), Progress::silent(), {});
    ASSERT_TRUE(rebuilt) << rebuilt.error().message;
    EXPECT_EQ(rebuilt->added, 3u);
    EXPECT_EQ(rows_of(file()), incremental);

    // Negative control: another sample yields another row.
    auto text = read_text(first / "samples.jsonl");
    text.replace(text.find("\"injections\":80"), 15, "\"injections\":79");
    put(first / "samples.jsonl", text);
    ASSERT_TRUE(rebuild_index(results(), Progress::silent(), {}));
    EXPECT_NE(rows_of(file()), incremental);
}

TEST_F(IndexTest, OnlyWhatChangedIsReadAgain) {
    auto index = open();
    make_run(0);
    const auto second = make_run(1);
    EXPECT_EQ(refresh(index).added, 2u);
    auto change = refresh(index);
    EXPECT_EQ(change.added + change.changed + change.dropped, 0u);
    fs::remove_all(second / "boots");
    change = refresh(index);
    EXPECT_EQ(change.changed, 1u);
    fs::remove_all(second);
    change = refresh(index);
    EXPECT_EQ(change.dropped, 1u);
    EXPECT_EQ(change.runs, 1u);
    EXPECT_EQ(index.runs()->size(), 1u);
}

TEST_F(IndexTest, ARunThatCannotBeJudgedIsInItAndTriedAgainWhenAsked) {
    const auto dir = make_run(0);
    make_unreadable(dir, true);
    auto index = open();
    EXPECT_EQ(refresh(index).not_recomputed, 1u);
    EXPECT_FALSE(index.runs()->at(0).recomputed);
    make_unreadable(dir, false);
    EXPECT_EQ(refresh(index).changed, 0u);
    EXPECT_EQ(refresh(index, Retry::NotRecomputed).changed, 1u);
    EXPECT_TRUE(index.runs()->at(0).recomputed);
}

TEST_F(IndexTest, AFolderThatIsBeingMadeIsNotSeen) {
    make_run(0);
    fs::create_directories(results() / "20260223-110000-batch-alloc-fail"); // create() cut short
    put(results() / "20260223-110000-batch-alloc-fail/lock", "1\n");
    fs::create_directories(results() / ".trash-1-x");
    put(results() / ".trash-1-x/run.json", "{}");
    auto index = open();
    EXPECT_EQ(refresh(index).runs, 1u);
}

TEST_F(IndexTest, FiltersAreExact) {
    make_run(0);
    make_run(1, "kernel: panic: x");
    make_run(2);
    auto index = open();
    refresh(index);
    const auto count = [&](RunFilter filter) { return index.runs(filter)->size(); };
    EXPECT_EQ(count({}), 3u);
    EXPECT_EQ(count({"batch-alloc-fail", "", "", {}}), 3u);
    EXPECT_EQ(count({"batch", "", "", {}}), 0u);
    EXPECT_EQ(count({"x' OR 1=1 --", "", "", {}}), 0u);
    EXPECT_EQ(count({"", "fail", "", {}}), 1u);
    EXPECT_EQ(count({"", "failed", "", {}}), 1u);
    EXPECT_EQ(count({"", "pass", "", {}}), 2u);
    EXPECT_EQ(count({"", "", "2026-02-23T10:33:48Z", {}}), 2u);
    EXPECT_EQ(count({"", "", "2026-02-24", {}}), 0u);
    const auto newest = index.runs({"", "", "", 1});
    ASSERT_EQ(newest->size(), 1u);
    EXPECT_EQ(newest->at(0).started, "2026-02-23T10:34:48Z");
    const auto trend = index.trend("batch-alloc-fail", "target_latency", "reviewed");
    ASSERT_TRUE(trend) << trend.error().message;
    ASSERT_EQ(trend->size(), 2u); // not of the failed run
    EXPECT_LT(trend->at(0).started, trend->at(1).started);
    EXPECT_EQ(boot_values(trend->at(1).metric).size(), 8u);
}

TEST_F(IndexTest, AnOlderFileIsBroughtUpAndReadAnew) {
    const auto dir = make_run(0);
    put(dir / "boots/0000-ipi-0/fault-0.txt", "host: starved: x\n");
    {
        auto old = Database::open(file(), std::chrono::seconds(1));
        ASSERT_TRUE(old->execute(read_text(fs::path(RIG_TESTDATA) / "index/v1.sql")));
        ASSERT_TRUE(old->execute("UPDATE runs SET mark = '" + fingerprint_of(dir) +
                                 "'")); // as if the run had not changed since
        ASSERT_EQ(*old->number("PRAGMA user_version"), 1);
        ASSERT_EQ(*old->number("SELECT count(*) FROM runs"), 1);
        ASSERT_FALSE(old->prepare("SELECT retries FROM runs")); // a column of version 2
    }
    {
        auto index = open();
        auto runs = index.runs();
        ASSERT_TRUE(runs) << runs.error().message;
        ASSERT_EQ(runs->size(), 1u); // still there before anything is read again
        EXPECT_EQ(runs->at(0).closing, "PASS: 2 hold");
        const auto change = refresh(index);
        EXPECT_EQ(change.changed, 1u);
        EXPECT_EQ(index.find(dir.filename())->value().faults.size(), 1u);
    }
    auto migrated = rows_of(file());
    ASSERT_TRUE(rebuild_index(results(), Progress::silent(), {}));
    EXPECT_EQ(rows_of(file()), migrated);
    EXPECT_EQ(*Database::open(file(), std::chrono::seconds(1))->number("PRAGMA user_version"),
              index_version());
}

TEST_F(IndexTest, AFileOfANewerRigIsRefusedAndLeftAlone) {
    { auto index = open(); }
    ASSERT_TRUE(Database::open(file(), std::chrono::seconds(1))
                    ->execute("PRAGMA user_version = 99; CREATE TABLE later (x)"));
    auto newer = Index::open(results());
    ASSERT_FALSE(newer);
    EXPECT_NE(newer.error().message.find("an index of version 99, want at most 4"),
              std::string::npos)
        << newer.error().message;
    EXPECT_EQ(*Database::open(file(), std::chrono::seconds(1))
                   ->number("SELECT count(*) FROM sqlite_schema WHERE name = 'later'"),
              1);
}

TEST_F(IndexTest, AnotherProgramsDatabaseIsNotTakenForOne) {
    fs::create_directories(results());
    ASSERT_TRUE(
        Database::open(file(), std::chrono::seconds(1))->execute("CREATE TABLE bookmarks (x)"));
    auto other = Index::open(results());
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("no index of rig's"), std::string::npos)
        << other.error().message;
}

TEST_F(IndexTest, ADamagedFileIsToldAndMended) {
    for (unsigned minute = 0; minute < 3; ++minute)
        make_run(minute);
    std::vector<std::string> sound;
    {
        auto index = open();
        refresh(index);
        ASSERT_TRUE(index.check());
    }
    sound = rows_of(file());
    put(file(), std::string(4096, 'x'));
    auto garbage = Index::open(results());
    ASSERT_FALSE(garbage);
    EXPECT_EQ(garbage.error().kind, kDamagedDatabase);
    EXPECT_NE(garbage.error().message.find("rig index --rebuild"), std::string::npos)
        << garbage.error().message;
    ASSERT_TRUE(rebuild_index(results(), Progress::silent(), {}));
    EXPECT_EQ(rows_of(file()), sound);

    auto bytes = read_text(file());
    ASSERT_GT(bytes.size(), 5u * 4096);
    std::fill(bytes.begin() + 4096, bytes.end() - 4096,
              '\x5a'); // the header is valid, the tables are not
    put(file(), bytes);
    auto index = Index::open(results());
    ASSERT_FALSE(index && index->check());
    if (index) {
        auto closed = std::move(*index);
    }
    ASSERT_TRUE(rebuild_index(results(), Progress::silent(), {}));
    EXPECT_EQ(rows_of(file()), sound);
    for (const auto& entry : fs::directory_iterator(results()))
        EXPECT_EQ(entry.path().filename().string().find(".new"), std::string::npos) << entry.path();
}

TEST_F(IndexTest, OneRebuildAtATimeWhateverAKilledOneLeft) {
    make_run(0);
    put(results() / ".index.sqlite.new", std::string(4096, 'x')); // a rebuild was killed
    ASSERT_TRUE(rebuild_index(results(), Progress::silent(), {}));
    EXPECT_FALSE(fs::exists(results() / ".index.sqlite.new"));
    std::string second;
    {
        const int fd = ::open((results() / ".index.rebuild").c_str(), O_RDWR | O_CLOEXEC);
        const FileLock held(fd);
        ASSERT_EQ(::flock(fd, LOCK_EX), 0);
        const auto refused = rebuild_index(results(), Progress::silent(), {});
        ASSERT_FALSE(refused);
        second = refused.error().message;
    }
    EXPECT_NE(second.find("another rig is rebuilding it"), std::string::npos) << second;
    EXPECT_EQ(open().runs()->size(), 1u); // the old index is unchanged
    EXPECT_TRUE(rebuild_index(results(), Progress::silent(), {}));
}

TEST_F(IndexTest, AReaderSeesWholeTransactionsWhileAWriterWrites) {
    const auto record = read_record(make_run(0));
    auto writer = open();
    auto reader = open();
    ASSERT_TRUE(writer.update({{record, "m"}}, {}));
    std::atomic<bool> done = false;
    std::jthread other([&] {
        for (unsigned n = 0; n < 60; ++n) {
            auto changed = record;
            changed.samples = n;
            changed.metrics[0].why = fmt::format("{}", n);
            EXPECT_TRUE(writer.update({{changed, "m"}}, {}));
        }
        done = true;
    });
    std::size_t looked = 0;
    while (!done || looked == 0) {
        const auto all = reader.runs({}, Detail::Row);
        ASSERT_TRUE(all) << all.error().message;
        ASSERT_EQ(all->size(), 1u); // deleted and inserted in one transaction, so never missing
        ++looked;
    }
    EXPECT_EQ(reader.find(record.id)->value().samples, 59u);
    EXPECT_EQ(reader.find(record.id)->value().metrics.size(), record.metrics.size());
}

TEST_F(IndexTest, TwoWritersWaitForEachOther) {
    const auto record = read_record(make_run(0));
    auto one = open(), two = open();
    const auto write = [&](Index& index, const std::string& name) {
        for (unsigned n = 0; n < 20; ++n) {
            auto other = record;
            other.id = fmt::format("{}-{}", name, n);
            const auto status = index.update({{other, "m"}}, {});
            EXPECT_TRUE(status) << status.error().message;
        }
    };
    {
        std::jthread a([&] { write(one, "a"); });
        std::jthread b([&] { write(two, "b"); });
    }
    EXPECT_EQ(one.runs()->size(), 40u);
}

TEST_F(IndexTest, OneRunAloneIsAddedAndAFolderThatIsNoneIsRefused) {
    const auto dir = make_run(0);
    make_run(1);
    ASSERT_TRUE(index_run(dir));
    EXPECT_EQ(open().runs()->size(), 1u);
    const auto none = Index::open(top_ / "nowhere");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().fault_domain, FaultDomain::Spec);
    EXPECT_FALSE(fs::exists(top_ / "nowhere"));
}

TEST_F(IndexTest, ForResultsThatCannotBeWrittenItIsInMemory) {
    if (::geteuid() != 0) GTEST_SKIP() << "wants to be two users";
        // Reading more than one run starts threads, which ThreadSanitizer refuses in a forked
        // child.
#if defined(__SANITIZE_THREAD__)
    constexpr unsigned count = 1;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    constexpr unsigned count = 1;
#else
    constexpr unsigned count = 2;
#endif
#else
    constexpr unsigned count = 2;
#endif
    for (unsigned i = 0; i < count; ++i)
        make_run(i);
    for (auto folder = results(); folder.has_relative_path() && folder != "/tmp";
         folder = folder.parent_path())
        fs::permissions(folder, fs::perms(0755));
    const auto runs = testing::as_user(testing::kNobody, [&]() -> std::string {
        auto index = Index::open_to_read(results());
        if (!index) return index.error().message;
        if (const auto change = refresh_index(*index, results(), Retry::No, Progress::silent(), {});
            !change)
            return change.error().message;
        return std::to_string(index->runs()->size());
    });
    EXPECT_EQ(runs, std::to_string(count));
    EXPECT_FALSE(fs::exists(file()));
    ASSERT_TRUE(Index::open_to_read(results()));
    EXPECT_TRUE(fs::exists(file())) << "control: it is a file where one can be written";
}

TEST_F(IndexTest, AFailedUpdateLeavesNothingHalf) {
    auto record = read_record(make_run(0));
    auto index = open();
    ASSERT_TRUE(index.update({{record, "m"}}, {}));
    auto twice = record;
    twice.id = "other";
    // A trigger simulates a disk that fills up halfway.
    ASSERT_TRUE(Database::open(file(), std::chrono::seconds(1))
                    ->execute("CREATE TRIGGER full BEFORE INSERT ON metrics WHEN NEW.run = 'other' "
                              "AND NEW.position = 3 BEGIN SELECT RAISE(ABORT, 'full'); END"));
    const auto status = index.update({{twice, "m"}}, {record.id});
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("full"), std::string::npos) << status.error().message;
    EXPECT_EQ(index.runs()->size(), 1u);
    EXPECT_TRUE(index.find(record.id)->value() == record);
}

} // namespace
} // namespace rig
