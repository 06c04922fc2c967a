// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect.h"

#include "rig/bisect/bisect_history.h"
#include "rig/bisect/outcome.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <set>

namespace rig {
namespace {

std::vector<Patch> patches(std::size_t count) {
    std::vector<Patch> out;
    for (std::size_t i = 1; i <= count; ++i)
        out.push_back({fmt::format("s/{:04}.patch", i), fmt::format("s/{:04}.patch", i), ""});
    return out;
}

// Fake kernels whose figures are functions of their patches.
struct FakeKernels {
    explicit FakeKernels(std::size_t count) : history(patches(count), "s") {
        environment.build = [this](const Revision& revision) -> Result<Built> {
            ++builds;
            if (builds == host_fails_at) return fail(FaultDomain::Host, "disk full");
            const auto have = numbers(revision);
            for (const auto& [breaker, mender] : unbuildable)
                if (have.contains(breaker) && !have.contains(mender))
                    return fail(FaultDomain::Kernel, "does not compile");
            return Built{image(revision), false};
        };
        environment.measure = [this](const std::vector<Revision>& revisions, unsigned boots,
                                     unsigned) -> Result<Measured> {
            Measured out;
            out.run = fmt::format("runs/{}", ++runs);
            out.boots = boots * static_cast<unsigned>(revisions.size());
            made += out.boots;
            for (const auto& revision : revisions) {
                const auto have = numbers(revision);
                if (std::any_of(panics.begin(), panics.end(), [&](const auto& one) {
                        return have.contains(one.first) && !have.contains(one.second);
                    })) {
                    out.unfit[revision.id] = {Outcome::Unbootable, "kernel panic"};
                    continue;
                }
                for (unsigned boot = 0; boot < boots; ++boot)
                    out.values[revision.id].push_back(value(have, boot));
            }
            return out;
        };
        environment.save = [this](const Bisection& so_far) -> Status {
            saved = so_far.visits;
            return {};
        };
    }
    std::set<std::size_t> numbers(const Revision& revision) const {
        std::set<std::size_t> out;
        for (const auto* patch : history.patches_of(revision.id))
            out.insert(std::stoul(patch->file.stem().string()));
        return out;
    }
    std::string image(const Revision& revision) const {
        std::string out = "image";
        for (const auto k : numbers(revision))
            if (!comments.contains(k)) out += fmt::format(" {}", k);
        return out;
    }
    Bisection run(BisectOptions options = {}, const std::vector<BisectStep>& known = {}) {
        const auto result = bisect(history, "m", options, environment, known, {});
        EXPECT_TRUE(result) << (result ? "" : result.error().message);
        return result.value_or(Bisection{});
    }

    SeriesHistory history;
    BisectEnvironment environment;
    // Patch that breaks the kernel -> patch that fixes it.
    std::map<std::size_t, std::size_t> unbuildable, panics;
    std::set<std::size_t> comments;
    std::function<double(const std::set<std::size_t>&, unsigned boot)> value;
    unsigned builds = 0, runs = 0, made = 0, host_fails_at = 0;
    std::vector<BisectStep> saved;
};

auto planted(std::size_t at) {
    return [at](const std::set<std::size_t>& have, unsigned boot) {
        return (have.contains(at) ? 320.0 : 240.0) + boot;
    };
}

TEST(Bisect, NamesThePlantedPatchWhereverItIs) {
    for (std::size_t at = 1; at <= 32; ++at) {
        FakeKernels kernels(32);
        kernels.value = planted(at);
        const auto result = kernels.run();
        ASSERT_TRUE(result.found()) << at;
        EXPECT_EQ(result.first_bad[0].name, fmt::format("{:04}.patch", at));
        EXPECT_LE(result.steps(), 5u);
        EXPECT_DOUBLE_EQ(result.explains.value_or(0), 1);
        EXPECT_TRUE(result.not_monotone.empty());
        EXPECT_EQ(result.confidence, 1);
    }
}

TEST(Bisect, RefusesEndsThatDoNotDifferOrTellNothing) {
    FakeKernels same(8);
    same.value = planted(99);
    EXPECT_NE(same.run().refused.find("the ends do not differ in m"), std::string::npos);
    EXPECT_EQ(same.saved.size(), 2u);

    FakeKernels alike(4);
    alike.comments = {1, 2, 3, 4};
    alike.value = planted(2);
    EXPECT_NE(alike.run().refused.find("both ends are the same kernel"), std::string::npos);
    EXPECT_EQ(alike.made, 0u);

    FakeKernels panics(4);
    panics.panics = {{4, 5}};
    panics.value = planted(2);
    EXPECT_NE(panics.run().refused.find(
                  "the bad end (0004.patch) cannot be tested: unbootable: kernel panic"),
              std::string::npos);

    FakeKernels broken(4);
    broken.unbuildable = {{4, 5}};
    broken.value = planted(2);
    EXPECT_NE(broken.run().refused.find("the bad end (0004.patch) does not build"),
              std::string::npos);
}

// A revision that fails in another way never steers the search, wherever it is relative to the
// change.
TEST(Bisect, RevisionsThatBreakOtherwiseAreSkippedAndNamed) {
    for (std::size_t at = 1; at <= 16; ++at)
        for (std::size_t breaker = 1; breaker < 15; ++breaker) {
            if (at == breaker || at == breaker + 1) continue;
            for (const bool builds : {true, false}) {
                FakeKernels kernels(16);
                (builds ? kernels.panics : kernels.unbuildable) = {{breaker, breaker + 1}};
                kernels.value = planted(at);
                const auto result = kernels.run();
                ASSERT_TRUE(result.found()) << at << " " << breaker;
                EXPECT_EQ(result.first_bad[0].name, fmt::format("{:04}.patch", at));
                EXPECT_LE(result.steps(), 4u);
                for (const auto& visit : result.visits)
                    if (fingerprint_of(visit.outcome) == Mark::Skip) {
                        EXPECT_EQ(visit.outcome,
                                  builds ? Outcome::Unbootable : Outcome::Unbuildable);
                    }
            }
        }
}

// Between the patch that breaks the kernel and its fix no prefix is testable. The patch alone, and
// all others without it, are.
TEST(Bisect, ACandidateHiddenByABrokenOneIsTriedAloneAndTheOthersWithoutIt) {
    FakeKernels kernels(16);
    kernels.panics = {{6, 8}};
    kernels.value = planted(7);
    const auto result = kernels.run();
    ASSERT_TRUE(result.found());
    EXPECT_EQ(result.first_bad[0].name, "0007.patch");
    EXPECT_EQ(result.checked_alone, "Of 3 that cannot be told apart in the order of the series, "
                                    "0007.patch alone on 0005.patch makes the change, and "
                                    "all of them without it do not.");
    EXPECT_FALSE(result.explains);

    // The broken patch makes the change as well. That the fix alone also makes it does not clear
    // the broken one.
    FakeKernels both(16);
    both.panics = {{6, 8}};
    both.value = [](const std::set<std::size_t>& have, unsigned) {
        return have.contains(6) || have.contains(7) ? 2.0 : 1.0;
    };
    EXPECT_EQ(both.run().first_bad.size(), 3u);

    // The fix itself makes the change. Without the fix nothing boots, so the broken patch is not
    // cleared.
    FakeKernels mender(16);
    mender.panics = {{6, 7}};
    mender.value = planted(7);
    const auto before = mender.builds;
    const auto either = mender.run();
    for (const auto& visit : either.visits)
        EXPECT_NE(visit.purpose, Purpose::Alone) << "nothing could come of it";
    EXPECT_GT(mender.builds, before);
    EXPECT_FALSE(either.found());
    EXPECT_EQ(either.first_bad.size(), 2u);

    // The patch also breaks the kernel alone, so all candidates are named.
    FakeKernels stuck(16);
    stuck.panics = {{6, 7}, {7, 8}};
    stuck.value = [](const std::set<std::size_t>& have, unsigned) {
        return have.contains(7) ? 2.0 : 1.0;
    };
    EXPECT_EQ(stuck.run().first_bad.size(), 3u);
}

TEST(Bisect, KernelsOfOneImageShareTheirResult) {
    FakeKernels kernels(32);
    for (std::size_t k = 1; k <= 32; ++k)
        if (k != 20) kernels.comments.insert(k);
    kernels.value = planted(20);
    const auto result = kernels.run();
    ASSERT_TRUE(result.found());
    EXPECT_EQ(result.first_bad[0].name, "0020.patch");
    EXPECT_EQ(kernels.runs, 1u); // only the ends; all others share one of the two images
    for (const auto& visit : result.visits)
        if (visit.purpose == Purpose::Step) {
            EXPECT_FALSE(visit.shared_with.empty());
        }
}

TEST(Bisect, UnclearFiguresGetMoreBootsAndThenAreSkipped) {
    FakeKernels kernels(4);
    kernels.value = [](const std::set<std::size_t>& have, unsigned boot) {
        // One boot is like the bad end, all others like the good end.
        if (have.size() == 2) return boot == 0 ? 9.0 : 1.0;
        return have.size() > 2 ? 10.0 : 0.0;
    };
    BisectOptions options;
    options.boots = 2, options.max_boots = 4;
    const auto result = kernels.run(options);
    const auto unclear = std::find_if(result.visits.begin(), result.visits.end(),
                                      [](const BisectStep& v) { return v.revision.id == "r02"; });
    ASSERT_NE(unclear, result.visits.end());
    EXPECT_EQ(unclear->outcome, Outcome::Unclear);
    EXPECT_EQ(unclear->boots, 6u);
    EXPECT_EQ(unclear->why, "3 boots are like the good end, 1 like the bad one, 0 like neither");
    EXPECT_EQ(result.first_bad.size(), 2u); // 0002 and 0003: an unclear revision decides nothing
}

TEST(Bisect, AStepThatMakesOnlyAPartIsToldSo) {
    FakeKernels kernels(8);
    kernels.value = [](const std::set<std::size_t>& have, unsigned) {
        return (have.contains(3) ? 30.0 : 0.0) + (have.contains(6) ? 70.0 : 0.0);
    };
    const auto result = kernels.run();
    ASSERT_TRUE(result.found());
    EXPECT_EQ(result.first_bad[0].name, "0006.patch");
    EXPECT_DOUBLE_EQ(result.explains.value_or(0), 0.7);
}

TEST(Bisect, ChangesThatCameAndWentAreNoticedByTheLooks) {
    FakeKernels kernels(32);
    // The change is also present from 4 to 11, and the search does not visit these.
    kernels.value = [](const std::set<std::size_t>& have, unsigned) {
        return have.contains(20) || (have.contains(4) && !have.contains(12)) ? 1.0 : 0.0;
    };
    const auto result = kernels.run();
    ASSERT_TRUE(result.found());
    EXPECT_EQ(result.first_bad[0].name, "0020.patch");
    ASSERT_EQ(result.not_monotone.size(), 1u);
    EXPECT_EQ(result.not_monotone[0],
              "0008.patch has the change already, though it comes before 0020.patch");
    BisectOptions blind;
    blind.look = false;
    FakeKernels again(32);
    again.value = kernels.value;
    EXPECT_TRUE(again.run(blind).not_monotone.empty());
}

TEST(Bisect, AHostFaultEndsItAndTheLogGoesOnWithoutMeasuringTwice) {
    FakeKernels kernels(32);
    kernels.value = planted(13);
    kernels.host_fails_at = 5;
    const auto ended = bisect(kernels.history, "m", {}, kernels.environment, {}, {});
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().fault_domain, FaultDomain::Host);
    EXPECT_EQ(kernels.saved.size(), 4u);

    FakeKernels again(32);
    again.value = kernels.value;
    const auto result = again.run({}, kernels.saved);
    ASSERT_TRUE(result.found());
    EXPECT_EQ(result.first_bad[0].name, "0013.patch");
    FakeKernels whole(32);
    whole.value = kernels.value;
    const auto at_once = whole.run();
    EXPECT_EQ(again.builds + 4, whole.builds);
    EXPECT_EQ(result.visits.size(), at_once.visits.size());
    // With the whole log nothing is measured.
    FakeKernels replay(32);
    replay.value = kernels.value;
    EXPECT_EQ(replay.run({}, at_once.visits).first_bad, at_once.first_bad);
    EXPECT_EQ(replay.builds + replay.made, 0u);
}

TEST(Bisect, AnInterruptIsTheHostsFault) {
    FakeKernels kernels(8);
    kernels.value = planted(3);
    std::stop_source stop;
    stop.request_stop();
    const auto result = bisect(kernels.history, "m", {}, kernels.environment, {}, stop.get_token());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(result.error().message.find("the same command resumes it"), std::string::npos);
}

// The noise is half as wide as the step. Single boots mislead, the sequential test does not, and it
// needs more boots if the noise is wider.
TEST(Bisect, InWallTimeNoiseIsOutvotedAndCostsBoots) {
    const auto noisy = [](std::size_t at, double width, std::uint64_t seed) {
        return [at, width, random = std::make_shared<std::mt19937_64>(seed)](
                   const std::set<std::size_t>& have, unsigned) {
            return (have.contains(at) ? 110.0 : 100.0) +
                   std::normal_distribution<double>(0, width)(*random);
        };
    };
    BisectOptions options;
    options.wall = true, options.boots = 4, options.max_boots = 400;
    unsigned quiet_boots = 0, noisy_boots = 0, wrong = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto at = 1 + seed * 7 % 32;
        for (const double width : {0.5, 5.0}) {
            FakeKernels kernels(32);
            kernels.value = noisy(at, width, seed);
            const auto result = kernels.run(options);
            wrong += !result.found() || result.first_bad[0].name != fmt::format("{:04}.patch", at);
            EXPECT_GE(result.confidence, 0.95);
            EXPECT_LT(result.confidence, 1);
            (width < 1 ? quiet_boots : noisy_boots) += kernels.made;
        }
    }
    EXPECT_LE(wrong, 2u); // of 40 answers, each wrong with at most 5 %
    EXPECT_GT(noisy_boots, 2 * quiet_boots);
}

TEST(Bisect, InWallTimeEndsThatSingleBootsDoNotTellApartAreRefused) {
    FakeKernels kernels(8);
    auto random = std::make_shared<std::mt19937_64>(3);
    kernels.value = [random](const std::set<std::size_t>& have, unsigned) {
        return have.contains(5) ? std::normal_distribution<double>(108, 20)(*random)
                                : std::normal_distribution<double>(100, 1)(*random);
    };
    BisectOptions options;
    options.wall = true, options.boots = 20, options.max_boots = 2000;
    const auto result = kernels.run(options);
    EXPECT_NE(result.refused.find("single boots of them cannot be told apart"), std::string::npos)
        << result.refused;
}

} // namespace
} // namespace rig
