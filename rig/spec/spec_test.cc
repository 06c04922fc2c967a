// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/spec.h"

#include "guest/protocol/workload_counters.h"
#include "rig/spec/spec_parser.h"
#include "rig/spec/toml_reader.h"
#include "rig/spec/value_rules.h"
#include "rig/testing/spec_project.h"
#include "rig/workloads/older_names.h"

#include <algorithm>
#include <random>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

class SpecTest : public SpecProject {};

TEST_F(SpecTest, AnArmMayBeBrokenOnPurpose) {
    std::string text(good_spec);
    const std::string marker = "marker = \"synchronize_rcu\"\n";
    text.insert(text.find(marker) + marker.size(), "splat = \"sleeping function called\"\n");
    auto spec = parse_spec(text, file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->arms[0].splat, "");
    EXPECT_EQ(spec->arms[1].splat, "sleeping function called");
}

TEST_F(SpecTest, ReadsEveryField) {
    auto spec = parse_spec(good_spec, file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->file, file());
    EXPECT_EQ(spec->top, top_);
    EXPECT_EQ(spec->name, "batch-alloc-fail");
    EXPECT_EQ(spec->description, "what the batch allocation's failure costs");

    ASSERT_TRUE(std::holds_alternative<DistroSource>(spec->kernel.source));
    EXPECT_EQ(std::get<DistroSource>(spec->kernel.source).package, "linux-source-7.3");
    EXPECT_EQ(std::get<DistroSource>(spec->kernel.source).suite, "trixie-backports");
    EXPECT_EQ(spec->kernel.prerequisites, std::vector<fs::path>{"kernel-patches/6.12/enable"});
    EXPECT_EQ(spec->kernel.fragments,
              (std::vector<fs::path>{"configs/kernel/base.config", "configs/kernel/more.config"}));
    EXPECT_EQ(spec->kernel.options,
              (std::map<std::string, std::string>{{"PT_RECLAIM", "n"},
                                                  {"LOCALVERSION", "\"-rig\""},
                                                  {"NR_CPUS", "16"},
                                                  {"PHYS_START", "0x100000"},
                                                  {"SMP", "y"},
                                                  {"MODULES", "n"},
                                                  {"LOG_BUF_SHIFT", "18"}}));

    ASSERT_EQ(spec->arms.size(), 2U);
    EXPECT_EQ(spec->arms[0].name, "ipi");
    EXPECT_TRUE(spec->arms[0].series.empty());
    EXPECT_EQ(spec->arms[0].marker, "smp_call_function");
    EXPECT_FALSE(spec->arms[0].prebuilt);
    EXPECT_EQ(spec->arms[1].name, "reviewed");
    EXPECT_EQ(spec->arms[1].series, std::vector<fs::path>{"kernel-patches/6.12/reviewed"});
    EXPECT_EQ(spec->arms[1].marker, "synchronize_rcu");
    EXPECT_EQ(spec->arms[1].splat, "");
    EXPECT_EQ(spec->find_arm("reviewed"), &spec->arms[1]);
    EXPECT_EQ(spec->find_arm("review"), nullptr);

    EXPECT_EQ(spec->guest.warmup_boots, 2U);
    EXPECT_EQ(spec->guest.vcpus, 6U);
    EXPECT_EQ(spec->guest.memory_mib, 1024U);
    EXPECT_EQ(spec->guest.clock, ClockChoice::Virtual);
    EXPECT_EQ(spec->guest.boots, 3U);
    EXPECT_EQ(spec->guest.seed, std::uint64_t{1} << 53);
    EXPECT_EQ(spec->guest.deadline_seconds, 90U);
    EXPECT_EQ(spec->guest.perf_pages, 64U);
    EXPECT_EQ(spec->guest.extra_cmdline, "lpj=1000 debug");

    EXPECT_EQ(spec->workload.name, "munmap");
    EXPECT_EQ(spec->workload.iterations, 21U);
    EXPECT_EQ(spec->workload.number("tables"), 5U);
    EXPECT_EQ(spec->workload.number("pages_per_table"), 6U);
    EXPECT_EQ(spec->workload.pace_us, 0U);
    EXPECT_FALSE(spec->workload.bystanders);
    EXPECT_EQ(spec->workload.bystander_period_us, 700U);

    EXPECT_FALSE(spec->faults[0].enabled);
    EXPECT_EQ(spec->faults[0].function, "tlb_remove_table.isra.0");
    EXPECT_EQ(spec->faults[0].interval, 2U);
    EXPECT_EQ(spec->faults[0].times, 2147483647);
    EXPECT_EQ(number_of(standard_fault_point(), spec->faults[0].values, "min-order"), 1);
    EXPECT_FALSE(spec->faults_listed);
    EXPECT_EQ(spec->faults[0].probability, 60U);
    EXPECT_EQ(spec->faults[0].space, 1U);
    EXPECT_EQ(spec->faults[0].stacktrace_depth, 16U);
    EXPECT_EQ(spec->faults[0].reject, "tlb_flush_mmu");
    EXPECT_EQ(spec->faults[0].last_rejected, "tlb_finish_mmu");
    EXPECT_FALSE(flag_of(standard_fault_point(), spec->faults[0].values, "ignore-gfp-wait"));
    EXPECT_FALSE(flag_of(standard_fault_point(), spec->faults[0].values, "ignore-gfp-highmem"));
    EXPECT_FALSE(spec->faults[0].task_filter);
    EXPECT_FALSE(spec->faults[0].stack_filter);

    EXPECT_EQ(spec->target.function, "tlb_remove_table_one");
    EXPECT_EQ(spec->target.sync_function, "tlb_remove_table_smp_sync");
    EXPECT_EQ(spec->target.config,
              (std::map<std::string, std::string>{{"MMU_GATHER_RCU_TABLE_FREE", "y"}}));

    ASSERT_EQ(spec->metrics.size(), 4U); // in the file's order
    EXPECT_EQ(spec->metrics[0].name, "sync_ipis");
    EXPECT_EQ(spec->metrics[0].kind, ExpectKind::Exactly);
    EXPECT_TRUE(std::holds_alternative<Predicted>(spec->metrics[0].exactly.at("ipi")));
    EXPECT_EQ(std::get<std::int64_t>(spec->metrics[0].exactly.at("reviewed")), 0);
    EXPECT_EQ(spec->metrics[1].name, "target_latency");
    EXPECT_EQ(spec->metrics[1].kind, ExpectKind::AtMost);
    EXPECT_EQ(spec->metrics[1].ratio, 5000.0);
    EXPECT_EQ(spec->metrics[2].name, "bystander_wakeup");
    EXPECT_EQ(spec->metrics[2].kind, ExpectKind::NotWorse);
    EXPECT_EQ(spec->metrics[2].within, 0.01);
    EXPECT_EQ(spec->metrics[3].name, "total_ipis");
    EXPECT_EQ(spec->metrics[3].kind, ExpectKind::Report);
}

TEST_F(SpecTest, UnchangedAndFalls) {
    std::string text(good_spec);
    text.replace(text.find("\"not-worse\""), 11, "\"unchanged\"");
    text.replace(text.find("\"report\""), 8, "\"falls\"");
    const auto spec = parse_spec(text, file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->metrics[2].kind, ExpectKind::Unchanged);
    EXPECT_EQ(spec->metrics[2].within, 0.01);
    EXPECT_EQ(spec->metrics[3].kind, ExpectKind::Falls);
}

// The structs' initialisers are the defaults; the parser has no second copy of them.
TEST_F(SpecTest, AbsentKeysKeepTheDefaults) {
    auto spec = parse_spec(minimal_spec, file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->description, "");
    EXPECT_EQ(std::get<DistroSource>(spec->kernel.source).suite, "");
    EXPECT_TRUE(spec->kernel.prerequisites.empty() && spec->kernel.fragments.empty() &&
                spec->kernel.options.empty());
    EXPECT_TRUE(spec->arms[0].series.empty());

    GuestSpec guest;
    EXPECT_EQ(spec->guest.vcpus, guest.vcpus);
    EXPECT_EQ(spec->guest.memory_mib, guest.memory_mib);
    EXPECT_EQ(spec->guest.clock, guest.clock);
    EXPECT_EQ(spec->guest.boots, guest.boots);
    EXPECT_EQ(spec->guest.seed, guest.seed);
    EXPECT_EQ(spec->guest.deadline_seconds, guest.deadline_seconds);
    EXPECT_EQ(spec->guest.extra_cmdline, guest.extra_cmdline);
    WorkloadSpec workload;
    EXPECT_EQ(spec->workload.name, workload.name);
    EXPECT_EQ(spec->workload.iterations, workload.iterations);
    EXPECT_EQ(spec->workload.number("tables"), workload.number("tables"));
    EXPECT_EQ(spec->workload.number("pages_per_table"), workload.number("pages_per_table"));
    EXPECT_EQ(spec->workload.pace_us, workload.pace_us);
    EXPECT_EQ(spec->workload.bystanders, workload.bystanders);
    EXPECT_EQ(spec->workload.bystander_period_us, workload.bystander_period_us);
    FaultSpec fault;
    EXPECT_EQ(spec->faults[0].enabled, fault.enabled);
    EXPECT_EQ(spec->faults[0].function, older::kFaultFunction);
    EXPECT_EQ(spec->faults[0].interval, fault.interval);
    EXPECT_EQ(spec->faults[0].times, fault.times);
    EXPECT_TRUE(spec->faults[0].values.empty());
    EXPECT_EQ(spec->faults[0].task_filter, fault.task_filter);
    EXPECT_EQ(spec->faults[0].stack_filter, fault.stack_filter);
    TargetSpec target;
    EXPECT_EQ(spec->target.function, older::kTargetFunction);
    EXPECT_EQ(spec->target.sync_function, ""); // IPIs of one function only if the file names it
    EXPECT_TRUE(spec->target.config.empty() && spec->metrics.empty());
}

// Both ends of every range are accepted.
TEST_F(SpecTest, AcceptsTheEndsOfTheRanges) {
    const std::vector<std::pair<std::string_view, std::string_view>> table = {
        {"vcpus = 6", "vcpus = 2"},
        {"vcpus = 6", "vcpus = 16"},
        {"memory_mib = 1024", "memory_mib = 128"},
        {"memory_mib = 1024", "memory_mib = 65536"},
        {"boots = 3", "boots = 1"},
        {"boots = 3", "boots = 1000"},
        {"seed = 9007199254740992", "seed = 0"},
        {"deadline_seconds = 90", "deadline_seconds = 86400"},
        {"perf_pages = 64", "perf_pages = 1"},
        {"perf_pages = 64", "perf_pages = 16384"},
        {"iterations = 21", "iterations = 1"},
        {"iterations = 21", "iterations = 100000"},
        {"tables = 5", "tables = 1"},
        {"tables = 5", "tables = 511"},
        {"pages_per_table = 6", "pages_per_table = 1"},
        {"pages_per_table = 6", "pages_per_table = 512"},
        {"pace_us = 0", "pace_us = 10000000"},
        {"bystander_period_us = 700", "bystander_period_us = 50"},
        {"bystander_period_us = 700", "bystander_period_us = 1000000"},
        {"interval = 2", "interval = 1000000"},
        {"times = 2147483647", "times = 0"},
        {"min-order = 1", "min-order = 10"},
        {"within = 0.01", "within = 0"},
        {"within = 0.01", "within = 10.0"},
        {"ratio = 5000", "ratio = 0.001"},
    };
    for (const auto& [from, to] : table) {
        auto spec = parse_spec(replaced(good_spec, from, to), file());
        EXPECT_TRUE(spec) << spec.error().message;
    }
}

TEST_F(SpecTest, ReadsACommand) {
    const std::string text =
        std::string(minimal_spec) +
        "[workload]\nname = \"command\"\ncommand = [\"/bin/sh\", \"-c\", \"true\"]\n";
    auto spec = parse_spec(text, file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->workload.words("command"), (std::vector<std::string>{"/bin/sh", "-c", "true"}));
    EXPECT_EQ(spec->workload.text("call"), "");
    spec = parse_spec(text + "call = \"exit_mmap\"\n", file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->workload.text("call"), "exit_mmap");
}

TEST_F(SpecTest, ReadsWhatTheWorkloadCounts) {
    const auto with = [&](const std::string& counter) {
        return parse_spec(std::string(minimal_spec) +
                              "[workload]\nname = \"gup_race\"\n[metrics.wrong]\ncounter = \"" +
                              counter +
                              "\"\nexpect = \"exactly\"\nvalues = { ipi = 0 }\nat_least = 3\n",
                          file());
    };
    const auto spec = with("corruptions");
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->metrics[0].custom->kind, CustomMetric::Kind::Counter);
    EXPECT_EQ(spec->metrics[0].custom->what, "corruptions");
    EXPECT_EQ(spec->metrics[0].at_least, 3u);
    const auto misspelt = with("corruption");
    ASSERT_FALSE(misspelt);
    EXPECT_NE(
        misspelt.error().message.find("what workload \"gup_race\" counts: walks, corruptions"),
        std::string::npos)
        << misspelt.error().message;
}

TEST_F(SpecTest, BystandersSleepUnlessToldOtherwise) {
    const auto with = [&](const std::string& mode) {
        return parse_spec(std::string(minimal_spec) + "[workload]\n" + mode, file());
    };
    EXPECT_EQ(with("")->workload.bystander_mode, BystanderMode::Sleep);
    EXPECT_EQ(with("bystander_mode = \"sleep\"\n")->workload.bystander_mode, BystanderMode::Sleep);
    EXPECT_EQ(with("bystander_mode = \"busy\"\n")->workload.bystander_mode, BystanderMode::Busy);
}

TEST_F(SpecTest, CountersAreOfKnownWorkloadsAndFitWhereTheyGo) {
    std::size_t with_counters = 0;
    for (const auto& workload : workload_names()) {
        const auto names = guest::workload_counters(workload);
        EXPECT_LE(names.size(), guest::kMaxCounters) << workload;
        EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size()) << workload;
        for (const auto name : names)
            EXPECT_FALSE(rules::metric_name(std::string(name))) << name;
        with_counters += !names.empty();
    }
    EXPECT_EQ(with_counters, 1u); // gup_race
    EXPECT_TRUE(guest::workload_counters("no such workload").empty());
}

TEST_F(SpecTest, ArmsOnTheSamePathHaveNoWitness) {
    const std::string target = "[target]\nsame_path = true\nfunction = "
                               "\"pmdp_collapse_flush\"\n[workload]\nname = \"collapse\"\n";
    const auto without = replaced(minimal_spec, "marker = \"smp_call_function\"\n", "");
    auto spec = parse_spec(without + target, file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_TRUE(spec->target.same_path);
    EXPECT_EQ(spec->arms[0].marker, "");
    spec = parse_spec(without + "[target]\nsame_path = true\nlines = \"all\"\nfunction = \"f\"\n",
                      file());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find("no changed line has to run"), std::string::npos)
        << spec.error().message;
    spec = parse_spec(std::string(minimal_spec) + target, file());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find("the arms run the same code"), std::string::npos)
        << spec.error().message;
    spec = parse_spec(without + "[target]\nsame_path = true\n", file());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find("missing target.function"), std::string::npos)
        << spec.error().message;
}

TEST_F(SpecTest, LinesAreCountedInsteadOfMarkers) {
    const auto without = replaced(minimal_spec, "marker = \"smp_call_function\"\n", "");
    auto spec = parse_spec(without, file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->arms[0].marker, "");
    EXPECT_EQ(spec->target.lines, LinesWanted::Any);
    // As an override takes a marker away.
    spec = parse_spec(replaced(minimal_spec, "\"smp_call_function\"", "\"\""), file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->arms[0].marker, "");
    spec = parse_spec(without + "[target]\nlines = \"all\"\n", file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->target.lines, LinesWanted::All);
    spec = parse_spec(without + "[[arm]]\nname = \"more\"\nmarker = \"f\"\n", file());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find("it left out, as arm 'ipi' has none"), std::string::npos)
        << spec.error().message;
}

// Without a marker the check needs the number of hits that the workload predicts.
TEST_F(SpecTest, ASamePathNeedsAWorkloadThatPredictsItsHits) {
    const auto without = replaced(minimal_spec, "marker = \"smp_call_function\"\n", "");
    const auto spec = parse_spec(
        without + "[target]\nsame_path = true\nfunction = \"__x64_sys_munmap\"\n", file());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find("accepted with collapse and pmd_unshare"),
              std::string::npos)
        << spec.error().message;
}

TEST_F(SpecTest, BackgroundsAreNotForWorkloadsWithChildren) {
    const std::string background = "[[background]]\nname = \"x\"\ncommand = [\"/bin/true\"]\n";
    EXPECT_TRUE(parse_spec(std::string(minimal_spec) + background, file()));
    const auto spec = parse_spec(
        std::string(minimal_spec) + "[workload]\nname = \"exit\"\n" + background, file());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find("cannot be told from those that workload 'exit' starts"),
              std::string::npos)
        << spec.error().message;
}

TEST_F(SpecTest, ReadsTheOtherSources) {
    auto with = [&](const std::string& source) {
        return parse_spec(replaced(minimal_spec, R"({ distro = "linux-source-6.12" })", source),
                          file());
    };
    auto tarball =
        with(fmt::format(R"({{ tarball = "images/vmlinux", sha256 = "{:0>64}" }})", "abc123"));
    ASSERT_TRUE(tarball) << tarball.error().message;
    EXPECT_EQ(std::get<TarballSource>(tarball->kernel.source).path, "images/vmlinux");
    EXPECT_EQ(std::get<TarballSource>(tarball->kernel.source).sha256.size(), 64U);
    auto git =
        with(fmt::format(R"({{ git = "{}", revision = "v6.12-rc1~2^{{}}" }})", top_.string()));
    ASSERT_TRUE(git) << git.error().message;
    EXPECT_EQ(std::get<GitSource>(git->kernel.source).repository, top_);
    EXPECT_EQ(std::get<GitSource>(git->kernel.source).revision, "v6.12-rc1~2^{}");
}

TEST_F(SpecTest, ReadsPrebuiltArms) {
    auto spec = parse_spec(prebuilt_spec, file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_TRUE(std::holds_alternative<PrebuiltSource>(spec->kernel.source));
    EXPECT_EQ(spec->arms[0].prebuilt->bzimage, "images/bzImage");
    EXPECT_EQ(spec->arms[0].prebuilt->system_map, "images/System.map");
    EXPECT_EQ(spec->arms[0].prebuilt->vmlinux, "");
    EXPECT_EQ(spec->arms[0].prebuilt->config, "images/config");
    EXPECT_EQ(spec->arms[1].prebuilt->vmlinux, "images/vmlinux");
    EXPECT_EQ(spec->arms[1].prebuilt->config, "");
}

// Once with the expected numbers written out, so that a mistake in the helper above is noticed.
TEST_F(SpecTest, LineAndColumnCountFromOne) {
    auto spec = parse_spec(replaced(good_spec, "vcpus = 6", "vcpus = 1"), file());
    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().message, file().string() + ":24:9: bad guest.vcpus: 1, want 2..64");
    spec = parse_spec("", "a.toml");
    ASSERT_FALSE(spec);
    EXPECT_TRUE(spec.error().message.starts_with("a.toml:1:1: ")) << spec.error().message;
}

TEST_F(SpecTest, ReportsTheFirstUnknownKeyInTheFilesOrder) {
    auto spec = parse_spec("zzz = 1\naaa = 2\n" + std::string(good_spec), file());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find(":1:1: unknown key zzz;"), std::string::npos)
        << spec.error().message;
}

TEST_F(SpecTest, WantsAProjectAroundTheFile) {
    fs::remove_all(top_ / "kernel-patches");
    ASSERT_EQ(::setenv("RIG_DATA_DIR", top_.c_str(), 1), 0);
    auto spec = parse_spec(minimal_spec, file());
    ::unsetenv("RIG_DATA_DIR");
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find(
                  "test.toml:1:1: no parent folder of this file holds `kernel-patches/`"),
              std::string::npos)
        << spec.error().message;
}

TEST_F(SpecTest, NearestProjectWins) {
    fs::create_directories(top_ / "configs/kernel-patches");
    auto spec = parse_spec(minimal_spec, file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->top, top_ / "configs");
}

TEST_F(SpecTest, LoadsFromAFile) {
    std::ofstream(file()) << good_spec;
    auto spec = load_spec(file());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->arms.size(), 2U);

    spec = load_spec(top_ / "configs/none.toml");
    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(spec.error().message.find("none.toml: no such file"), std::string::npos)
        << spec.error().message;
    spec = load_spec(top_ / "configs");
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find("not a regular file"), std::string::npos)
        << spec.error().message;
    std::ofstream(file()) << std::string(300 * 1024, '#');
    spec = load_spec(file());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find("want at most"), std::string::npos) << spec.error().message;
    EXPECT_FALSE(parse_spec(std::string(300 * 1024, '#'), file()));
}

TEST_F(SpecTest, ALimitOfOpenFilesIsNoFaultOfTheFile) {
    std::ofstream(file()) << minimal_spec;
    const pid_t pid = ::fork();
    if (pid == 0) {
        const rlimit none{0, 0};
        if (::setrlimit(RLIMIT_NOFILE, &none) != 0) ::_exit(2);
        const auto spec = load_spec(file());
        if (spec || spec.error().fault_domain != FaultDomain::Host) ::_exit(3);
        ::_exit(spec.error().message.ends_with("test.toml: Too many open files") ? 0 : 4);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
}

// Files and command lines with older names keep their meaning.
TEST_F(SpecTest, MetricsUnderTheirOlderNamesAreRead) {
    const std::string older = "[metrics.caller_latency]\nexpect = \"may-rise\"\nat_most = "
                              "2\n[metrics.munmap_latency]\nexpect = \"report\"\n";
    auto spec =
        parse_spec(std::string(minimal_spec) + older, file(),
                   {{"metrics.caller_latency.ratio", "3"}, {"metrics.call_latency.at_least", "1"}});
    ASSERT_TRUE(spec) << spec.error().message;
    ASSERT_EQ(spec->metrics.size(), 2u);
    EXPECT_EQ(spec->metrics[0].name, "target_latency");
    EXPECT_EQ(spec->metrics[0].ratio, 3);
    EXPECT_EQ(spec->metrics[1].name, "call_latency");
    EXPECT_EQ(spec->metrics[1].at_least, 1u);
    spec = parse_spec(std::string(minimal_spec) + older +
                          "[metrics.target_latency]\nexpect = \"report\"\n",
                      file());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find(":7:1: bad metrics.caller_latency: it is the older name of "
                                        "metrics.target_latency, want one of the two"),
              std::string::npos)
        << spec.error().message;
    // An error in a metric under an older name points to its place in the file.
    spec = parse_spec(std::string(minimal_spec) +
                          "[metrics.munmap_latency]\nexpect = \"report\"\nwithin = 2\n",
                      file());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find(":9:"), std::string::npos) << spec.error().message;
}

// Every older name together with today's: the experiment is the same, and one line reports where
// the first one is.
TEST_F(SpecTest, OlderKeysMeanTheNewerOnes) {
    std::string older(good_spec);
    for (const auto& [now, before] :
         {std::pair{"\nmarker =", "\nwitness ="},
          {"\nprerequisites =", "\nenable ="},
          {"expect = \"at-most\"\nratio =", "expect = \"may-rise\"\nat_most ="},
          {"[metrics.target_latency]", "[metrics.caller_latency]"}}) {
        ASSERT_NE(older.find(now), std::string::npos) << now;
        for (std::size_t at; (at = older.find(now)) != std::string::npos;)
            older.replace(at, std::string(now).size(), before);
    }
    const auto before = parse_spec(older, file()), now = parse_spec(good_spec, file());
    ASSERT_TRUE(before) << before.error().message;
    ASSERT_TRUE(now) << now.error().message;
    EXPECT_EQ(before->kernel.prerequisites, now->kernel.prerequisites);
    ASSERT_EQ(before->arms.size(), now->arms.size());
    for (std::size_t i = 0; i < now->arms.size(); ++i) {
        EXPECT_NE(now->arms[i].marker, "");
        EXPECT_EQ(before->arms[i].marker, now->arms[i].marker);
    }
    ASSERT_EQ(before->metrics.size(), now->metrics.size());
    bool bounded = false;
    for (const auto& metric : now->metrics) {
        const auto same =
            std::find_if(before->metrics.begin(), before->metrics.end(),
                         [&](const MetricSpec& one) { return one.name == metric.name; });
        ASSERT_NE(same, before->metrics.end()) << metric.name;
        EXPECT_EQ(same->kind, metric.kind);
        EXPECT_EQ(same->ratio, metric.ratio);
        bounded = bounded || metric.kind == ExpectKind::AtMost;
    }
    EXPECT_TRUE(bounded);
    EXPECT_EQ(now->deprecation, "");
    EXPECT_NE(before->deprecation.find(": deprecated: "), std::string::npos);
    EXPECT_NE(before->deprecation.find("more older names"), std::string::npos)
        << before->deprecation;
    // Older names work on the command line as well. A key under both names is refused.
    const auto set = parse_spec(good_spec, file(), {{"arm.ipi.witness", "other_function"}});
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(set->arms[0].marker, "other_function");
    const auto both = parse_spec(
        std::string(good_spec).replace(good_spec.find("\nmarker ="), 1, "\nwitness = \"f\"\n"),
        file());
    ASSERT_FALSE(both);
    EXPECT_NE(both.error().message.find("bad arm.witness: it is the older name of arm.marker"),
              std::string::npos)
        << both.error().message;
}

TEST(SpecNames, Lists) {
    EXPECT_EQ(workload_names(),
              (std::vector<std::string>{"munmap", "exit", "collapse", "pmd_unshare", "gup_race",
                                        "command", "threads", "crash"}));
    EXPECT_EQ(metric_names().size(), 14U);
}

TEST(SpecNames, WhatTheAgentMountsHidesPrograms) {
    std::ifstream in(fs::path(RIG_TOP) / "guest/agent.cc");
    const std::string agent{std::istreambuf_iterator<char>(in), {}};
    const auto end = agent.find("for (const auto& m : mounts)");
    auto at = agent.find("mounts[] = {");
    ASSERT_LT(at, end);
    unsigned mounts = 0;
    for (at = agent.find(", \"/", at); at < end; at = agent.find(", \"/", at + 1), ++mounts) {
        const auto target = agent.substr(at + 3, agent.find('"', at + 3) - at - 3);
        EXPECT_NE(rules::hidden_in_guest(target + "/x"), nullptr) << target;
    }
    EXPECT_EQ(mounts, 6u);
    for (const char* seen : {"/", "/usr/bin/x", "/tmpx", "/home/tmp/x", "/tmp/../usr/bin/x"})
        EXPECT_EQ(rules::hidden_in_guest(seen), nullptr) << seen;
}

TEST(SpecReader, Suggestions) {
    EXPECT_EQ(did_you_mean("vcups", {"boots", "vcpus"}), " (did you mean \"vcpus\"?)");
    EXPECT_EQ(did_you_mean("completely-different", {"boots", "vcpus"}), "");
    EXPECT_EQ(did_you_mean("", {"y"}), "");
    EXPECT_EQ(in_quotes("a\tb"), "\"a\\x09b\"");
    EXPECT_EQ(in_quotes(std::string(59, 'x') + "\u00e9\u00e9"),
              "\"" + std::string(59, 'x') + "\u00e9...\"");
}

TEST_F(SpecTest, DeepNestingDoesNotExhaustTheStack) {
    auto chain = [](std::size_t depth) {
        std::string key = "a";
        for (std::size_t i = 0; i < depth; ++i)
            key += ".a";
        return key;
    };
    for (std::size_t depth : {std::size_t{3999}, std::size_t{4001}, std::size_t{100000}}) {
        EXPECT_FALSE(parse_spec(chain(depth) + " = 1\n", file())) << depth;
        EXPECT_FALSE(parse_spec("[" + chain(depth) + "]\n", file())) << depth;
    }
    EXPECT_FALSE(parse_spec("a = " + std::string(100000, '['), file()));
    EXPECT_FALSE(parse_spec("a = " + std::string(100000, '{'), file()));
}

// toml++ 3.3 looks letters such as U+00E9 up in a table of white space that does not cover them (an
// unreachable branch; harmless as Debian builds it). Where only ASCII is allowed, every character
// of the basic plane must be refused.
TEST_F(SpecTest, RefusesForeignCharactersOutsideTexts) {
    for (unsigned c = 0x80; c <= 0xffff; ++c) {
        if (c >= 0xd800 && c <= 0xdfff) continue; // surrogates have no UTF-8 form
        std::string utf8;
        if (c >= 0x800)
            utf8 = {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
                    static_cast<char>(0x80 | (c & 0x3f))};
        else
            utf8 = {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 0x3f))};
        EXPECT_FALSE(parse_spec("a = 1\n" + utf8 + " = 2\n", file())) << c;
    }
    EXPECT_TRUE(parse_spec(replaced(good_spec, "what the", "\u00e9\u2014"), file()));
    EXPECT_TRUE(parse_spec("# \u00e9\n" + std::string(good_spec), file()));
}

// Any text must give a spec or one error of the promised form. Under ASan this also looks for
// crashes. The generator is fixed, so that a failure is repeatable.
TEST_F(SpecTest, SurvivesMutations) {
    const std::vector<std::string_view> pieces = {"[",
                                                  "]",
                                                  "[[",
                                                  "]]",
                                                  "{",
                                                  "}",
                                                  "\"",
                                                  "'''",
                                                  "\"\"\"",
                                                  "=",
                                                  ",",
                                                  ".",
                                                  "\n",
                                                  "#",
                                                  "\\u0000",
                                                  "\\ud800",
                                                  "\xff",
                                                  "\xf0\x9f",
                                                  std::string_view("\0", 1),
                                                  "99999999999999999999",
                                                  "1e999",
                                                  "-",
                                                  "nan",
                                                  "0x",
                                                  "2024-13-45",
                                                  "true",
                                                  "arm",
                                                  "kernel.options",
                                                  "= {",
                                                  "[[[[[[[[[[[["};
    std::mt19937 random(20240607); // NOLINT: fixed on purpose
    auto below = [&](std::size_t n) { return random() % n; };
    int accepted = 0;
    for (int round = 0; round < 2000; ++round) {
        std::string text(round % 4 == 3 ? prebuilt_spec : good_spec);
        for (auto edits = 1 + below(4); edits > 0; --edits) {
            auto at = below(text.size());
            auto length = below(std::min<std::size_t>(text.size() - at, 40)) + 1;
            switch (below(6)) {
            case 0:
                text[at] = static_cast<char>(random());
                break;
            case 1:
                text.erase(at, length);
                break;
            case 2:
                text.insert(at, pieces[below(pieces.size())]);
                break;
            case 3:
                text.replace(at, 1, pieces[below(pieces.size())]);
                break;
            case 4:
                text.insert(below(text.size()), std::string(text, at, length));
                break;
            case 5:
                text.resize(at + 1);
                break;
            }
            if (text.empty()) text = "=";
        }
        auto spec = parse_spec(text, file());
        if (spec) {
            ++accepted;
            continue;
        }
        EXPECT_EQ(spec.error().fault_domain, FaultDomain::Spec);
        EXPECT_TRUE(spec.error().message.starts_with(file().string() + ":"))
            << spec.error().message;
        EXPECT_EQ(spec.error().message.find_first_of(std::string_view("\n\r\x1b\0", 4)),
                  std::string::npos)
            << spec.error().message;
    }
    EXPECT_GT(accepted, 0); // otherwise only the TOML parser would have been tested
    EXPECT_LT(accepted, 1500);
}

} // namespace
} // namespace rig
