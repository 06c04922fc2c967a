// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/derive/changed_functions.h"

#include "rig/base/sha256.h"
#include "rig/host/boost_command_runner.h"
#include "rig/testing/fake_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::exits;
using testing::FakeCommandRunner;
using testing::read_text;
using testing::TempTree;

constexpr const char* kHeader = "extern int out(int);\n"
                                "static inline int twice(int a)\n"
                                "{\n"
                                "\treturn out(a) * 2;\n"
                                "}\n";
constexpr const char* kFirst = "#include \"both.h\"\n"
                               "int first(int a) { return twice(a) + 1; }\n"
                               "int alone(int a) { return out(a) - 3; }\n";
constexpr const char* kSecond = "#include \"both.h\"\n"
                                "int second(int a) { return twice(a + 4); }\n";

std::string patch(const std::string& file, const std::string& before, const std::string& after) {
    return "--- a/" + file + "\n+++ b/" + file + "\n@@ -" + before + "\n" + after;
}

// A kernel of two sources and a header. `make` is a fake that compiles them with gcc.
class KernelOfTwo : public ::testing::Test {
 protected:
    KernelOfTwo()
        : cache(dir / "cache"), runner(&real), context{cache, runner, Progress::silent(), 1} {
        dir.put("pack/linux/Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\n");
        dir.put("pack/linux/mm/both.h", kHeader);
        dir.put("pack/linux/mm/a.c", kFirst);
        dir.put("pack/linux/mm/b.c", kSecond);
        Command tar;
        tar.argv = {"tar",  "-cf", (dir / "linux.tar").string(), "-C", (dir / "pack").string(),
                    "linux"};
        EXPECT_TRUE(real.run(tar)->ok());
        dir.put("base.config", "CONFIG_A=y\n");
        spec.file = "x.toml";
        spec.top = dir.path();
        spec.kernel.source = TarballSource{"linux.tar", *sha256_file(dir / "linux.tar")};
        spec.kernel.fragments = {"base.config"};
        base.name = "base";
        patched.name = "patched";
        patched.series = {"patched"};
        dir.put("patched/series", "x.patch\n");
        runner.on({"gcc", "--version"}, exits(0, "gcc (Test) 12.2.0\n"));
        runner.on({"ld", "--version"}, exits(0, "GNU ld (Test) 2.40\n"));
        runner.on({"make", "allnoconfig"}, [](const Command& command) {
            std::ofstream(FakeCommandRunner::value(command, "KCONFIG_CONFIG"))
                << read_text(FakeCommandRunner::value(command, "KCONFIG_ALLCONFIG"));
            return exits(0);
        });
        runner.on({"make", "bzImage"}, [this](const Command& c) { return compile(c); });
    }

    CommandResult compile(const Command& make) {
        const fs::path obj = fs::path(make.argv[2]) / FakeCommandRunner::value(make, "O");
        fs::create_directories(obj / "mm");
        fs::remove(obj / "vmlinux.a");
        Command archive;
        archive.argv = {"ar", "rcsTP", "vmlinux.a"};
        archive.cwd = obj;
        for (const std::string unit : {"mm/a", "mm/b"}) {
            Command gcc;
            gcc.argv = {"gcc", "-O2", "-c", "-o", unit + ".o", "../" + unit + ".c"};
            gcc.cwd = obj;
            auto result = real.run(gcc);
            if (!result->ok()) return *result;
            archive.argv.push_back(unit + ".o");
        }
        return *real.run(archive);
    }
    std::vector<std::string> changes() {
        auto changed = changed_functions(spec, base, patched, context);
        EXPECT_TRUE(changed) << changed.error().message;
        std::vector<std::string> all;
        if (!changed) return all;
        EXPECT_EQ(changed->objects, 2u);
        for (const auto& one : changed->functions)
            all.push_back(std::string(words_of(one.kind)) + " " + one.function + " " + one.object);
        return all;
    }
    using Words = std::vector<std::string>;

    TempTree dir;
    ArtifactCache cache;
    BoostCommandRunner real;
    FakeCommandRunner runner;
    BuildContext context;
    Spec spec;
    Arm base, patched;
};

TEST_F(KernelOfTwo, OneSourceChangesItsFunction) {
    dir.put("patched/x.patch",
            patch("mm/a.c", "3 +3 @@",
                  "-int alone(int a) { return out(a) - 3; }\n+int alone(int a) { return a; }\n"));
    EXPECT_EQ(changes(), Words{"changed alone mm/a.o"});
    // And again, from the objects that are there.
    EXPECT_EQ(changes(), Words{"changed alone mm/a.o"});
}

TEST_F(KernelOfTwo, AnInlineFunctionOfAHeaderChangesThoseThatContainIt) {
    dir.put("patched/x.patch", patch("mm/both.h", "2,4 +2,4 @@",
                                     " static inline int twice(int a)\n {\n-\treturn out(a) * 2;\n"
                                     "+\treturn out(a) * 5;\n }\n"));
    EXPECT_EQ(changes(), (Words{"changed first mm/a.o", "changed second mm/b.o"}));
}

TEST_F(KernelOfTwo, ACommentChangesNothing) {
    dir.put("patched/x.patch",
            patch("mm/a.c", "1 +1,2 @@", "+/* two functions */\n #include \"both.h\"\n"));
    EXPECT_EQ(changes(), Words{});
}

TEST_F(KernelOfTwo, AFunctionThatMovesToAnotherFileIsChangedOnlyIfItsCodeIs) {
    const auto moves = [&](const std::string& function) {
        dir.put("patched/x.patch",
                patch("mm/a.c", "3 +2,0 @@", "-int alone(int a) { return out(a) - 3; }\n") +
                    patch("mm/b.c", "2,0 +3 @@", "+" + function + "\n"));
        return changes();
    };
    EXPECT_EQ(moves("int alone(int a) { return out(a) - 3; }"), Words{});
    EXPECT_EQ(moves("int alone(int a) { return out(a) + out(1); }"), Words{"changed alone mm/b.o"});
    EXPECT_EQ(moves("int other(int a) { return out(a) - 3; }"),
              (Words{"removed alone mm/a.o", "added other mm/b.o"}));
}

TEST_F(KernelOfTwo, WhatDoesNotCompileIsTheKernelsFault) {
    dir.put("patched/x.patch", patch("mm/a.c", "1 +1,2 @@", "+#error no\n #include \"both.h\"\n"));
    const auto changed = changed_functions(spec, base, patched, context);
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().fault_domain, FaultDomain::Kernel);
    EXPECT_NE(changed.error().message.find("#error no"), std::string::npos);
}

TEST_F(KernelOfTwo, APrebuiltKernelHasNoObjects) {
    patched.prebuilt.emplace();
    const auto changed = changed_functions(spec, base, patched, context);
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(changed.error().message.find("arm patched is a prebuilt kernel"), std::string::npos);
}

} // namespace
} // namespace rig
