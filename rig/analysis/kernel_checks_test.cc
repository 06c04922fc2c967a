// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/kernel_checks.h"

#include "rig/testing/exercised_fixture.h"

namespace rig {
namespace {

using namespace rig::fixture;

TEST_F(ExercisedTest, ConfigMustHoldEveryOption) {
    facts_.config["PT_RECLAIM"] = "y";
    expect_failing({"config"});
    EXPECT_EQ(check("config").found, "CONFIG_PT_RECLAIM=y, want n");
    EXPECT_NE(check("config").reason.find("call_rcu()"), std::string::npos);

    facts_ = make_facts('b');
    facts_.config["MMU_GATHER_RCU_TABLE_FREE"] = "n";
    facts_.config["PARAVIRT"] = "n";
    EXPECT_EQ(check("config").found, "CONFIG_MMU_GATHER_RCU_TABLE_FREE=n, want y");
    EXPECT_NE(check("config").reason.find("PARAVIRT=n"), std::string::npos);

    spec_.target.config = {{"NR_CPUS", "16"}};
    facts_.config["NR_CPUS"] = "2";
    EXPECT_EQ(check("config").found, "CONFIG_NR_CPUS=2, want 16");
    EXPECT_NE(check("config").reason.find("Kconfig changed NR_CPUS"), std::string::npos);
}

TEST_F(ExercisedTest, AnUnknownConfigProvesNothing) {
    facts_.config_known = false;
    facts_.config.clear();
    expect_failing({"config", "same_config"});
    EXPECT_EQ(
        check("config").found,
        "CONFIG_MMU_GATHER_RCU_TABLE_FREE=unknown, want y; CONFIG_PT_RECLAIM=unknown, want n");
    spec_.target.config.clear(); // no option required: no check
    for (const auto& one : checks())
        EXPECT_NE(one.id, "config");
}

// KASAN in the baseline alone would make any series look fast.
TEST_F(ExercisedTest, KernelsMustBeBuiltAlike) {
    EXPECT_EQ(check("same_config").found, "every one");
    facts_.config_differs = {{"KASAN", "y -> n"}, {"KASAN_INLINE", "y -> n"}};
    expect_failing({"same_config"});
    EXPECT_EQ(check("same_config").found, "KASAN y -> n, KASAN_INLINE y -> n");
    spec_.arms[1].config_differs = {"KASAN"};
    EXPECT_EQ(check("same_config").found, "KASAN_INLINE y -> n");
    spec_.arms[1].config_differs = {"KASAN", "KASAN_INLINE"};
    expect_failing({});
    EXPECT_EQ(check("same_config").found, "all but the 2 declared");
    for (char option = 'A'; option < 'H'; ++option)
        facts_.config_differs[std::string(1, option)] = "n -> m";
    EXPECT_EQ(check("same_config").found,
              "A n -> m, B n -> m, C n -> m, D n -> m, E n -> m and 2 more");
    spec_.arms[1].config_differs = {"*"};
    expect_failing({});
    baseline_.config_known = false;
    expect_failing({"same_config"});
    EXPECT_EQ(check("same_config").found, "ipi came without its .config, want both");
}

// What an arm sets for itself is declared by that; what follows from it is not.
TEST_F(ExercisedTest, OptionsOfAnArmAreVerifiedAndDeclared) {
    spec_.arms[1].options = {{"DEBUG_VM", "y"}};
    expect_failing({"arm_options"});
    EXPECT_EQ(check("arm_options").found, "CONFIG_DEBUG_VM=unknown, want y");
    facts_.config["DEBUG_VM"] = "n"; // a kernel of another configuration
    EXPECT_EQ(check("arm_options").found, "CONFIG_DEBUG_VM=n, want y");
    facts_.config["DEBUG_VM"] = "y";
    facts_.config_differs = {{"DEBUG_VM", "n -> y"}};
    expect_failing({});
    EXPECT_EQ(check("arm_options").found, "CONFIG_DEBUG_VM=y");
    facts_.config_differs["DEBUG_VM_IRQSOFF"] = "n -> y";
    expect_failing({"same_config"});
    EXPECT_EQ(check("same_config").found, "DEBUG_VM_IRQSOFF n -> y");
    spec_.arms[1].config_differs = {"DEBUG_VM_IRQSOFF"};
    expect_failing({});
    // An option of the baseline alone makes the other arms differ from it.
    spec_.arms[1].options.clear(), spec_.arms[1].config_differs.clear();
    facts_.config_differs = {{"DEBUG_VM", "y -> n"}};
    expect_failing({"same_config"});
    spec_.arms[0].options = {{"DEBUG_VM", "y"}};
    expect_failing({});
}

TEST_F(ExercisedTest, SymbolsMustBeThereUnderTheirOwnName) {
    facts_.symbols["tlb_remove_table_one"] = "";
    expect_failing({"symbols"});
    EXPECT_EQ(check("symbols").found, "tlb_remove_table_one absent");
    facts_.symbols["tlb_remove_table_one"] = "tlb_remove_table_one.isra.0";
    EXPECT_EQ(check("symbols").found, "tlb_remove_table_one only as tlb_remove_table_one.isra.0");
    EXPECT_NE(check("symbols").reason.find("name tlb_remove_table_one.isra.0"), std::string::npos);
    facts_.symbols.clear();
    expect_failing({"symbols"});
}

TEST_F(ExercisedTest, ImagesMustDiffer) {
    facts_.image_sha256 = baseline_.image_sha256;
    expect_failing({"image_differs"});
    EXPECT_EQ(check("image_differs").found, "both sha256 aaaaaaaaaaaa..., want two different ones");
    spec_.arms[1].series.clear();
    EXPECT_NE(check("image_differs").reason.find("no series"), std::string::npos);
    facts_.image_sha256 = "";
    expect_failing({"image_differs"}); // an unknown hash does not count as different
}

// A .config of another build claims that KASAN is on.
TEST_F(ExercisedTest, ThePrebuiltImagesConfigIsItsOwn) {
    spec_.arms[1].prebuilt = PrebuiltImage{};
    for (const auto& [option, symbol] : detector_symbols())
        facts_.symbols[symbol] = "";
    expect_failing({});
    EXPECT_EQ(check("own_config").found, "DEBUG_ATOMIC_SLEEP off; KASAN off; PROVE_LOCKING off");
    facts_.config["KASAN"] = "y";
    expect_failing({"own_config"});
    EXPECT_EQ(check("own_config").found, "CONFIG_KASAN=y, but System.map has no kasan_report()");
    facts_.symbols["kasan_report"] = "kasan_report";
    expect_failing({});
    facts_.symbols["__might_sleep"] = "__might_sleep";
    EXPECT_EQ(check("own_config").found,
              "CONFIG_DEBUG_ATOMIC_SLEEP=n, but System.map has __might_sleep()");
    facts_.config["DEBUG_ATOMIC_SLEEP"] = "y";
    facts_.symbols["lock_acquire"] = "lock_acquire"; // of lock statistics
    expect_failing({});
}

} // namespace
} // namespace rig
