// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/breaking_patch.h"

#include "rig/base/sha256.h"
#include "rig/host/boost_command_runner.h"
#include "rig/testing/fake_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <fmt/format.h>

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::exits;
using testing::FakeCommandRunner;
using testing::read_text;
using testing::TempTree;

// With `culprit` patches or more the build fails.
BuildPrefix broken_from(std::size_t culprit, std::vector<std::size_t>* tried = nullptr) {
    return [=](std::size_t patches) -> Result<ObjectBuild> {
        if (tried) tried->push_back(patches);
        return ObjectBuild{patches < culprit, fmt::format("error with {}", patches), 0, {}};
    };
}

TEST(BreakingPatch, IsFoundWhereverItStands) {
    for (std::size_t count = 1; count <= 17; ++count)
        for (std::size_t culprit = 1; culprit <= count; ++culprit) {
            std::vector<std::size_t> tried;
            const auto found = find_breaking_patch(count, broken_from(culprit, &tried));
            ASSERT_TRUE(found);
            EXPECT_EQ(found->number, culprit) << count;
            EXPECT_EQ(found->error, fmt::format("error with {}", culprit)) << "of another prefix";
            EXPECT_EQ(found->builds, tried.size());
            EXPECT_LE(tried.size(), 2U + 5U);
        }
}

TEST(BreakingPatch, TheTreeItselfOrNothingMayBeBroken) {
    const auto base = find_breaking_patch(4, broken_from(0));
    ASSERT_TRUE(base);
    EXPECT_EQ(base->number, 0U);
    EXPECT_EQ(base->error, "error with 0");
    EXPECT_EQ(base->builds, 2U);
    const auto none = find_breaking_patch(4, broken_from(5));
    ASSERT_TRUE(none);
    EXPECT_EQ(none->number, std::nullopt);
    EXPECT_EQ(none->builds, 1U);
}

TEST(BreakingPatch, AnErrorOfTheHostEndsTheSearch) {
    const auto found = find_breaking_patch(4, [](std::size_t patches) -> Result<ObjectBuild> {
        if (patches == 2) return fail(FaultDomain::Host, "disk full");
        return ObjectBuild{patches < 3, {}, 0, {}};
    });
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().message, "disk full");
}

TEST(BreakingPatch, TheObjectsThatFailedAreInMakesOutput) {
    EXPECT_EQ(failed_objects("  CC      mm/a.o\n../mm/b.c:3:1: error: x\n"
                             "make[3]: *** [../scripts/Makefile.build:243: mm/b.o] Error 1\n"
                             "make[3]: *** Waiting for unfinished jobs....\n"
                             "make[3]: *** [../scripts/Makefile.build:243: kernel/c.o] Error 1\n"
                             "make[2]: *** [../scripts/Makefile.build:485: mm] Error 2\n"
                             "make[1]: *** [/t/Makefile:1943: .] Error 2\n"
                             "make: *** [Makefile:224: __sub-make] Error 2\n"),
              (std::vector<std::string>{"mm/b.o", "kernel/c.o"}));
    EXPECT_EQ(failed_objects("make[1]: *** [../scripts/Makefile.build:117: "
                             "arch/x86/kernel/asm-offsets.s] Error 1\n"),
              std::vector<std::string>{"arch/x86/kernel/asm-offsets.s"});
    EXPECT_TRUE(
        failed_objects("ld: undefined reference to `x'\n"
                       "make[2]: *** [../scripts/Makefile.vmlinux:34: vmlinux] Error 1\n"
                       "make[2]: *** [../scripts/Makefile.vmlinux_o:61: vmlinux.o] Error 1\n")
            .empty());
    EXPECT_TRUE(failed_objects("").empty());
}

// Patches of one file, in an arm after a folder that is fine. git, cp and tar are real; `make` is
// a fake that fails for a source with "broken" in it.
class BreakingPatchOfArm : public ::testing::Test {
 protected:
    BreakingPatchOfArm()
        : cache(dir / "cache"), runner(&real), context{cache, runner, Progress::silent(), 1} {
        dir.put("pack/linux/Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\n");
        dir.put("pack/linux/mm/a.c", "0\n");
        Command tar;
        tar.argv = {"tar",  "-cf", (dir / "linux.tar").string(), "-C", (dir / "pack").string(),
                    "linux"};
        EXPECT_TRUE(real.run(tar)->ok());
        dir.put("base.config", "CONFIG_A=y\n");
        spec.file = "x.toml";
        spec.top = dir.path();
        spec.kernel.source = TarballSource{"linux.tar", *sha256_file(dir / "linux.tar")};
        spec.kernel.fragments = {"base.config"};
        arm.name = "patched";
        arm.series = {"first", "second"};
        put("first", {"0", "1"});
        put("second", {"1", "2", "broken", "still broken"});
        runner.on({"gcc", "--version"}, exits(0, "gcc (Test) 12.2.0\n"));
        runner.on({"ld", "--version"}, exits(0, "GNU ld (Test) 2.40\n"));
        runner.on({"make", "allnoconfig"}, [this](const Command& command) {
            std::ofstream(FakeCommandRunner::value(command, "KCONFIG_CONFIG"))
                << read_text(FakeCommandRunner::value(command, "KCONFIG_ALLCONFIG"));
            return kconfig(command);
        });
        for (const char* target : {"mm/a.o", "bzImage"})
            runner.on({"make", target}, [this](const Command& command) { return make(command); });
    }
    void put(const std::string& folder, const std::vector<std::string>& values) const {
        std::string series;
        for (std::size_t i = 1; i < values.size(); ++i) {
            const auto name = fmt::format("{}-{}.patch", folder, i);
            dir.put(folder + "/" + name,
                    fmt::format("--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1 +1 @@\n-{}\n+{}\n",
                                values[i - 1], values[i]));
            series += name + "\n";
        }
        dir.put(folder + "/series", series);
    }
    static CommandResult make(const Command& command) {
        const fs::path src = command.argv[2], obj = src / FakeCommandRunner::value(command, "O");
        const auto text = read_text(src / "mm/a.c");
        if (text.find("broken") != std::string::npos)
            return exits(2, "../mm/a.c:1:1: error: " + text);
        fs::create_directories(obj / "arch/x86/boot");
        for (const char* file : {"arch/x86/boot/bzImage", "vmlinux", "System.map"})
            std::ofstream(obj / file) << text;
        return exits(0);
    }
    Result<BreakingPatch> find(const std::string& log) {
        return find_breaking_patch(spec, arm, context, dir.put("log", log));
    }
    static constexpr const char* kObjectFailed =
        "make[3]: *** [../scripts/Makefile.build:243: mm/a.o] Error 1\n";

    TempTree dir;
    ArtifactCache cache;
    BoostCommandRunner real;
    FakeCommandRunner runner;
    BuildContext context;
    Spec spec;
    Arm arm;
    std::function<CommandResult(const Command&)> kconfig = [](const Command&) { return exits(0); };
};

TEST_F(BreakingPatchOfArm, IsNamedWithItsFileAndTheCompilersLine) {
    const auto found = find(kObjectFailed);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->number, 3U);
    EXPECT_EQ(found->patch, "second/second-2.patch");
    EXPECT_EQ(found->error, "mm/a.c:1:1: error: broken");
    EXPECT_EQ(runner.count("bzImage"), 0) << "only the object is built";
    EXPECT_EQ(runner.count("mm/a.o"), static_cast<long>(found->builds));
}

TEST_F(BreakingPatchOfArm, IsFoundByWholeBuildsIfTheLinkerFailed) {
    const auto found = find("ld: undefined reference to `x'\n");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->number, 3U);
    EXPECT_NE(found->error.find("error: broken"), std::string::npos) << found->error;
    EXPECT_EQ(runner.count("mm/a.o"), 0);
}

TEST_F(BreakingPatchOfArm, WhatIsNotThereYetIsNotBroken) {
    runner.on({"make", "mm/new.o"}, [](const Command& command) {
        const auto text = read_text(fs::path(command.argv[2]) / "mm/a.c");
        if (text == "0\n" || text == "1\n")
            return exits(2, "make[1]: *** No rule to make target 'mm/new.o'.  Stop.\n");
        return make(command);
    });
    const auto found = find("make[3]: *** [../scripts/Makefile.build:243: mm/new.o] Error 1\n");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->number, 3U);
    // Nor is an option that a patch brings. `make allnoconfig` drops it.
    spec.kernel.options["NEW"] = "y";
    kconfig = [](const Command& command) {
        if (read_text(fs::path(command.argv[2]) / "mm/a.c") == "0\n")
            std::ofstream(FakeCommandRunner::value(command, "KCONFIG_CONFIG")) << "CONFIG_A=y\n";
        return exits(0);
    };
    const auto gated = find(kObjectFailed);
    ASSERT_TRUE(gated) << gated.error().message;
    EXPECT_EQ(gated->number, 3U);
    // The control: with all patches it is the experiment's fault.
    kconfig = [](const Command& command) {
        std::ofstream(FakeCommandRunner::value(command, "KCONFIG_CONFIG")) << "CONFIG_A=y\n";
        return exits(0);
    };
    put("second", {"1", "2", "3"}); // another configuration would not be made for the same patches
    dir.put("second/second-3.patch", "--- /dev/null\n+++ b/Kconfig\n@@ -0,0 +1 @@\n+x\n");
    dir.put("second/series", "second-1.patch\nsecond-3.patch\n");
    const auto lacking = find(kObjectFailed);
    ASSERT_FALSE(lacking);
    EXPECT_EQ(lacking.error().fault_domain, FaultDomain::Spec) << lacking.error().message;
}

TEST_F(BreakingPatchOfArm, AFaultOfTheHostIsNoPatchs) {
    runner.on({"make", "mm/a.o"}, exits(2, "a.c: error: No space left on device\n"));
    const auto found = find(kObjectFailed);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().fault_domain, FaultDomain::Host);
}

} // namespace
} // namespace rig
