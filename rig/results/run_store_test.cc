// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/results/run_store.h"

#include "rig/base/file_lock.h"
#include "rig/testing/run_fixture.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace rig {
namespace {

using namespace rig::fixture;
namespace fs = std::filesystem;

class StoreTest : public ::testing::Test {
 protected:
    void SetUp() override {
        auto name = (fs::temp_directory_path() / "rig-store-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        results_ = fs::path(name) / "results";
    }
    void TearDown() override { fs::remove_all(results_.parent_path()); }

    RunWriter create() {
        auto spec = make_spec();
        // 2026-02-23 10:32:48 UTC
        auto result = RunWriter::create(results_, spec.name, make_run(spec),
                                        std::chrono::system_clock::from_time_t(1771842768));
        EXPECT_TRUE(result) << result.error().message;
        return std::move(*result);
    }
    static std::string read(const fs::path& file) {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static void write(const fs::path& file, const std::string& text) {
        std::ofstream(file, std::ios::binary) << text;
    }
    static std::string error_of(const fs::path& dir) {
        auto run = load_run(dir);
        return run ? "" : run.error().message;
    }

    fs::path results_;
};

TEST_F(StoreTest, ARunIsNamedByTimeAndExperiment) {
    auto first = create();
    EXPECT_EQ(first.dir(), results_ / "20260223-103248-batch-alloc-fail");
    EXPECT_EQ(first.info().run_id, "20260223-103248-batch-alloc-fail");
    EXPECT_EQ(create().dir().filename(), "20260223-103248-batch-alloc-fail-2");
    EXPECT_EQ(create().dir().filename(), "20260223-103248-batch-alloc-fail-3");
    EXPECT_EQ(read(first.dir() / "spec.toml"), make_run(make_spec()).spec_text);
}

TEST_F(StoreTest, WhatIsAppendedIsLoaded) {
    auto writer = create();
    auto samples = make_samples(make_spec());
    for (const auto& sample : samples) {
        EXPECT_FALSE(writer.has(sample.id));
        ASSERT_TRUE(writer.append(sample));
        EXPECT_TRUE(writer.has(sample.id));
        // On disk immediately, while the writer still holds the run.
        EXPECT_TRUE(load_run(writer.dir()));
    }
    auto run = load_run(writer.dir());
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_TRUE(run->warnings.empty());
    ASSERT_EQ(run->samples.size(), samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i)
        EXPECT_EQ(to_json(run->samples[i]).dump(), to_json(samples[i]).dump());
    EXPECT_EQ(to_json(run->info).dump(), to_json(writer.info()).dump());
}

TEST_F(StoreTest, SavedInfoKeepsTheRunId) {
    auto writer = create();
    auto info = writer.info();
    info.ended = "";
    info.run_id = "forged";
    ASSERT_TRUE(writer.save(info));
    auto run = load_run(writer.dir());
    ASSERT_TRUE(run);
    EXPECT_EQ(run->info.run_id, "20260223-103248-batch-alloc-fail");
    ASSERT_EQ(run->warnings.size(), 1u);
    EXPECT_NE(run->warnings[0].find("the run has not ended"), std::string::npos);
}

TEST_F(StoreTest, ABootIsNeverDoubled) {
    auto writer = create();
    auto sample = make_sample("ipi", 0, false);
    ASSERT_TRUE(writer.append(sample));
    auto again = writer.append(sample);
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().message.find("arm ipi boot 0 is already there"), std::string::npos);
    EXPECT_EQ(load_run(writer.dir())->samples.size(), 1u);
}

TEST_F(StoreTest, OneWriterPerRun) {
    auto dir = create().dir(); // the writer's destructor releases it
    {
        auto writer = RunWriter::resume(dir);
        ASSERT_TRUE(writer) << writer.error().message;
        auto second = RunWriter::resume(dir);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().fault_domain, FaultDomain::Host);
        EXPECT_NE(second.error().message.find(
                      fmt::format("another rig (pid {}) is writing this run", ::getpid())),
                  std::string::npos);
        auto moved = std::move(*writer); // the lock moves with the writer
        EXPECT_FALSE(RunWriter::resume(dir));
    }
    EXPECT_TRUE(RunWriter::resume(dir));
}

TEST_F(StoreTest, WhoLooksForAWriterTakesTheRunFromNobody) {
    const auto dir = create().dir();
    EXPECT_FALSE(has_writer(dir));
    {
        const auto writer = RunWriter::resume(dir);
        ASSERT_TRUE(writer);
        EXPECT_TRUE(has_writer(dir));
        EXPECT_FALSE(lock_out_writers(dir));
    }
    EXPECT_FALSE(has_writer(dir));
    EXPECT_FALSE(has_writer(dir / "nowhere"));
    std::atomic<bool> done = false;
    std::jthread looker([&] {
        while (!done)
            has_writer(dir);
    });
    for (unsigned n = 0; n < 300; ++n) {
        const auto writer = RunWriter::resume(dir);
        EXPECT_TRUE(writer) << writer.error().message;
    }
    done = true;
    looker.join();
    const auto alone = lock_out_writers(dir);
    ASSERT_TRUE(alone);
    EXPECT_FALSE(RunWriter::resume(dir));
}

// Killed at any byte of the last line, a run loses that boot only, and the next sample is not
// appended to the incomplete line.
TEST_F(StoreTest, ATornLineIsIgnoredAndThenCutOff) {
    auto samples = make_samples(make_spec(2));
    auto dir = create().dir();
    auto file = dir / "samples.jsonl";
    auto whole = to_json(samples[0]).dump() + "\n", last = to_json(samples[1]).dump();
    for (std::size_t length :
         {std::size_t{1}, std::size_t{2}, last.size() / 2, last.size() - 1, last.size()}) {
        write(file, whole + last.substr(0, length));
        auto run = load_run(dir);
        ASSERT_TRUE(run) << run.error().message;
        EXPECT_EQ(run->samples.size(), 1u);
        ASSERT_EQ(run->warnings.size(), 1u);
        EXPECT_EQ(run->warnings[0].find(file.string() + ":2: torn line of " +
                                        std::to_string(length) + " bytes ignored"),
                  0u);

        auto writer = RunWriter::resume(dir);
        ASSERT_TRUE(writer) << writer.error().message;
        EXPECT_TRUE(writer->has(samples[0].id));
        EXPECT_FALSE(writer->has(samples[1].id));
        ASSERT_TRUE(writer->append(samples[1]));
        EXPECT_EQ(read(file), whole + last + "\n");
    }
}

TEST_F(StoreTest, DamageInTheMiddleIsAnErrorWithItsLine) {
    auto dir = create().dir();
    auto file = dir / "samples.jsonl";
    auto line = to_json(make_sample("ipi", 0, false)).dump() + "\n";
    write(file, line + "{\"id\": \n" + line);
    EXPECT_EQ(error_of(dir).find(file.string() + ":2: syntax error"), 0u) << error_of(dir);
    write(file, line + "\n" + line);
    EXPECT_EQ(error_of(dir).find(file.string() + ":2: syntax error"), 0u) << error_of(dir);
    write(file, line + "{}\n");
    EXPECT_EQ(error_of(dir), file.string() + ":2: sample.id: missing");
    write(file, line + line);
    EXPECT_EQ(error_of(dir),
              file.string() + ":2: arm ipi boot 0 is there twice, want each boot once");
    EXPECT_FALSE(RunWriter::resume(dir)); // nor may it be resumed
}

TEST_F(StoreTest, SamplesThatAreNoFileAreAnErrorAndNotWaitedFor) {
    const auto dir = create().dir();
    const auto file = dir / "samples.jsonl";
    fs::remove(file);
    ASSERT_EQ(::mkfifo(file.c_str(), 0644), 0);
    const auto run = load_run(dir);
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().fault_domain, FaultDomain::Host);
    EXPECT_EQ(run.error().message, file.string() + " is no file");
    fs::remove(file);
    EXPECT_NE(load_run(dir).error().message.find("cannot read " + file.string() + ": No such file"),
              std::string::npos);
}

TEST_F(StoreTest, ADamagedRunFileIsAnErrorWithItsLine) {
    auto dir = create().dir();
    auto file = dir / "run.json";
    write(file, "{\n\"format\": 1,\n\"seed\": oops\n}\n");
    EXPECT_EQ(error_of(dir).find(file.string() + ":3: syntax error"), 0u) << error_of(dir);
    write(file, "{}");
    EXPECT_EQ(error_of(dir), file.string() + ":1: run.format: missing");
}

TEST_F(StoreTest, NotARun) {
    fs::create_directories(results_);
    for (const auto& dir : {results_, results_ / "absent"}) {
        auto run = load_run(dir);
        ASSERT_FALSE(run);
        EXPECT_EQ(run.error().fault_domain, FaultDomain::Spec);
        EXPECT_EQ(run.error().message,
                  dir.string() + ": no run (it has no run.json), want a folder results/<run-id>");
        EXPECT_EQ(RunWriter::resume(dir).error().fault_domain, FaultDomain::Spec);
    }
    EXPECT_TRUE(fs::is_empty(results_)); // resume_like() leaves no files behind
}

TEST_F(StoreTest, AnotherUsersInterruptedRunIsNotResumed) {
    if (::geteuid() != 0) GTEST_SKIP() << "wants to be two users";
    auto info = make_run(make_spec());
    info.ended.clear();
    const auto dir = RunWriter::create(results_, make_spec().name, info,
                                       std::chrono::system_clock::from_time_t(1771842768))
                         ->dir();
    const auto resumed = [&] {
        auto writer = RunWriter::resume_like(results_, make_spec().name, info);
        EXPECT_TRUE(writer) << writer.error().message;
        return writer && writer->has_value();
    };
    EXPECT_TRUE(resumed()) << "control";
    ASSERT_EQ(::chown(dir.c_str(), 65534, 65534), 0);
    EXPECT_FALSE(resumed());
}

TEST_F(StoreTest, BootFoldersSortByOrder) {
    auto writer = create();
    auto dir = writer.boot_dir({"posted-v1", 3, 7, 12});
    ASSERT_TRUE(dir) << dir.error().message;
    EXPECT_EQ(*dir, writer.dir() / "boots" / "0012-posted-v1-3");
    EXPECT_TRUE(fs::is_directory(*dir));
    EXPECT_TRUE(writer.boot_dir({"posted-v1", 3, 7, 12})); // a retried boot
    for (const char* name : {"", "..", "a/b", "Upper", "a\nb"})
        EXPECT_FALSE(writer.boot_dir({name, 0, 0, 0})) << name;
}

TEST_F(StoreTest, ReportsAreReplacedWhole) {
    auto writer = create();
    ASSERT_TRUE(writer.save_report("one\n", "{}\n"));
    ASSERT_TRUE(writer.save_report("two\n", "{\"a\":1}\n"));
    EXPECT_EQ(read(writer.dir() / "report.txt"), "two\n");
    EXPECT_EQ(read(writer.dir() / "report.json"), "{\"a\":1}\n");
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(writer.dir()))
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"lock", "report.json", "report.txt", "run.json",
                                               "samples.jsonl", "spec.toml"}));
}

// A file-size limit simulates a full disk.
TEST_F(StoreTest, AFullDiskLeavesNoHalfLine) {
    auto writer = create();
    ASSERT_TRUE(writer.append(make_sample("ipi", 0, false)));
    auto before = read(writer.dir() / "samples.jsonl");
    rlimit old{}, low{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
    low = old;
    low.rlim_cur = before.size() + 100;
    auto* handler = std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);
    auto status = writer.append(make_sample("ipi", 1, false));
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().fault_domain, FaultDomain::Host);
    EXPECT_EQ(read(writer.dir() / "samples.jsonl"), before);
    EXPECT_FALSE(writer.has({"ipi", 1, 0, 0}));
    EXPECT_TRUE(writer.append(make_sample("ipi", 1, false))); // it works again when there is space
    EXPECT_EQ(load_run(writer.dir())->samples.size(), 2u);
}

} // namespace
} // namespace rig
