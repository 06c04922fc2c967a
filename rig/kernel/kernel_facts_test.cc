// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/kernel_facts.h"

#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

TEST(KernelFacts, ReadsAConfigLikeKconfigWritesIt) {
    auto values = config_values(
        "#\n# Automatically generated file; DO NOT EDIT.\n#\nCONFIG_SMP=y\n"
        "# CONFIG_PT_RECLAIM is not set\nCONFIG_NR_CPUS=16\r\nCONFIG_LOCALVERSION=\"-a=b\"\n"
        "CONFIG_SMP_EXTRA=m",
        {"SMP", "PT_RECLAIM", "NR_CPUS", "LOCALVERSION", "SMP_EXTRA", "ABSENT"});
    EXPECT_EQ(values, (std::map<std::string, std::string>{{"SMP", "y"},
                                                          {"PT_RECLAIM", "n"},
                                                          {"NR_CPUS", "16"},
                                                          {"LOCALVERSION", "\"-a=b\""},
                                                          {"SMP_EXTRA", "m"},
                                                          {"ABSENT", "n"}}));
}

TEST(KernelFacts, OptionsThatDiffer) {
    EXPECT_EQ(
        differing_options(
            "# CONFIG_KASAN is not "
            "set\nCONFIG_SMP=y\nCONFIG_NR_CPUS=16\nCONFIG_LOCALVERSION=\"-a\"\nCONFIG_OLD=y\n",
            "CONFIG_KASAN=y\nCONFIG_SMP=y\nCONFIG_NR_CPUS=8\nCONFIG_LOCALVERSION=\"-b\"\n# "
            "CONFIG_ONLY_HERE is not set\n"),
        (std::map<std::string, std::string>{
            {"KASAN", "n -> y"}, {"NR_CPUS", "16 -> 8"}, {"OLD", "y -> n"}}));
    EXPECT_TRUE(differing_options("CONFIG_SMP=y\n", "CONFIG_SMP=y\n").empty());
}

TEST(KernelFacts, FindsSymbolsAndTheirClones) {
    auto found = find_symbols(
        "ffffffff81000000 T _text\nffffffff81234560 t tlb_remove_table_one\n"
        "ffffffff81234570 t tlb_remove_table_one.cold\nffffffff81234580 t helper.isra.0\n"
        "ffffffff81234590 T other_tlb_remove_table\n",
        {"tlb_remove_table_one", "helper", "tlb_remove_table"});
    EXPECT_EQ(found,
              (std::map<std::string, std::string>{{"tlb_remove_table_one", "tlb_remove_table_one"},
                                                  {"helper", "helper.isra.0"},
                                                  {"tlb_remove_table", ""}}));
    EXPECT_EQ(find_symbols("a t helper.isra.0\na t helper.isra.0\n", {"helper.isra.0"})
                  .at("helper.isra.0"),
              "helper.isra.0");
}

TEST(KernelFacts, FactsHoldWhatEveryArmIsAskedFor) {
    const Spec spec = make_spec();
    auto facts =
        kernel_facts(spec, "CONFIG_PT_RECLAIM=y\n", "0 T smp_call_function\n", "6.12.1", "ff");
    EXPECT_TRUE(facts.config_known);
    EXPECT_EQ(facts.config.at("PT_RECLAIM"), "y");
    EXPECT_EQ(facts.config.at("MMU_GATHER_RCU_TABLE_FREE"), "n");
    EXPECT_EQ(facts.symbols.at("smp_call_function"), "smp_call_function");
    EXPECT_EQ(facts.symbols.at("tlb_remove_table"), "");
    EXPECT_FALSE(kernel_facts(spec, "", "", "", "").config_known);
}

TEST(MutedDetectors, AreWordsOfTheCommandLine) {
    EXPECT_TRUE(muted_detectors("").empty());
    EXPECT_TRUE(
        muted_detectors("console=ttyS0 rcupdate.rcu_expedited=1 nolockdep=1 panic=-1").empty());
    EXPECT_EQ(
        muted_detectors("quiet\tnosoftlockup \"nowatchdog\" sysctl/kernel/watchdog=0 "
                        "lockdep.prove_locking=0  rcupdate.rcu-cpu-stall-suppress=1 kasan=off"),
        (std::vector<std::string>{"nosoftlockup", "nowatchdog", "sysctl/kernel/watchdog=0",
                                  "lockdep.prove_locking=0", "rcupdate.rcu-cpu-stall-suppress=1",
                                  "kasan=off"}));
}

} // namespace
} // namespace rig
