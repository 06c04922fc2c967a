// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/kernel_config.h"

#include "rig/base/files.h"
#include "rig/testing/temp_tree.h"

#include <fmt/format.h>

namespace rig {
namespace {

using testing::TempTree;

OptionRequests requests_of(std::string_view text) {
    OptionRequests requests;
    const auto status = merge_fragment(requests, text, "f.config");
    EXPECT_TRUE(status) << status.error().message;
    return requests;
}

bool says(const Status& status, std::string_view words) {
    return !status && status.error().message.find(words) != std::string::npos;
}

TEST(KernelConfig, ParsesEveryFormAndLaterWins) {
    const auto requests =
        requests_of("# a comment\n\nCONFIG_A=y\nCONFIG_B=n\n# CONFIG_C is not "
                    "set\nCONFIG_N=42\nCONFIG_X=0x10\nCONFIG_S=\"a = b\"\nCONFIG_A=n  \n");
    std::map<std::string, std::string> values;
    for (const auto& [name, request] : requests)
        values[name] = request.value;
    EXPECT_EQ(
        values,
        (std::map<std::string, std::string>{
            {"A", "n"}, {"B", "n"}, {"C", "n"}, {"N", "42"}, {"S", "\"a = b\""}, {"X", "0x10"}}));
    EXPECT_EQ(requests.at("A").origin, "f.config:9");
    EXPECT_EQ(origin_of(requests.at("A")), "f.config:9, over y of f.config:3");
}

// Kconfig reads some of these as another value, and ignores the others.
TEST(KernelConfig, ValuesThatKconfigReadsOtherwiseAreRefused) {
    for (const char* bad : {"Y", "N", "M", "m", "0X1000000", "017", "00", "y # why", "yes", "abc",
                            "\"open", "1 2", "0x"}) {
        OptionRequests requests;
        const auto status =
            merge_fragment(requests, fmt::format("# ok\nCONFIG_A={}\n", bad), "configs/f.config");
        ASSERT_FALSE(status) << bad;
        EXPECT_EQ(status.error().fault_domain, FaultDomain::Spec);
        EXPECT_TRUE(status.error().message.starts_with(
            fmt::format("configs/f.config:2: CONFIG_A: found '{}', accepted: y", bad)))
            << status.error().message;
    }
    for (const char* good : {"0", "-1", "17", "0x0010", "\"\""})
        EXPECT_EQ(requests_of(fmt::format("CONFIG_A={}\n", good)).at("A").value, good);
}

TEST(KernelConfig, ErrorsNameFileAndLine) {
    for (const char* bad : {"CONFIG_A", "CONFIG_A=", "A=y", "CONFIG_A-B=y", "config A"}) {
        OptionRequests requests;
        const auto status =
            merge_fragment(requests, std::string("# ok\n") + bad + "\n", "configs/f.config");
        ASSERT_FALSE(status) << bad;
        EXPECT_EQ(status.error().fault_domain, FaultDomain::Spec);
        EXPECT_TRUE(status.error().message.starts_with("configs/f.config:2: found '"))
            << status.error().message;
    }
}

TEST(KernelConfig, ReadsEveryShippedFragment) {
    for (const auto& entry : std::filesystem::directory_iterator(RIG_TOP "/configs/kernel")) {
        OptionRequests requests;
        const auto status = merge_fragment(requests, slurp(entry.path()), entry.path().string());
        EXPECT_TRUE(status) << status.error().message;
    }
}

TEST(KernelConfig, SpecOptionsHaveTheLastWord) {
    TempTree dir;
    dir.put("one.config", "CONFIG_A=y\nCONFIG_B=y\n");
    dir.put("two.config", "CONFIG_B=n\nCONFIG_C=y\n");
    Spec spec;
    spec.top = dir.path();
    spec.file = "x.toml";
    spec.kernel.fragments = {"one.config", "two.config"};
    spec.kernel.options = {{"C", "n"}};
    const auto requests = requested_options(spec);
    ASSERT_TRUE(requests);
    EXPECT_EQ(render_fragment(*requests),
              "CONFIG_A=y\n# CONFIG_B is not set\n# CONFIG_C is not set\n");
    EXPECT_EQ(requests->at("C").origin, "x.toml [kernel.options]");
    Arm arm;
    arm.name = "mine";
    arm.options = {{"C", "y"}, {"D", "7"}};
    const auto own = requested_options(spec, &arm);
    ASSERT_TRUE(own);
    EXPECT_EQ(render_fragment(*own), "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=y\nCONFIG_D=7\n");
    EXPECT_EQ(origin_of(own->at("C")),
              "x.toml [arm.options] of mine, over n of x.toml [kernel.options]");
}

TEST(KernelConfig, AcceptsAConfigThatHoldsWhatWasAsked) {
    TempTree tree;
    const auto requests = requests_of("CONFIG_A=y\nCONFIG_B=n\nCONFIG_GONE=n\nCONFIG_S=\"x\"\n");
    EXPECT_TRUE(verify_config(requests, "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_S=\"x\"\n",
                              tree.path()));
}

class KernelConfigKconfig : public ::testing::Test {
 protected:
    KernelConfigKconfig() {
        tree.put("Kconfig", "config A\n\tbool \"A\"\n\tdepends on PCI && (NET || !SMP)\n\thelp\n\t "
                            " depends on NONSENSE\n\nconfig PLAIN\n\tbool\n\tdefault y if PCI\n");
        tree.put("mm/Kconfig",
                 "menuconfig B\n\ttristate\n\tprompt \"B\"\n\tdepends on PCI\n\nconfig C\n\tbool "
                 "\"C\"\n\nconfig CHOSEN\n\tbool \"chosen\"\n\nconfig CHOOSER\n\tbool "
                 "\"chooser\"\n\tselect CHOSEN\n");
        tree.put("arch/arm64/Kconfig", "config A\n\tbool \"A\"\n\tdepends on ARM64_ONLY\n");
    }
    Status verify(const char* asked, const char* config) {
        return verify_config(requests_of(asked), config, tree.path());
    }
    TempTree tree;
};

TEST_F(KernelConfigKconfig, NamesUnmetDependenciesOnly) {
    const auto lost = verify("CONFIG_A=y\n", "CONFIG_SMP=y\nCONFIG_NET=y\n");
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().fault_domain, FaultDomain::Spec);
    EXPECT_TRUE(says(lost, "CONFIG_A: requested y (f.config:1), the final .config has n"))
        << lost.error().message;
    EXPECT_TRUE(says(lost, "Kconfig:1")) << lost.error().message;
    EXPECT_TRUE(says(lost, "(PCI=n)")) << lost.error().message; // not SMP=y, which NET satisfies
    EXPECT_FALSE(says(lost, "NONSENSE")) << lost.error().message;
    EXPECT_FALSE(says(lost, "ARM64_ONLY")) << lost.error().message;
}

TEST_F(KernelConfigKconfig, ListsEveryLostOptionAtOnce) {
    const auto lost =
        verify("CONFIG_A=y\nCONFIG_B=y\nCONFIG_NOSUCH=y\nCONFIG_PLAIN=y\nCONFIG_C=y\n", "");
    ASSERT_FALSE(lost);
    for (const char* words :
         {"CONFIG_A:", "CONFIG_B:", "CONFIG_NOSUCH:", "this tree has no such option",
          "CONFIG_PLAIN:", "no prompt", "CONFIG_C:"})
        EXPECT_TRUE(says(lost, words)) << words << "\n" << lost.error().message;
}

TEST_F(KernelConfigKconfig, NamesWhoSelectsAnOptionThatWasToBeOff) {
    const auto lost = verify("CONFIG_CHOSEN=n\n", "CONFIG_CHOSEN=y\nCONFIG_CHOOSER=y\n");
    EXPECT_TRUE(says(lost, "requested n (f.config:1), the final .config has y"))
        << lost.error().message;
    EXPECT_TRUE(says(lost, "selected by CHOOSER")) << lost.error().message;
}

// The entries in kernel/Kconfig.hz are indented like this.
TEST_F(KernelConfigKconfig, NamesTheOtherMemberOfAChoice) {
    tree.put("kernel/Kconfig.hz",
             "choice\n\tprompt \"Timer\"\n\tdefault HZ_250\n\thelp\n\t Words.\n\n\t config "
             "NONE in words\n\n\tconfig HZ_250\n\t\tbool \"250\"\n\thelp\n\t config HZ_1\n\n\t"
             "config HZ_1000\n\t\tbool \"1000\"\n\nendchoice\n");
    const auto lost = verify("CONFIG_HZ_250=y\nCONFIG_HZ_1000=y\n", "CONFIG_HZ_250=y\n");
    EXPECT_TRUE(says(lost, "kernel/Kconfig.hz:1: this choice has one member at a time, and that "
                           "is HZ_250=y by f.config:1"))
        << lost.error().message;
    const auto kept = verify("CONFIG_HZ_250=n\n", "CONFIG_HZ_250=y\n");
    EXPECT_TRUE(says(kept, "ask for another one: HZ_1000")) << kept.error().message;
    EXPECT_TRUE(says(verify("CONFIG_HZ_1=y\n", ""), "no such option")) << "a line of a help text";
}

// A whole .config after other fragments turns off options that these need.
TEST_F(KernelConfigKconfig, NamesTheFragmentThatOverrode) {
    auto requests = requests_of("CONFIG_PCI=y\nCONFIG_B=y\n");
    ASSERT_TRUE(merge_fragment(requests, "# CONFIG_PCI is not set\n", "whole.config"));
    const auto lost = verify_config(requests, "", tree.path());
    EXPECT_TRUE(says(lost, "mm/Kconfig:1: depends on PCI (PCI=n by whole.config:1, over y of "
                           "f.config:1)"))
        << lost.error().message;
}

TEST_F(KernelConfigKconfig, SaysOfWhichTypeAndRangeAnOptionIs) {
    tree.put("Kconfig", "config START\n\thex \"start\"\n\nconfig CPUS\n\tint \"cpus\"\n\trange 2 "
                        "512\n");
    const auto lost =
        verify("CONFIG_START=1000\nCONFIG_CPUS=600\n", "CONFIG_START=0x1000\nCONFIG_CPUS=512\n");
    EXPECT_TRUE(says(lost, "is of type hex")) << lost.error().message;
    EXPECT_TRUE(says(lost, "is of the range 2 512")) << lost.error().message;
}

TEST_F(KernelConfigKconfig, AnOptionOfSomeTreesIsWantedWhereItIsKnown) {
    const auto requests = requests_of("CONFIG_C=y # where the tree has it\nCONFIG_OK=y\n");
    const auto complaints =
        kconfig_complaints(requests, "/w/fragment:1:warning: unknown symbol: C\n", "/w/fragment");
    EXPECT_TRUE(verify_config(requests, "CONFIG_OK=y\n", tree.path(), "x86", complaints));
    EXPECT_FALSE(verify_config(requests, "CONFIG_OK=y\n", tree.path(), "x86", {}))
        << "the tree has it, and it did not survive";
    // This remark only: with any other one the value is malformed.
    OptionRequests other;
    EXPECT_FALSE(merge_fragment(other, "CONFIG_C=y # sometimes\n", "f.config"));
}

// The output of 6.12 and 7.3 with KCONFIG_WARN_UNKNOWN_SYMBOLS set.
TEST_F(KernelConfigKconfig, WhatKconfigComplainsOfIsRefused) {
    const auto requests = requests_of("CONFIG_C=7\nCONFIG_GONE=n\nCONFIG_NOSUCH=y\nCONFIG_OK=y\n");
    const auto complaints =
        kconfig_complaints(requests,
                           "  HOSTCC  x\n/w/fragment:1:warning: symbol value '7' invalid for C\n"
                           "/w/fragment:2:warning: unknown symbol: GONE\n"
                           "/w/fragment:3:warning: unknown symbol: NOSUCH\n"
                           "mm/Kconfig:4:warning: other words\n",
                           "/w/fragment");
    EXPECT_EQ(complaints,
              (std::map<std::string, std::string>{{"C", "symbol value '7' invalid for C"},
                                                  {"NOSUCH", "unknown symbol: NOSUCH"}}));
    const auto lost =
        verify_config(requests, "CONFIG_C=y\nCONFIG_OK=y\n", tree.path(), "x86", complaints);
    EXPECT_TRUE(says(lost, "Kconfig says: symbol value '7' invalid for C")) << lost.error().message;
    EXPECT_TRUE(says(lost, "CONFIG_NOSUCH: requested y (f.config:3), the final .config has n: this "
                           "tree has no such option"))
        << lost.error().message;
    EXPECT_FALSE(says(lost, "CONFIG_OK")) << lost.error().message;
}

} // namespace
} // namespace rig
