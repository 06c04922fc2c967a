// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/artifact_cache.h"

#include "rig/host/cache_place.h"
#include "rig/testing/as_user.h"
#include "rig/testing/temp_tree.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::as_user;
using testing::kNobody;
using testing::kNoOne;
using testing::TempTree;

Status succeed(const fs::path& dir) {
    std::ofstream(dir / "content") << "made";
    return {};
}

void age(const fs::path& entry, std::chrono::hours by) {
    fs::last_write_time(entry / "used", fs::file_time_type::clock::now() - by);
}

std::size_t entries_in(const fs::path& dir) {
    std::error_code error;
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(dir, error), fs::directory_iterator()));
}

TEST(ArtifactCache, MakesOnceAndFindsItLabelled) {
    TempTree dir;
    ArtifactCache cache(dir.path());
    int made = 0;
    const auto make = [&](const fs::path& into) {
        ++made;
        EXPECT_FALSE(cache.find("kernels", "k")) << "visible before it was complete";
        return succeed(into);
    };
    EXPECT_FALSE(cache.find("kernels", "k"));
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(*cache.get_or_make("kernels", "k", "6.12.117 ipi", make), dir / "kernels/k");
    EXPECT_EQ(made, 1);
    EXPECT_EQ(testing::read_text(*cache.find("kernels", "k") / "content"), "made");
    const auto list = cache.list();
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0].label, "6.12.117 ipi");
    EXPECT_GT(list[0].bytes, 0u);
    EXPECT_NEAR(static_cast<double>(list[0].last_used), static_cast<double>(std::time(nullptr)),
                60);
}

TEST(ArtifactCache, AFailedMakeLeavesNothingAndIsTriedAgain) {
    TempTree dir;
    ArtifactCache cache(dir.path());
    const auto failing = [](const fs::path& into) -> Status {
        std::ofstream(into / "half") << "half";
        return fail(FaultDomain::Kernel, "no");
    };
    EXPECT_EQ(cache.get_or_make("kernels", "k", "", failing).error().fault_domain,
              FaultDomain::Kernel);
    EXPECT_EQ(entries_in(dir / "kernels"), 0u);
    EXPECT_TRUE(cache.get_or_make("kernels", "k", "", succeed));
}

TEST(ArtifactCache, ARelativeRootIsMadeAbsolute) {
    EXPECT_TRUE(ArtifactCache("some/folder")
                    .root()
                    .is_absolute()); // commands receive this path and run in other folders
}

TEST(ArtifactCache, ThreadsRacingForOneKeyMakeItOnce) {
    TempTree dir;
    std::atomic<int> made{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                ArtifactCache cache(dir.path());
                EXPECT_TRUE(cache.get_or_make("kernels", "k", "", [&](const fs::path& into) {
                    ++made;
                    std::this_thread::yield();
                    return succeed(into);
                }));
            });
    }
    EXPECT_EQ(made, 1);
}

TEST(ArtifactCache, ProcessesRacingForOneKeyMakeItOnce) {
    TempTree dir;
    int go[2], report[2];
    ASSERT_EQ(::pipe(go) | ::pipe(report), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < 2; ++i) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::close(go[1]);
            char c;
            (void)!::read(go[0], &c,
                          1); // returns when the parent closes its end, so that both start together
            ArtifactCache cache(dir.path());
            const auto result = cache.get_or_make("kernels", "k", "", [&](const fs::path& into) {
                (void)!::write(report[1], "m", 1);
                return succeed(into);
            });
            ::_exit(result && fs::exists(*result / "content") ? 0 : 1);
        }
        children.push_back(pid);
    }
    ::close(go[0]);
    ::close(go[1]);
    for (pid_t pid : children) {
        int status = -1;
        ::waitpid(pid, &status, 0);
        EXPECT_EQ(status, 0);
    }
    ::close(report[1]);
    char makers[8];
    EXPECT_EQ(::read(report[0], makers, sizeof makers), 1);
    ::close(report[0]);
    ::close(go[0]);
}

TEST(ArtifactCache, ALockIsExclusiveTellsWhoWaitsAndIsFreedByItsHolder) {
    TempTree dir;
    ArtifactCache cache(dir.path());
    auto held = cache.lock("worktrees", "w");
    ASSERT_TRUE(held);
    std::atomic<bool> waiting{false}, got{false};
    std::jthread other([&] {
        EXPECT_TRUE(cache.lock("worktrees", "w", [&] { waiting = true; }));
        got = true;
    });
    while (!waiting)
        std::this_thread::yield();
    EXPECT_FALSE(got);
    *held = FileLock();
    other.join();
    EXPECT_TRUE(got);
}

TEST(ArtifactCache, AnInterruptEndsTheWaitForALock) {
    TempTree dir;
    std::stop_source stop;
    ArtifactCache cache(dir.path(), stop.get_token());
    auto held = cache.lock("worktrees", "w");
    ASSERT_TRUE(held);
    const auto second = cache.lock("worktrees", "w", [&] { stop.request_stop(); });
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(second.error().message.find("interrupted"), std::string::npos);
}

TEST(ArtifactCache, PruneRemovesByAgeThenLeastRecentlyUsed) {
    TempTree dir;
    ArtifactCache cache(dir.path());
    for (const char* key : {"old", "middle", "new"})
        ASSERT_TRUE(cache.get_or_make("kernels", key, key, succeed));
    age(dir / "kernels/old", 24h * 40);
    age(dir / "kernels/middle", 24h * 2);
    auto removed = cache.prune(std::nullopt, 30);
    ASSERT_EQ(removed.size(), 1u);
    EXPECT_EQ(removed[0].key, "old");
    removed = cache.prune(cache.list()[0].bytes, std::nullopt);
    ASSERT_EQ(removed.size(), 1u);
    EXPECT_EQ(removed[0].key, "middle");
    EXPECT_TRUE(cache.find("kernels", "new"));
    EXPECT_TRUE(cache.prune(std::nullopt, std::nullopt).empty());
}

TEST(ArtifactCache, PruneLeavesWhatIsLockedAndWorkInProgress) {
    TempTree dir;
    ArtifactCache cache(dir.path());
    ASSERT_TRUE(cache.get_or_make("kernels", "busy", "", succeed));
    auto held = cache.lock("kernels", "busy");
    ASSERT_TRUE(cache.get_or_make("kernels", "making", "", [&](const fs::path& into) {
        EXPECT_TRUE(cache.prune(0, 0).empty());
        EXPECT_TRUE(fs::is_directory(into));
        return succeed(into);
    }));
    dir.put("kernels/dead.tmp-1-0/half",
            "left by a killed rig; its pid, 1, is somebody else's now");
    const auto removed = cache.prune(std::nullopt, std::nullopt);
    ASSERT_EQ(removed.size(), 1u);
    EXPECT_EQ(removed[0].key, "dead.tmp-1-0");
    EXPECT_TRUE(cache.find("kernels", "busy"));
    *held = FileLock();
    cache.prune(0, std::nullopt);
    EXPECT_EQ(entries_in(dir / "kernels"), 0u);
}

TEST(ArtifactCache, PruneSparesFoldersThatAreNotArtefacts) {
    TempTree dir;
    ArtifactCache cache(dir.path());
    dir.put("logs/ipi.log", "evidence");
    dir.put("apt/suite/sources.list", "deb");
    cache.prune(0, 0);
    EXPECT_TRUE(fs::exists(dir / "logs/ipi.log"));
    EXPECT_TRUE(fs::exists(dir / "apt/suite/sources.list"));
}

std::string lock_error(const fs::path& root) {
    const auto held = ArtifactCache(root).lock("kernels", "k");
    return held ? "" : held.error().message;
}

TEST(ArtifactCache, AnotherUsersSaysWhoseItIsAndTheWayOut) {
    if (::geteuid() != 0) GTEST_SKIP() << "wants to be two users";
    TempTree dir;
    const auto root = dir / "cache";
    fs::create_directories(root / "locks");
    fs::permissions(dir.path(), fs::perms(0755));
    const auto inside = as_user(kNobody, [&] { return lock_error(root); });
    EXPECT_NE(inside.find("locks/kernels-k: Permission denied; " + (root / "locks").string() +
                          " belongs to the user root, and this is the user nobody: 'sudo chown -R "
                          "65534 " +
                          root.string() +
                          "' gives it to you, or set RIG_CACHE_DIR to a folder of "
                          "your own"),
              std::string::npos)
        << inside;
    const auto beside = as_user(kNobody, [&] { return lock_error(dir / "other"); });
    EXPECT_NE(beside.find(dir.path().string() + " belongs to the user root, and this is the user "
                                                "nobody: set RIG_CACHE_DIR"),
              std::string::npos)
        << beside;
    EXPECT_EQ(lock_error(root), "");
}

TEST(ArtifactCache, APathThatMakeDoesNotTakeIsRefusedBeforeAnythingIsMade) {
    TempTree dir;
    for (const char* name : {"with blank", "with:colon", "with\nline"}) {
        ArtifactCache cache(dir / name);
        const auto made = cache.get_or_make("kernels", "k", "label", [](const fs::path&) -> Status {
            ADD_FAILURE() << "made";
            return {};
        });
        ASSERT_FALSE(made) << name;
        EXPECT_EQ(made.error().fault_domain, FaultDomain::Host);
        EXPECT_NE(made.error().message.find("set RIG_CACHE_DIR to a folder without"),
                  std::string::npos)
            << made.error().message;
        EXPECT_FALSE(cache.worktree("w")) << name;
        EXPECT_FALSE(fs::exists(dir / name));
    }
    EXPECT_TRUE(usable_cache(dir / "plain"));
}

TEST(ArtifactCache, WithoutHomeItIsThatOfThePasswdEntryOrNone) {
    const auto of_environment = [] {
        for (const char* name : {"RIG_CACHE_DIR", "XDG_CACHE_HOME", "HOME"})
            ::unsetenv(name);
        return default_cache_dir();
    };
    const auto here = as_user(::geteuid(), [&] { return of_environment().string(); });
    const auto* entry = ::getpwuid(::geteuid());
    EXPECT_EQ(here, entry ? std::string(entry->pw_dir) + "/.cache/rig" : std::string());
    const auto named = as_user(::geteuid(), [&] {
        of_environment();
        ::setenv("HOME", "/home/x", 1);
        return default_cache_dir().string();
    });
    EXPECT_EQ(named, "/home/x/.cache/rig");
    if (::geteuid() != 0) GTEST_SKIP() << "wants to be a user without an entry";
    const auto none = as_user(kNoOne, [&] {
        ArtifactCache cache(of_environment());
        if (!cache.root().empty() || cache.find("kernels", "k") || !cache.list().empty())
            return std::string("there is one");
        const auto held = cache.lock("kernels", "k");
        return held ? "locked" : held.error().message;
    });
    EXPECT_EQ(none, "artefact cache: there is no place for it: HOME is not set, and the user with "
                    "the number 54321 has no home in the passwd database; set RIG_CACHE_DIR to a "
                    "folder");
}

unsigned mode_of(const fs::path& path) {
    return static_cast<unsigned>(fs::symlink_status(path).permissions());
}

TEST(ArtifactCache, TakesFromReadOnlyCachesWithoutTouchingThem) {
    TempTree own, team;
    ASSERT_TRUE(ArtifactCache(team.path()).get_or_make("kernels", "k", "of the team", succeed));
    age(team / "kernels/k", 24h);
    const auto used = fs::last_write_time(team / "kernels/k/used");
    fs::remove_all(team / "locks");
    ArtifactCache cache(own.path(), {}, {team.path()});
    const auto make = [](const fs::path&) -> Status { return fail(FaultDomain::Host, "made"); };
    EXPECT_EQ(*cache.get_or_make("kernels", "k", "", make), team / "kernels/k");
    EXPECT_EQ(fs::last_write_time(team / "kernels/k/used"), used);
    EXPECT_EQ(entries_in(team.path()), 1u) << "a lock";
    EXPECT_EQ(entries_in(own.path()), 0u) << "a copy";
    // One's own comes first, and what neither has is made there.
    ASSERT_TRUE(ArtifactCache(own.path()).get_or_make("kernels", "k", "own", succeed));
    EXPECT_EQ(*cache.find("kernels", "k"), own / "kernels/k");
    EXPECT_EQ(*cache.get_or_make("kernels", "new", "", succeed), own / "kernels/new");
    const auto labels = cache.labels("kernels");
    ASSERT_EQ(labels.size(), 3u);
    EXPECT_EQ(labels[2].label, "of the team");
    EXPECT_EQ(labels[2].dir, team / "kernels/k");
    EXPECT_EQ(cache.list().size(), 2u);
    cache.prune(0, 0);
    EXPECT_EQ(*cache.find("kernels", "k"), team / "kernels/k");
}

TEST(ArtifactCache, ReadOnlyCachesHaveToExist) {
    TempTree a, b;
    const auto file = b.put("file", "");
    const auto both = read_only_caches(a.path().string() + "::" + b.path().string());
    ASSERT_TRUE(both) << both.error().message;
    EXPECT_EQ(*both, (std::vector<fs::path>{a.path(), b.path()}));
    EXPECT_TRUE(read_only_caches("")->empty());
    for (const auto& wrong : {a.path().string() + ":/no/such", file.string()}) {
        const auto found = read_only_caches(wrong);
        ASSERT_FALSE(found) << wrong;
        EXPECT_EQ(found.error().fault_domain, FaultDomain::Host);
        EXPECT_NE(found.error().message.find("want an existing folder"), std::string::npos)
            << found.error().message;
    }
}

TEST(ArtifactCache, IsAsAccessibleAsItsFolderWhateverTheUmask) {
    const auto make = [](const fs::path& into) -> Status {
        std::ofstream(into / "content") << "made";
        std::ofstream(into / "program") << "made";
        fs::permissions(into / "program", fs::perms(0700));
        return {};
    };
    TempTree shared, own;
    fs::permissions(shared.path(), fs::perms(02770));
    fs::permissions(own.path(), fs::perms(0700));
    const auto old = ::umask(077);
    for (const auto* dir : {&shared, &own}) {
        ArtifactCache cache(dir->path());
        EXPECT_TRUE(cache.get_or_make("kernels", "k", "", make));
        EXPECT_TRUE(cache.new_log("x.log"));
    }
    ::umask(old);
    EXPECT_EQ(mode_of(shared / "kernels"), 02770u);
    EXPECT_EQ(mode_of(shared / "locks"), 02770u);
    EXPECT_EQ(mode_of(shared / "logs"), 02770u);
    EXPECT_EQ(mode_of(shared / "kernels/k") & 0777, 0750u);
    EXPECT_EQ(mode_of(shared / "kernels/k/content"), 0640u);
    EXPECT_EQ(mode_of(shared / "kernels/k/program"), 0750u);
    EXPECT_EQ(mode_of(shared / "kernels/k/used"), 0660u);
    EXPECT_EQ(mode_of(shared / "locks/kernels-k"), 0660u);
    EXPECT_EQ(mode_of(own / "kernels") & 0777, 0700u);
    EXPECT_EQ(mode_of(own / "kernels/k/content"), 0600u);
    EXPECT_EQ(mode_of(own / "locks/kernels-k"), 0600u);
}

TEST(ArtifactCache, UsersShareArtefactsButNotWhatChanges) {
    if (::geteuid() != 0) GTEST_SKIP() << "wants to be two users";
    TempTree dir;
    fs::permissions(dir.path(), fs::perms(0777));
    ArtifactCache cache(dir.path());
    ASSERT_TRUE(cache.get_or_make("kernels", "of-root", "", succeed));
    ASSERT_TRUE(cache.worktree("w"));
    const auto other = as_user(kNobody, [&] {
        ArtifactCache theirs(dir.path());
        std::string text;
        if (theirs.find("kernels", "of-root") != dir / "kernels/of-root") text += "not found; ";
        if (!theirs.get_or_make("kernels", "of-nobody", "", succeed)) text += "not made; ";
        if (!theirs.lock("kernels", "of-root")) text += "not locked; ";
        const auto tree = theirs.worktree("w");
        if (!tree || *tree != dir / "worktrees/w-65534") text += "no worktree of its own; ";
        const auto removed = theirs.prune(0, std::nullopt);
        return text + std::to_string(removed.size());
    });
    EXPECT_EQ(other, "2") << "its kernel and its worktree";
    EXPECT_TRUE(cache.find("kernels", "of-root"));
    EXPECT_EQ(*cache.worktree("w"), dir / "worktrees/w");
    // The suffix is no part of the lock's name: a worktree in use is not removed.
    dir.put("worktrees/w-65534/file", "x");
    auto held = cache.lock("worktrees", "w");
    cache.prune(0, std::nullopt);
    EXPECT_TRUE(fs::exists(dir / "worktrees/w-65534"));
    *held = FileLock();
    cache.prune(0, std::nullopt);
    EXPECT_FALSE(fs::exists(dir / "worktrees/w-65534"));
}

} // namespace
} // namespace rig
