// SPDX-License-Identifier: GPL-2.0-or-later
// The proof of `rig bisect`: generated series of 32 patches of a real kernel with one planted
// change, at positions drawn at random; some with a patch that does not build, some with one that
// panics. Each must be found in five steps beside the ends. And a git history made of the same
// patches must give the same answer.
//
//   RIG_SERIES=20 RIG_HISTORIES=2 RIG_SEED=1 build/tests/bisect_tests
#include "rig/host/artifact_cache.h"
#include "tests/generated_history.h"
#include "tests/generated_repository.h"
#include "tests/rig_program.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;
using namespace rig::testing;

constexpr const char* kExperiment = "configs/batch-alloc-fail.toml";
constexpr unsigned kPatches = 32, kSteps = 5; // 2^5 = 32

unsigned number_from(const char* name, unsigned otherwise) {
    const char* text = std::getenv(name);
    return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

struct Planted {
    const char* metric;
    const char* patch; // folder of kernel-patches/6.12
    std::vector<std::string> more;
};
const std::vector<Planted> kPlanted{
    {"sync_ipis", "planted-ipi", {}},     // one IPI more per call
    {"tlb_flushes", "planted-flush", {}}, // one flush more per call
    {"target_latency",
     "planted-delay",
     {"--set", "guest.extra_cmdline=\"planted_delay_loops=100\""}}, // some 500 ns more
    {"sync_ipis", "reviewed", {}},                                  // no IPIs any more
};

struct Drawn {
    GeneratedHistory history;
    unsigned planted = 0; // 1..kPatches
    std::string shape;
};

Drawn draw(const fs::path& tree, const Planted& what, unsigned shape, std::mt19937_64& random) {
    Drawn out{GeneratedHistory(tree), 1 + static_cast<unsigned>(random() % kPatches),
              shape == 1   ? "unbuildable"
              : shape == 2 ? "panics"
                           : "plain"};
    // A breaker and its mender behind it, at two places that are not the planted one's; neither is
    // the bad end.
    unsigned breaker = 0, mender = 0;
    if (shape) {
        do
            breaker = 1 + static_cast<unsigned>(random() % (kPatches - 2));
        while (breaker == out.planted || (breaker == kPatches - 2 && out.planted == kPatches - 1));
        mender = breaker + 1 == out.planted ? breaker + 2 : breaker + 1;
        out.shape += fmt::format(" at {}", breaker);
    }
    fs::path patch;
    for (const auto& entry : fs::directory_iterator(kTop / "kernel-patches/6.12" / what.patch))
        if (entry.path().extension() == ".patch") patch = entry.path();
    for (unsigned i = 1; i <= kPatches; ++i) {
        if (i == out.planted)
            out.history.plant(patch);
        else if (i == breaker && shape == 1)
            out.history.break_build();
        else if (i == breaker)
            out.history.break_boot();
        else if (i == mender)
            out.history.mend();
        else
            out.history.filler();
    }
    return out;
}

class Bisect : public RigProgram {
 protected:
    void SetUp() override {
        RigProgram::SetUp();
        const auto built = rig({"--quiet", "build", kExperiment}, kBuildLimit);
        ASSERT_EQ(exit_code(built), 0) << built.out;
        tree_ = cached_tree(default_cache_dir(), "12");
        ASSERT_FALSE(tree_.empty());
    }
    json bisect(const Planted& what, std::vector<std::string> history) {
        // Calls without a grace period need no 100 ms; one that waits for it does.
        std::vector<std::string> args{"--quiet",  "--json",    "bisect",  kExperiment,
                                      "--metric", what.metric, "--clock", "virtual"};
        if (what.patch != std::string("reviewed"))
            args.insert(args.end(), {"--set", "workload.pace_us=10000"});
        args.insert(args.end(), what.more.begin(), what.more.end());
        args.insert(args.end(), history.begin(), history.end());
        const auto result = rig(args, kBuildLimit);
        const auto parsed = json::parse(result.out, nullptr, false);
        EXPECT_FALSE(parsed.is_discarded()) << result.out;
        return parsed.is_discarded() ? json() : parsed;
    }
    fs::path tree_;
};

std::string line_of(const json& found, const Drawn& drawn, const Planted& what) {
    const auto& b = found.at("bisection");
    unsigned steps = 0, skipped = 0, shared = 0, boots = 0;
    double build = 0, boot = 0;
    for (const auto& visit : b.at("visits")) {
        const bool told = visit.at("outcome") == "good" || visit.at("outcome") == "bad";
        steps += visit.at("purpose") == "step" && told;
        skipped += !told;
        shared += !visit.at("shared_with").get<std::string>().empty();
        boots += visit.at("boots").get<unsigned>();
        build += visit.at("build_seconds").get<double>(),
            boot += visit.at("boot_seconds").get<double>();
    }
    std::string answer;
    for (const auto& one : b.at("first_bad"))
        answer += (answer.empty() ? "" : ", ") + one.at("name").get<std::string>();
    return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {:.0f} s | {:.0f} s |\n",
                       what.patch, what.metric, drawn.planted, drawn.shape, answer, steps, skipped,
                       shared, build, boot);
}

constexpr const char* kHeading =
    "| planted | metric | at | other trouble | answer | steps | skipped | shared | builds | boots "
    "|\n|---|---|---|---|---|---|---|---|---|---|\n";

unsigned steps_of(const json& found) {
    unsigned steps = 0;
    for (const auto& visit : found.at("bisection").at("visits"))
        steps += visit.at("purpose") == "step" &&
                 (visit.at("outcome") == "good" || visit.at("outcome") == "bad");
    return steps;
}

TEST_F(Bisect, ThePlantedPatchIsFoundInFiveSteps) {
    const auto series = number_from("RIG_SERIES", 20);
    std::mt19937_64 random(number_from("RIG_SEED", 1));
    fmt::print("{}", kHeading);
    unsigned right = 0;
    for (unsigned i = 0; i < series; ++i) {
        const auto& what = kPlanted[i % kPlanted.size()];
        const auto drawn = draw(tree_, what, i / kPlanted.size() % 3, random);
        const auto folder = dir_ / fmt::format("series-{}", i);
        drawn.history.write_series(folder);
        const auto found = bisect(what, {"--series", folder.string(), "--no-spot-checks"});
        ASSERT_TRUE(found.is_object() && found.contains("bisection")) << found.dump();
        fmt::print("{}", line_of(found, drawn, what));
        std::fflush(stdout);
        const auto& answer = found.at("bisection").at("first_bad");
        const bool found_it =
            answer.size() == 1 && answer[0].at("name") == drawn.history.name(drawn.planted - 1);
        EXPECT_TRUE(found_it) << "series " << i << ", planted " << drawn.planted << ": "
                              << found.at("bisection").dump(1);
        EXPECT_LE(steps_of(found), kSteps) << "series " << i;
        EXPECT_EQ(found.at("exit"), 0);
        right += found_it;
    }
    fmt::print("{} of {} found\n", right, series);
    EXPECT_GT(series, 0u);
}

// The ends are the same in what is asked for, though their kernels are not: nothing is searched.
TEST_F(Bisect, EndsThatDoNotDifferAreRefused) {
    GeneratedHistory history(tree_);
    for (unsigned i = 0; i < 4; ++i)
        history.filler();
    history.write_series(dir_ / "series");
    const auto found = bisect(kPlanted[0], {"--series", (dir_ / "series").string()});
    EXPECT_EQ(found.at("exit"), 4);
    EXPECT_NE(found.at("bisection")
                  .at("refused")
                  .get<std::string>()
                  .find("the ends do not differ in sync_ipis"),
              std::string::npos)
        << found.dump(1);
    EXPECT_EQ(found.at("bisection").at("visits").size(), 2u);
}

// A change that went and came again on one side is seen by the looks.
TEST_F(Bisect, AHistoryThatIsNotMonotoneIsToldSo) {
    const auto patch = [&](const char* arm) {
        for (const auto& entry : fs::directory_iterator(kTop / "kernel-patches/6.12" / arm))
            if (entry.path().extension() == ".patch") return entry.path();
        return fs::path();
    };
    GeneratedHistory history(tree_);
    const auto planted = slurp(patch("planted-ipi"));
    const auto reverted = [&] { // the patch the other way round
        std::istringstream lines(planted.substr(planted.find("\n--- a/") + 1));
        std::string out;
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("-- ")) break; // the mail's end
            if (line.starts_with("--- ") || line.starts_with("+++ "))
                out += line + "\n";
            else if (line.starts_with("@@")) {
                unsigned a = 0, b = 0, c = 0, d = 0;
                std::sscanf(line.c_str(), "@@ -%u,%u +%u,%u", &a, &b, &c, &d);
                out += fmt::format("@@ -{},{} +{},{} @@\n", c, d, a, b);
            } else
                out += (line.starts_with("+")   ? "-" + line.substr(1)
                        : line.starts_with("-") ? "+" + line.substr(1)
                                                : line) +
                       "\n";
        }
        return out;
    }();
    std::ofstream(dir_ / "revert.patch") << reverted;
    // 16 patches: planted at 3, taken back at 6, planted again at 12.
    for (unsigned i = 1; i <= 16; ++i) {
        if (i == 3 || i == 12)
            history.plant(patch("planted-ipi"));
        else if (i == 6)
            history.plant(dir_ / "revert.patch");
        else
            history.filler();
    }
    history.write_series(dir_ / "series");
    const auto found = bisect(kPlanted[0], {"--series", (dir_ / "series").string()});
    const auto& b = found.at("bisection");
    ASSERT_EQ(b.at("first_bad").size(), 1u) << found.dump(1);
    EXPECT_EQ(b.at("first_bad")[0].at("name"), history.name(11));
    EXPECT_EQ(b.at("not_monotone").size(), 1u) << found.dump(1);
}

TEST_F(Bisect, AGitHistoryOfTheSamePatchesGivesTheSameAnswer) {
    const auto histories = number_from("RIG_HISTORIES", 3);
    std::mt19937_64 random(number_from("RIG_SEED", 1) + 100);
    GeneratedRepository linux(dir_, tree_);
    // What is planted stands on the prerequisite patches, which are commits here.
    linux.branch("enabled");
    std::istringstream enable(slurp(kTop / "kernel-patches/6.12/enable/series"));
    for (std::string name; std::getline(enable, name);)
        linux.commit(kTop / "kernel-patches/6.12/enable" / name, name);
    fmt::print("{}", kHeading);
    for (unsigned i = 0; i < histories; ++i) {
        const auto& what = kPlanted[i % kPlanted.size()];
        const auto drawn = draw(tree_, what, i % 3, random);
        const auto folder = dir_ / fmt::format("series-{}", i);
        drawn.history.write_series(folder);
        linux.branch(fmt::format("h{}", i), "enabled");
        for (std::size_t k = 0; k < drawn.history.commits().size(); ++k)
            linux.commit(folder / drawn.history.name(k), drawn.history.name(k));
        const auto found = bisect(what, {"--repository", linux.dir().string(), "--good", "enabled",
                                         "--base", "base", "--set", "kernel.prerequisites=[]",
                                         "--bad", fmt::format("h{}", i), "--no-spot-checks"});
        ASSERT_TRUE(found.is_object() && found.contains("bisection")) << found.dump();
        fmt::print("{}", line_of(found, drawn, what));
        std::fflush(stdout);
        std::vector<std::string> answers;
        for (const auto& one : found.at("bisection").at("first_bad"))
            answers.push_back(one.at("name").get<std::string>().substr(13)); // behind the commit
        const auto want = drawn.history.name(drawn.planted - 1);
        // A commit cannot be tried without the one before it: where that tells nothing, git bisect
        // names both.
        EXPECT_TRUE(std::find(answers.begin(), answers.end(), want) != answers.end())
            << found.at("bisection").dump(1);
        EXPECT_TRUE(answers.size() == 1 || drawn.shape != "plain") << found.at("bisection").dump(1);
        EXPECT_LE(steps_of(found), kSteps);
    }
}

} // namespace
} // namespace rig
