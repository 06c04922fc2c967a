// SPDX-License-Identifier: GPL-2.0-or-later
// Thirty nights of `rig nightly` on a real kernel tree that moves on by three commits a night, with
// two regressions planted and one of them mended: three incidents are told, each once and with its
// commit. Real builds, real boots, nothing simulated but the calendar.
//
//   RIG_NIGHTS=30 build/tests/nights_tests
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

constexpr unsigned kCommits = 3;                               // a night
constexpr unsigned kSlower = 12, kMoreIpis = 18, kMended = 23; // nights in which these came

class Nights : public RigProgram {};

TEST_F(Nights, TwoRegressionsAndAFixAreThreeIncidentsEachNamingItsCommit) {
    const char* asked = std::getenv("RIG_NIGHTS");
    const auto nights = asked ? static_cast<unsigned>(std::strtoul(asked, nullptr, 10)) : 30u;
    ASSERT_EQ(exit_code(rig({"--quiet", "build", "configs/batch-alloc-fail.toml"}, kBuildLimit)),
              0);
    const auto tree = cached_tree(default_cache_dir(), "12");
    ASSERT_FALSE(tree.empty());
    const GeneratedRepository linux(dir_, tree);
    linux.branch("night");

    // Two arms that wait for no grace period, so that calls may follow each other closely.
    const auto experiment =
        variant("batch-alloc-fail.toml",
                {{"kernel-patches/6.12/reviewed", "kernel-patches/6.12/planted-flush"},
                 {"reviewed = 0", "one-flush = \"predicted\""},
                 {"\"reviewed\"", "\"one-flush\""},
                 {"\"synchronize_rcu\"", "\"tlb_remove_table_planted_flush\""},
                 {"pace_us = 100000", "pace_us = 10000"},
                 {"boots = 8", "boots = 3"},
                 {"clock = \"auto\"", "clock = \"virtual\""}});
    std::ofstream(dir_ / "nightly.toml") << fmt::format(R"(name = "thirty"
budget_minutes = 600
first_run_minutes = 20
min_effect = 0.05
[[experiment]]
spec = "{}"
tree = "generated"
git = {{ repository = "{}", branch = "night", base = "base" }}
watch = ["target_latency", "total_ipis"]
arms = ["ipi"]
bisect = true
[notify.file]
path = "{}"
)",
                                                        experiment.string(), linux.dir().string(),
                                                        (dir_ / "messages.jsonl").string());

    // In the way of every IPI broadcast, the target's among them; and three IPIs more for each
    // mmap(), beside it.
    const std::string slower = "\t{\n\t\tvolatile unsigned int rig_round;\n\n\t\tfor (rig_round = "
                               "0; rig_round < 200; rig_round++)\n\t\t\t;\n\t}\n",
                      broadcast = "kernel/smp.c",
                      after = "\tsmp_call_function_many(cpu_online_mask, func, info, wait);";
    GeneratedHistory history(tree);
    fmt::print("| night | commits | exit | told |\n|---|---|---|---|\n");
    for (unsigned night = 1; night <= nights; ++night) {
        for (unsigned i = 0; i < kCommits; ++i) {
            // The planted one is one of the three, in turn the first, the second, the third.
            if (night == kSlower && i == 1)
                history.insert("broadcasts are slower", broadcast, after, slower);
            else if (night == kMoreIpis && i == 0)
                history.insert("mmap interrupts everyone", "mm/mmap.c", "\t*populate = 0;",
                               "\tkick_all_cpus_sync();\n");
            else if (night == kMended && i == 2)
                history.take_out("broadcasts are as fast as before", broadcast, after, slower);
            else
                history.filler();
            const auto& last = history.commits().back();
            std::ofstream(dir_ / "next.patch") << last.patch;
            linux.commit(dir_ / "next.patch", last.subject);
        }
        const auto before = slurp(dir_ / "messages.jsonl").size();
        const auto result =
            rig({"--quiet", "--json", "nightly", (dir_ / "nightly.toml").string()}, kBuildLimit);
        const auto told = slurp(dir_ / "messages.jsonl").substr(before);
        std::string subjects;
        std::istringstream lines(told);
        for (std::string line; std::getline(lines, line);)
            subjects +=
                (subjects.empty() ? "" : "; ") + json::parse(line).at("subject").get<std::string>();
        fmt::print("| {} | {}..{} | {} | {} |\n", night, (night - 1) * kCommits + 1,
                   night * kCommits, exit_code(result), subjects);
        std::fflush(stdout);
        const bool open = exit_code(result) == 1;
        ASSERT_TRUE(exit_code(result) == 0 || open) << result.out;
    }
    std::vector<json> messages;
    std::istringstream lines(slurp(dir_ / "messages.jsonl"));
    for (std::string line; std::getline(lines, line);)
        messages.push_back(json::parse(line));
    ASSERT_EQ(messages.size(), 3u);
    const auto names = [&](std::size_t i, const std::string& commit) {
        return messages[i].at("text").get<std::string>().find(commit) != std::string::npos;
    };
    EXPECT_TRUE(names(0, "broadcasts are slower")) << messages[0].dump(1);
    EXPECT_TRUE(names(1, "mmap interrupts everyone")) << messages[1].dump(1);
    EXPECT_TRUE(names(2, "broadcasts are as fast as before")) << messages[2].dump(1);
    for (const auto& message : messages)
        fmt::print("\n{}\n", message.at("text").get<std::string>());
}

} // namespace
} // namespace rig
