// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/kernel_config.h"

#include "rig/testing/temp_tree.h"

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
                    "set\nCONFIG_N=42\nCONFIG_X=0x10\nCONFIG_S=\"a = b\"\nCONFIG_A=m  \n");
    std::map<std::string, std::string> values;
    for (const auto& [name, request] : requests)
        values[name] = request.value;
    EXPECT_EQ(
        values,
        (std::map<std::string, std::string>{
            {"A", "m"}, {"B", "n"}, {"C", "n"}, {"N", "42"}, {"S", "\"a = b\""}, {"X", "0x10"}}));
    EXPECT_EQ(requests.at("A").origin, "f.config:9");
}

TEST(KernelConfig, ErrorsNameFileAndLine) {
    for (const char* bad : {"CONFIG_A", "CONFIG_A=", "A=y", "CONFIG_A-B=y", "config A"}) {
        OptionRequests requests;
        const auto status =
            merge_fragment(requests, std::string("# ok\n") + bad + "\n", "configs/f.config");
        ASSERT_FALSE(status) << bad;
        EXPECT_EQ(status.error().blame, Blame::Spec);
        EXPECT_TRUE(status.error().message.starts_with("configs/f.config:2: found '"))
            << status.error().message;
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
    EXPECT_EQ(lost.error().blame, Blame::Spec);
    EXPECT_TRUE(says(lost, "CONFIG_A: requested y (f.config:1), the final .config has n"))
        << lost.error().message;
    EXPECT_TRUE(says(lost, "Kconfig:1")) << lost.error().message;
    EXPECT_TRUE(says(lost, "(PCI=n)"))
        << lost.error().message; // not SMP=y: NET satisfies that term
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

} // namespace
} // namespace rig
