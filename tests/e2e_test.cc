// SPDX-License-Identifier: GPL-2.0-or-later
// End to end: the rig program as a user runs it, on real kernels built in this run or taken from
// the cache, in real guests. A case that fails keeps its folder and prints the command that runs it
// again.
#include "rig/host/artifact_cache.h"
#include "rig/report/report.h"
#include "rig/results/run_store.h"
#include "tests/generated_history.h"
#include "tests/rig_program.h"

#include <nlohmann/json.hpp>
#include <set>

namespace rig {
namespace {

using nlohmann::json;
using namespace rig::testing; // the fixture
class EndToEnd : public RigProgram {};

constexpr const char* k612 = "configs/batch-alloc-fail.toml";

void expect_exact(const LoadedRun& run, const std::string& baseline, unsigned vcpus) {
    for (const auto& sample : run.samples) {
        const auto& e = sample.exercised;
        EXPECT_EQ(sample.cpus_online, vcpus);
        EXPECT_EQ(e.injections, 80u); // 20 calls x 4 tables
        EXPECT_EQ(e.target_hits, 80u);
        EXPECT_EQ(e.marker_hits, 80u);
        EXPECT_EQ(e.lost_events, 0u);
        EXPECT_EQ(sample.counts.at("sync_ipis"), sample.id.arm == baseline ? 80u * (vcpus - 1) : 0u)
            << sample.id.arm;
        EXPECT_EQ(sample.injections_by_site.size(), 1u);
        EXPECT_EQ(sample.injections_by_site.count("tlb_remove_table"), 1u);
    }
}

// First: builds what the others boot.
TEST_F(EndToEnd, BuildBothArmsOf612) {
    const auto result = rig({"--quiet", "build", k612, "--json"}, kBuildLimit);
    ASSERT_EQ(exit_code(result), 0) << result.out;
    const json built = json::parse(result.out);
    const auto &ipi = built.at("kernels").at(0), &reviewed = built.at("kernels").at(1);
    EXPECT_NE(ipi.at("image_sha256"), reviewed.at("image_sha256"));
    EXPECT_EQ(ipi.at("patches").size() + 1, reviewed.at("patches").size());
    for (const auto& kernel : built.at("kernels"))
        fmt::print("{}: {:.1f} s, incremental {}, cached {}\n", kernel.at("arm").get<std::string>(),
                   kernel.at("build_seconds").get<double>(), kernel.at("incremental").get<bool>(),
                   kernel.at("from_cache").get<bool>());
    const double cold = ipi.at("build_seconds"), second = reviewed.at("build_seconds");
    if (!ipi.at("incremental").get<bool>())
        fmt::print("second arm / cold build: {:.3f}\n", second / cold);
    // Cached now: nothing is built again.
    const auto again = rig({"--quiet", "build", k612, "--json"});
    ASSERT_EQ(exit_code(again), 0) << again.out;
    const json cached =
        json::parse(again.out); // named: a range-for does not keep a temporary behind .at() alive
    for (const auto& kernel : cached.at("kernels"))
        EXPECT_TRUE(kernel.at("from_cache").get<bool>());
}

TEST_F(EndToEnd, DefaultExperimentIsExactAndReplaysByteForByte) {
    // Seven boots: the fewest that can decide the experiment's four bounds together, so that
    // latencies are judged too.
    const auto first = rig({"compare", k612, "--boots", "7", "--clock", "virtual"});
    EXPECT_EQ(exit_code(first), 0) << first.out;
    const auto second = rig({"compare", k612, "--boots", "2", "--clock", "virtual"});
    EXPECT_EQ(exit_code(second), 0) << second.out;
    const auto dirs = runs();
    ASSERT_EQ(dirs.size(), 2u);
    const auto a = load_run(dirs[0]), b = load_run(dirs[1]);
    ASSERT_TRUE(a && b);
    ASSERT_EQ(a->samples.size(), 14u);
    ASSERT_EQ(b->samples.size(), 4u);
    expect_exact(*a, "ipi", 4);
    const auto spec = spec_of(a->info, kTop); // as it was run, with --boots in force
    ASSERT_TRUE(spec);
    const auto comparison = assemble(*spec, a->info, a->samples, {}, "", a->lines).comparison;
    const auto* caller = comparison.find("target_latency");
    ASSERT_TRUE(caller);
    EXPECT_EQ(caller->arms.at(1).verdict, Verdict::AsDeclared) << caller->arms.at(1).why;
    std::map<std::pair<std::string, unsigned>, std::string> samples;
    for (const auto& sample : a->samples)
        samples[{sample.id.arm, sample.id.index}] = to_json(sample, false).dump();
    for (const auto& sample : b->samples) {
        const auto same =
            samples.at({sample.id.arm, sample.id.index}) == to_json(sample, false).dump();
        EXPECT_TRUE(same) << sample.id.arm << " " << sample.id.index;
    }
    // Different seeds must not give the same boot: the comparison above could not fail otherwise.
    const auto zero = samples.at({"ipi", 0}), one = samples.at({"ipi", 1});
    EXPECT_NE(zero, one);
    for (const char* name : {"counted-perf-script.txt", "timed-perf-script.txt", "console.log"})
        for (const auto& boot : fs::directory_iterator(dirs[1] / "boots"))
            EXPECT_TRUE(slurp(boot.path() / name) ==
                        slurp(dirs[0] / "boots" / boot.path().filename() / name))
                << boot.path().filename() << "/" << name;
    // The guest prints addresses, and rig names them.
    const auto script = slurp(dirs[0] / "boots/0000-ipi-0/counted-perf-script.txt");
    EXPECT_NE(script.find(" func=0xffffffff"), std::string::npos) << script.substr(0, 300);
    EXPECT_EQ(script.find("smp_call_function"), std::string::npos);
    for (const auto& sample : a->samples) {
        if (sample.id.arm != "ipi") continue;
        ASSERT_EQ(sample.sync_callsites.size(), 1u);
        EXPECT_TRUE(sample.sync_callsites.begin()->first.starts_with("smp_call_function+0x"))
            << sample.sync_callsites.begin()->first;
    }

    // The report can be computed again from the raw samples and is the same.
    const auto report = rig({"report", dirs[0].string()});
    EXPECT_EQ(exit_code(report), 0);
    // Below that line it names where the run lies, as it was called.
    const auto figures = [](const std::string& page) {
        return page.substr(0, page.find("How this was measured"));
    };
    EXPECT_GT(figures(report.out).size(), 2000u);
    EXPECT_EQ(figures(slurp(dirs[0] / "report.txt")), figures(report.out));

    // The parsers of KTAP in every kernel tree there is count what the export says of itself.
    const auto ktap = dir_ / "run.ktap";
    EXPECT_EQ(
        exit_code(rig({"export", dirs[0].string(), "--format", "ktap", "--out", ktap.string()})),
        0);
    unsigned parsers = 0;
    for (const auto& source : fs::directory_iterator(default_cache_dir() / "sources")) {
        const auto tree = source.path() / "tree";
        if (!fs::exists(tree / "tools/testing/kunit/kunit_parser.py")) continue;
        ++parsers;
        BoostCommandRunner runner;
        Command command;
        command.argv = {(kTop / "tests/ktap_accepted.py").string(), tree.string(), ktap.string()};
        command.timeout = kBootLimit;
        const auto accepted = runner.run(command);
        ASSERT_TRUE(accepted) << accepted.error().message;
        EXPECT_EQ(exit_code(*accepted), 0) << accepted->out;
    }
    EXPECT_GT(parsers, 0u);
}

// Five patches of this kernel: the change behind one that does not build. The long proof is the
// suite `bisect`.
TEST_F(EndToEnd, BisectNamesThePlantedPatchPastOneThatDoesNotBuild) {
    const auto tree = cached_tree(default_cache_dir(), "12");
    ASSERT_FALSE(tree.empty());
    GeneratedHistory history(tree);
    history.filler();
    history.filler();
    history.break_build(); // in the middle: the first that is looked at
    history.mend();
    history.plant(kTop / "kernel-patches/6.12/planted-ipi/"
                         "0001-TEST-ONLY-mm-mmu_gather-send-one-IPI-more-per-single.patch");
    history.write_series(dir_ / "series");
    const std::vector<std::string> asked{
        "--quiet",     "--json",    "bisect",  k612,      "--series", (dir_ / "series").string(),
        "--metric",    "sync_ipis", "--clock", "virtual", "--set",    "workload.pace_us=10000",
        "--max-boots", "2"};
    const auto found = rig(asked, kBuildLimit);
    ASSERT_EQ(exit_code(found), 0) << found.out;
    const json bisected = json::parse(found.out);
    const auto& b = bisected.at("bisection");
    ASSERT_EQ(b.at("first_bad").size(), 1u) << found.out;
    EXPECT_EQ(b.at("first_bad")[0].at("name"), history.name(4));
    EXPECT_EQ(b.at("good"), 240);
    EXPECT_EQ(b.at("bad"), 320); // one IPI more for each of 80 calls
    EXPECT_EQ(b.at("explains"), 1);
    std::vector<std::string> untold;
    for (const auto& visit : b.at("visits"))
        if (visit.at("outcome") == "unbuildable") untold.push_back(visit.at("revision").at("id"));
    EXPECT_EQ(untold, std::vector<std::string>{"r03"}) << found.out;
    // The log alone leads to the same answer.
    const auto replayed =
        rig({"--quiet", "bisect", "--log", bisected.at("folder").get<std::string>()});
    EXPECT_EQ(exit_code(replayed), 0) << replayed.out;
    EXPECT_NE(replayed.out.find("FIRST BAD: " + history.name(4)), std::string::npos)
        << replayed.out;
}

// samples.jsonl without what the host's clock says, in the schedule's order: lines are appended as
// boots end.
std::vector<std::string> figures_of(const fs::path& run_dir) {
    std::map<unsigned, std::string> lines;
    std::ifstream in(run_dir / "samples.jsonl");
    for (std::string line; std::getline(in, line);) {
        auto sample = json::parse(line);
        sample.erase("host");
        lines[sample.at("id").at("order").get<unsigned>()] = sample.dump();
    }
    std::vector<std::string> out;
    for (auto& [order, line] : lines)
        out.push_back(std::move(line));
    return out;
}

TEST_F(EndToEnd, SamplesDoNotDependOnHowManyBootsRunAtOnce) {
    std::vector<std::vector<std::string>> figures;
    std::vector<double> seconds;
    for (const auto& [parallel, seed] : {std::pair{"1", "1"}, {"2", "1"}, {"2", "2"}}) {
        const auto result = rig({"compare", k612, "--boots", "1", "--clock", "virtual",
                                 "--parallel", parallel, "--seed", seed});
        EXPECT_TRUE(nothing_failed(result)) << result.out;
        const auto dir = runs().at(0);
        const auto run = load_run(dir);
        ASSERT_TRUE(run) << run.error().message;
        EXPECT_EQ(std::to_string(run->info.cpu_allocation.at_once), parallel);
        EXPECT_NE(slurp(dir / "report.txt")
                      .find(parallel == std::string("1") ? "one boot at a time, each on one of "
                                                         : "2 boots at once, each on one of "),
                  std::string::npos);
        figures.push_back(figures_of(dir));
        ASSERT_EQ(figures.back().size(), 2u);
        seconds.push_back(result.seconds);
        fs::remove_all(dir_ / "results");
    }
    EXPECT_EQ(figures[0], figures[1]);
    EXPECT_NE(figures[0], figures[2])
        << "another seed has to show, or the comparison above could not fail";
    fmt::print("two at once / one at a time: {:.2f} ({:.1f} s, {:.1f} s)\n",
               seconds[1] / seconds[0], seconds[1], seconds[0]);
}

TEST_F(EndToEnd, WallClockCountsAreExactToo) {
    // Alone on its CPUs, as by default, and beside another boot of the same run: counts are counts.
    const auto alone = rig({"boot", k612, "--arm", "ipi", "--clock", "wall", "--json", "--quiet"});
    ASSERT_EQ(exit_code(alone), 0) << alone.out;
    EXPECT_EQ(json::parse(alone.out.substr(alone.out.find("{\n"))).at("counts").at("sync_ipis"),
              240);
    fs::remove_all(dir_ / "results");
    // Eight vCPUs on the host's two CPUs: a call may have to wait longer than the experiment's own
    // pace.
    const auto result = rig({"compare", k612, "--boots", "1", "--clock", "wall", "--set",
                             "workload.pace_us=500000", "--parallel", "2", "--share-cpus"});
    for (const char* said : {"2 boots at once on ",
                             "SHARED:", "! boots shared host CPUs with other boots (--share-cpus)",
                             "--parallel 2 --share-cpus\n"})
        EXPECT_NE(result.out.find(said), std::string::npos) << said << "\n" << result.out;
    const auto dirs = runs();
    ASSERT_EQ(dirs.size(), 1u);
    const auto run = load_run(dirs[0]);
    ASSERT_TRUE(run);
    ASSERT_EQ(run->samples.size(), 2u) << result.out;
    EXPECT_TRUE(run->info.cpu_allocation.shared);
    expect_exact(*run, "ipi", 4);
}

// The proofs that fail in any arm of a run, computed again from what it left.
std::set<std::string> failing_checks(const fs::path& run_dir) {
    const auto run = load_run(run_dir);
    EXPECT_TRUE(run);
    std::set<std::string> failing;
    if (!run) return failing;
    const auto spec = spec_of(run->info, kTop);
    EXPECT_TRUE(spec);
    if (!spec) return failing;
    for (const auto& arm :
         assemble(*spec, run->info, run->samples, {}, "", run->lines).comparison.checks)
        for (const auto& check : arm.checks)
            if (!check.passed) failing.insert(check.id);
    return failing;
}

struct Control {
    const char* name;
    std::vector<std::pair<std::string, std::string>> changes;
    std::set<std::string> checks; // all of these fail
    std::string says;
};

// Ways to test nothing, each inconclusive for its own reason: the suite says which words each has
// to report.
TEST_F(EndToEnd, TheVacuitySuiteHolds) {
    const auto result = rig({"compare", "configs/vacuity.toml"}, kBuildLimit);
    EXPECT_EQ(exit_code(result), 0) << result.out;
}

// And by exactly the proofs that should fail.
TEST_F(EndToEnd, VacuousExperimentsAreInconclusive) {
    const Control controls[] = {
        {"no injections left",
         {{"interval = 1 .*", "interval = 1\ntimes = 0"}},
         {"injections", "target_hits", "witness_hits"},
         ""},
        {"other call sites fail too",
         {{"interval = 1 .*", "interval = 1\nstack_filter = false"}},
         {"faults_reconcile", "failure_sites"},
         "__tlb_remove_folio_pages"},
        {"a function that is not there",
         {{"function = \"tlb_remove_table_one\"", "function = \"tlb_remove_table_two\""}},
         {"symbols"},
         "tlb_remove_table_two"},
    };
    for (const auto& control : controls) {
        fs::remove_all(dir_ / "results");
        const auto spec = variant("batch-alloc-fail.toml", control.changes);
        const auto result = rig({"compare", spec.string(), "--boots", "1", "--clock", "virtual"});
        EXPECT_EQ(exit_code(result), 4) << control.name << ":\n" << result.out;
        EXPECT_NE(result.out.find("INCONCLUSIVE"), std::string::npos) << control.name;
        EXPECT_NE(result.out.find(control.says), std::string::npos)
            << control.name << ": no '" << control.says << "' in\n"
            << result.out;
        if (control.checks.empty()) continue;
        const auto failing = failing_checks(runs().at(0));
        for (const auto& id : control.checks)
            EXPECT_TRUE(failing.contains(id)) << control.name << ": " << id << " holds\n"
                                              << result.out;
    }
}

TEST_F(EndToEnd, AWrongExpectationIsBroken) {
    const auto spec = variant("batch-alloc-fail.toml", {{"reviewed = 0 \\}", "reviewed = 1 }"}});
    const auto result = rig({"compare", spec.string(), "--boots", "1", "--clock", "virtual"});
    EXPECT_EQ(exit_code(result), 1) << result.out;
}

TEST_F(EndToEnd, ABadExperimentFileIsOneErrorWithItsPlace) {
    const auto spec = variant("batch-alloc-fail.toml", {{"vcpus = 4", "vcpus = 1"}});
    const auto result = rig({"compare", spec.string()});
    EXPECT_EQ(exit_code(result), 2);
    EXPECT_TRUE(std::regex_search(result.out, std::regex("experiment.toml:\\d+:\\d+: .*2\\.\\.64")))
        << result.out;
}

TEST_F(EndToEnd, ACalibrationWithTooFewBootsIsRefusedBeforeOneIsMade) {
    const auto result = rig({"calibrate", (kTop / "configs/calibrate.toml").string(), "--boots",
                             "6", "--boots-per-side", "5"});
    EXPECT_EQ(exit_code(result), 2);
    EXPECT_NE(result.out.find("guest.boots = 6, want at least 10"), std::string::npos)
        << result.out;
}

TEST_F(EndToEnd, AHostInAnOddStateIsOneErrorOfTheHost) {
    const auto lost = rig({"doctor"}, kBootLimit, {"sh", "-c", "exec \"$@\" > /dev/full", "sh"});
    EXPECT_EQ(exit_code(lost), 3);
    EXPECT_NE(lost.out.find("cannot write to stdout: No space left on device"), std::string::npos)
        << lost.out;
    const auto closed = rig({"doctor"}, kBootLimit, {"sh", "-c", "exec \"$@\" >&-", "sh"});
    EXPECT_EQ(exit_code(closed), 3);
    EXPECT_NE(closed.out.find("cannot write to stdout: Bad file descriptor"), std::string::npos)
        << closed.out;
    const auto gone = rig({"build", "../configs/faults.toml"}, kBootLimit,
                          {"sh", "-c", "d=$(mktemp -d) && cd $d && rmdir $d && exec \"$@\"", "sh"});
    EXPECT_EQ(gone.out.find("terminate called"), std::string::npos) << gone.out;
    EXPECT_TRUE(exit_code(gone) == 2 || exit_code(gone) == 3) << gone.out;
}

TEST_F(EndToEnd, InterruptStopsCleanlyAndKeepsTheEvidence) {
    // As Ctrl-C does it, once the first sample is there; job control, so that the shell does not
    // have SIGINT ignored.
    const std::string script = "set -m; \"$@\" & rig=$!; until grep -q . " +
                               (dir_ / "results").string() +
                               "/*/samples.jsonl 2>/dev/null; do kill -0 $rig || break; sleep 0.2; "
                               "done; kill -INT $rig; wait $rig";
    const auto result = rig({"compare", k612, "--boots", "100", "--clock", "virtual"}, kBootLimit,
                            {"bash", "-c", script, "bash"});
    EXPECT_EQ(exit_code(result), 3) << result.out;
    const auto dirs = runs();
    ASSERT_EQ(dirs.size(), 1u);
    const auto run = load_run(dirs[0]);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_GT(run->samples.size(), 0u);
    EXPECT_LT(run->samples.size(), 200u);
}

// The points of the review that need no boot: patches read and single objects built, with the
// controls beside them.
TEST_F(EndToEnd, ASuiteAnswersPointByPoint) {
    const auto result =
        rig({"compare", "configs/review.toml", "--point", "imperative-voice", "--point", "no-stub"},
            kBuildLimit);
    EXPECT_EQ(exit_code(result), 0) << result.out;
    EXPECT_NE(result.out.find("2 of 2 points hold; 1 of 1 negative controls were seen to fail"),
              std::string::npos)
        << result.out;
    const auto wrong = variant(
        "review.toml", {{"lacks = \\[\"Should be used\"\\]", "has = [\"Should be used\"]"},
                        {"has = \\[\"Use in slow paths where sleeping is acceptable.\"\\]\n", ""}});
    const auto broken = rig({"compare", wrong.string(), "--point", "imperative-voice"});
    EXPECT_EQ(exit_code(broken), 1) << broken.out;
    EXPECT_NE(broken.out.find("'Should be used' is missing"), std::string::npos) << broken.out;
}

TEST_F(EndToEnd, Linux73GivesTheSame) {
    const auto result =
        rig({"compare", "configs/batch-alloc-fail-7.3.toml", "--boots", "2", "--clock", "virtual"},
            kBuildLimit);
    EXPECT_TRUE(nothing_failed(result)) << result.out;
    const auto dirs = runs();
    ASSERT_EQ(dirs.size(), 1u);
    const auto run = load_run(dirs[0]);
    ASSERT_TRUE(run);
    ASSERT_EQ(run->samples.size(), 4u);
    expect_exact(*run, "ipi", 4);
}

TEST_F(EndToEnd, PtReclaimIsInconclusiveNotNoChange) {
    const auto result = rig({"compare", "configs/vacuous-pt-reclaim.toml"}, kBuildLimit);
    EXPECT_EQ(exit_code(result), 4) << result.out;
    EXPECT_NE(result.out.find("INCONCLUSIVE"), std::string::npos);
    EXPECT_NE(result.out.find("PT_RECLAIM"), std::string::npos);
    EXPECT_NE(result.out.find("call_rcu"), std::string::npos); // and why

    // Had the experiment not declared the option, what happens at run time tells all the same.
    fs::remove_all(dir_ / "results");
    const auto undeclared = variant("vacuous-pt-reclaim.toml",
                                    {{"MMU_GATHER_RCU_TABLE_FREE = \"y\"\nPT_RECLAIM = \"n\"",
                                      "MMU_GATHER_RCU_TABLE_FREE = \"y\""}});
    const auto again = rig({"compare", undeclared.string()});
    EXPECT_EQ(exit_code(again), 4) << again.out;
    EXPECT_EQ(failing_checks(runs().at(0)),
              (std::set<std::string>{"changed_lines", "witness_hits", "witness_within"}))
        << again.out;
}

} // namespace
} // namespace rig
