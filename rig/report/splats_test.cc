// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/splats.h"

#include "rig/base/text.h"
#include "rig/report/json.h"
#include "rig/report/text.h"
#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;

const SampleSplat kSleep{SplatKind::SleepInAtomic,
                         "BUG: sleeping function called from invalid context",
                         "tlb_remove_table_sync_rcu",
                         {},
                         2};
const SampleSplat kWarning{SplatKind::Warning, "WARNING: at mm/memory.c", "zap_pte_range", {}, 1};
const SampleSplat kLock{SplatKind::Lockdep, "WARNING: inconsistent lock state", "", {}, 1};
const SampleSplat kStall{
    SplatKind::RcuStall, "rcu: INFO: rcu_sched self-detected stall", "f", {}, 1};
const SampleSplat kKilled{SplatKind::OomKill, "Out of memory: Killed process", "", {}, 1};

class SplatReport : public ::testing::Test {
 protected:
    ReportInput input() { return assemble(spec_, run_, samples_, {}, "results/x"); }
    std::string section() {
        const auto page = render_text(input());
        const auto from = page.find("Kernel splats\n");
        return page.substr(from, page.find("\n\n", from) - from) + "\n";
    }
    // Adds a splat to the arm's boots with index 0..n-1.
    void add(const std::string& arm, unsigned boots, const SampleSplat& splat) {
        for (auto& sample : samples_)
            if (sample.id.arm == arm && sample.id.index < boots) sample.splats.push_back(splat);
    }
    Spec spec_ = make_spec(4);
    RunInfo run_ = make_run(spec_);
    std::vector<Sample> samples_ = make_samples(spec_);
};

TEST_F(SplatReport, NothingIsSaidOnceAndWithWhatCouldHaveBeenSeen) {
    for (auto& kernel : run_.kernels)
        for (const char* option : {"DEBUG_ATOMIC_SLEEP", "PROVE_LOCKING", "PROVE_RCU"})
            kernel.facts.config[option] = "y";
    EXPECT_EQ(section(), "Kernel splats\n"
                         "  all arms      none in 8 boots\n"
                         "  detectors     WARN, BUG and oops; on: DEBUG_ATOMIC_SLEEP, "
                         "PROVE_LOCKING, PROVE_RCU; off: KASAN\n");
}

TEST_F(SplatReport, WhatTheCommandLineOrTheConfigSwitchesOffIsSaid) {
    spec_.guest.extra_cmdline = "nosoftlockup quiet";
    for (auto& kernel : run_.kernels)
        kernel.facts.config["BUG"] = "n";
    auto text = section();
    EXPECT_NE(text.find("oops only: with CONFIG_BUG=n no WARN and no BUG is heard"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("less by the command line: nosoftlockup"), std::string::npos) << text;
    spec_.guest.extra_cmdline.clear();
    spec_.arms[1].cmdline = "lockdep.prove_locking=0";
    text = section();
    EXPECT_NE(text.find("lockdep.prove_locking=0"), std::string::npos) << text;
    EXPECT_NE(text.find("(reviewed)"), std::string::npos) << text;
}

TEST_F(SplatReport, ArmsWithOtherDetectorsAreToldApart) {
    run_.kernels[0].facts.config["DEBUG_ATOMIC_SLEEP"] = "y";
    run_.kernels[1].facts.config_known = false;
    const auto text = section();
    EXPECT_NE(text.find("on: DEBUG_ATOMIC_SLEEP; off: PROVE_LOCKING"), std::string::npos) << text;
    EXPECT_NE(text.find("(ipi)"), std::string::npos) << text;
    EXPECT_NE(text.find("unknown: DEBUG_ATOMIC_SLEEP"), std::string::npos) << text;
    EXPECT_NE(text.find("(reviewed)"), std::string::npos) << text;
}

TEST_F(SplatReport, EverySplatHasItsFunctionCountAndPlace) {
    add("reviewed", 3, kSleep);
    add("ipi", 1, kWarning);
    add("reviewed", 2, kWarning);
    add("reviewed", 1, kKilled);
    samples_[1].further_splats = 5;
    const auto text = section();
    EXPECT_TRUE(text.starts_with(
        "Kernel splats\n"
        "  ipi           ✘ none is declared\n"
        "    ✘ WARNING: at mm/memory.c, in zap_pte_range\n"
        "      1 time in 1 of 4 boots; first: results/x/boots/0000-ipi-0/splats.txt\n"
        "  reviewed      ✘ none is declared\n"
        "    ✘ BUG: sleeping function called from invalid context, in tlb_remove_table_sync_rcu\n"
        "      6 times in 3 of 4 boots; first: results/x/boots/0001-reviewed-0/splats.txt\n"
        "    ✘ WARNING: at mm/memory.c, in zap_pte_range\n"
        "      2 times in 2 of 4 boots; first: results/x/boots/0001-reviewed-0/splats.txt; ipi has "
        "it too: it\n"
        "        is there without the patch\n"
        "    ! Out of memory: Killed process\n"
        "      1 time in 1 of 4 boots; first: results/x/boots/0001-reviewed-0/splats.txt\n"
        "    ✘ 5 more, of kinds that found no room: see console.log\n"))
        << text;
}

// The guilty function follows the function in which the fault was found; any boot may supply it.
TEST_F(SplatReport, TheGuiltyFunctionIsBesideTheFaultingOne) {
    SampleSplat unknown{SplatKind::Oops, "BUG: unable to handle page fault", "strlen", {}, 1},
        known = unknown;
    known.guilty = "my_open";
    for (auto& sample : samples_)
        if (sample.id.arm == "reviewed" && sample.id.index < 2)
            sample.splats = {sample.id.index == 0 ? unknown : known};
    EXPECT_NE(
        section().find(
            "    ✘ BUG: unable to handle page fault, in strlen; guilty: my_open\n      2 times"),
        std::string::npos)
        << section();
}

TEST_F(SplatReport, ADeclaredOneIsAsDeclaredOrTheControlDidNotFail) {
    spec_.arms[1].splat = "tlb_remove_table_sync_rcu";
    add("reviewed", 4, kSleep);
    EXPECT_NE(section().find("  ipi           none in 4 boots\n  reviewed      ✔ as declared: "
                             "\"tlb_remove_table_sync_rcu\" in 4 of 4 boots\n    ✔ BUG: sleeping"),
              std::string::npos)
        << section();
    samples_[5].splats.clear();
    EXPECT_NE(section().find("✘ the control did not fail: no \"tlb_remove_table_sync_rcu\" in 1 of "
                             "4 boots (first:\n                boot 2)\n"),
              std::string::npos)
        << section();
    samples_[5].splats = {kWarning};
    EXPECT_NE(
        section().find("✘ not as declared: no \"tlb_remove_table_sync_rcu\" in 1 of 4 boots\n"),
        std::string::npos)
        << section();
    samples_[5].splats.push_back(kSleep);
    EXPECT_NE(section().find("✘ \"tlb_remove_table_sync_rcu\" as declared, and others\n"),
              std::string::npos)
        << section();
    EXPECT_NE(section().find("✘ WARNING: at mm/memory.c"), std::string::npos) << section();
    // Splats after the declared one, in a kernel that is no longer reliable.
    samples_[5].splats = {kSleep, kWarning};
    EXPECT_NE(section().find("✔ as declared: \"tlb_remove_table_sync_rcu\" in 4 of 4 boots"),
              std::string::npos)
        << section();
    EXPECT_NE(section().find("    · WARNING: at mm/memory.c"), std::string::npos) << section();
    EXPECT_NE(section().find("after the declared"), std::string::npos) << section();
}

TEST_F(SplatReport, WhatASplatDoesNotSayIsSaid) {
    add("reviewed", 1, kLock);
    add("reviewed", 1, kStall);
    EXPECT_NE(section().find("lockdep is off"), std::string::npos) << section();
    EXPECT_EQ(section().find("busy host"), std::string::npos)
        << "virtual time does not depend on the host";
    run_.clock = "wall";
    EXPECT_NE(section().find("busy host"), std::string::npos) << section();
}

TEST_F(SplatReport, NoLineIsWiderThanAPage) {
    spec_.arms[1].splat = std::string(128, 's');
    add("reviewed", 4, {SplatKind::Bug, std::string(160, 't'), std::string(128, 'f'), {}, 1});
    const auto text = section();
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
        EXPECT_LE(display_width(text.substr(at, text.find('\n', at) - at)), 100u);
}

TEST_F(SplatReport, ProgramsReadTheSame) {
    spec_.arms[1].splat = "sleeping function";
    add("reviewed", 3, kSleep);
    const auto json = render_json(input());
    EXPECT_EQ(json["verdict"]["exit"], 1);
    const auto& arm = json["splats"]["arms"][1];
    EXPECT_EQ(arm["verdict"], "the control did not fail");
    EXPECT_EQ(arm["silent_boots"], nlohmann::json::array({3}));
    EXPECT_EQ(arm["splats"][0],
              (nlohmann::json{{"kind", "sleep-in-atomic"},
                              {"title", "BUG: sleeping function called from invalid context"},
                              {"function", "tlb_remove_table_sync_rcu"},
                              {"boots", 3},
                              {"count", 6},
                              {"declared", true},
                              {"followed", false},
                              {"in_baseline", false},
                              {"first", "results/x/boots/0001-reviewed-0/splats.txt"}}));
    EXPECT_EQ(json["splats"]["detectors"]["ipi"]["KASAN"], "n");
}

} // namespace
} // namespace rig
