// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/kernel_build.h"

#include "rig/base/sha256.h"
#include "rig/host/boost_command_runner.h"
#include "rig/host/build_context.h"
#include "rig/kernel/kernel.h"
#include "rig/kernel/worktree.h"
#include "rig/testing/fake_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <set>

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::exits;
using testing::FakeCommandRunner;
using testing::read_text;
using testing::TempTree;

constexpr const char* kPatchA = "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1 +1 @@\n-int a;\n+int a = 1;\n";

// A kernel of two source files. cp, tar and git are the real programs. `make` is a fake that, like
// the real one, compiles a file only if the object is missing or older than the source. So the test
// covers what the worktree does with mtimes.
class KernelBuild : public ::testing::Test {
 protected:
    KernelBuild()
        : cache(dir / "cache"), runner(&real), context{cache, runner, Progress::silent(), 1} {
        dir.put("pack/linux/Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\n");
        dir.put("pack/linux/mm/a.c", "int a;\n");
        dir.put("pack/linux/mm/b.c", "int b;\n");
        dir.put("pack/linux/scripts/run.sh", "#!/bin/sh\n");
        fs::permissions(dir / "pack/linux/scripts/run.sh", fs::perms::owner_all);
        dir.put("pack/linux/tools/perf/perf.c", "perf\n");
        dir.put("pack/linux/tools/perf/Build", "perf-test-y += tests/\n");
        dir.put("pack/linux/tools/perf/builtin.h",
                "int cmd_record(int argc, const char **argv);\n"
                "int cmd_stat(int argc, const char **argv);\n"
                "int cmd_script(int argc, const char **argv);\n");
        Command tar;
        tar.argv = {"tar",  "-cf", (dir / "linux.tar").string(), "-C", (dir / "pack").string(),
                    "linux"};
        EXPECT_TRUE(real.run(tar)->ok());
        dir.put("base.config", "CONFIG_A=y\n");
        dir.put("patched/series", "a.patch\n");
        dir.put("patched/a.patch", kPatchA);
        spec.file = "x.toml";
        spec.top = dir.path();
        spec.kernel.source = TarballSource{"linux.tar", *sha256_file(dir / "linux.tar")};
        spec.kernel.fragments = {"base.config"};
        base.name = "base";
        patched.name = "patched";
        patched.series = {"patched"};
        runner.on({"gcc", "--version"}, exits(0, "gcc (Test) 12.2.0\nmore\n"));
        runner.on({"ld", "--version"}, exits(0, "GNU ld (Test) 2.40\nmore\n"));
        runner.on({"make", "allnoconfig"}, [this](const Command& c) { return allnoconfig(c); });
        runner.on({"make", "bzImage"}, [this](const Command& c) { return bzimage(c); });
    }

    CommandResult allnoconfig(const Command& command) {
        std::ofstream(FakeCommandRunner::value(command, "KCONFIG_CONFIG"))
            << read_text(FakeCommandRunner::value(command, "KCONFIG_ALLCONFIG")) << added_to_config;
        return exits(0);
    }
    CommandResult bzimage(const Command& command) {
        const fs::path src = command.argv[2], obj = src / FakeCommandRunner::value(command, "O");
        std::string image = read_text(obj / ".config"), out;
        compiled.clear();
        for (const char* unit : {"mm/a", "mm/b"}) {
            const fs::path source = src / (std::string(unit) + ".c"),
                           object = obj / (std::string(unit) + ".o");
            if (!fs::exists(source)) continue; // deleted by a patch
            if (!fs::exists(object) || fs::last_write_time(object) < fs::last_write_time(source)) {
                fs::create_directories(object.parent_path());
                std::ofstream(object) << read_text(source);
                compiled.emplace_back(unit);
                out += std::string("  CC      ") + unit + ".o\n";
            }
            image += read_text(object);
        }
        fs::create_directories(obj / "arch/x86/boot");
        std::ofstream(obj / "arch/x86/boot/bzImage") << image;
        std::ofstream(obj / "vmlinux") << image;
        std::ofstream(obj / "System.map") << "ffffffff81000000 T _text\n";
        return exits(0, out);
    }
    Kernel must_build(const Arm& arm) {
        auto kernel = build_kernel(spec, arm, context);
        EXPECT_TRUE(kernel) << kernel.error().message;
        return kernel.value_or(Kernel{});
    }
    Error must_fail(const Arm& arm) {
        auto kernel = build_kernel(spec, arm, context);
        EXPECT_FALSE(kernel);
        return kernel ? Error{} : kernel.error();
    }
    fs::path source_tree() {
        for (const auto& entry : fs::directory_iterator(dir / "cache/sources"))
            return entry.path() / "tree";
        return {};
    }

    TempTree dir;
    ArtifactCache cache;
    BoostCommandRunner real;
    FakeCommandRunner runner;
    BuildContext context;
    Spec spec;
    Arm base, patched;
    std::string added_to_config;
    std::vector<std::string> compiled;
};

using Units = std::vector<std::string>;

TEST_F(KernelBuild, AnotherArchitectureIsBuiltWithItsCompilerAndNeverTakenForTheHosts) {
    const auto own = must_build(base);
    spec.kernel.arch = "arm64";
    dir.put("base.arm64.config", "CONFIG_A=n\n");
    dir.put("bin/aarch64-linux-gnu-gcc", "");
    dir.put("bin/aarch64-linux-gnu-ld", "");
    runner.on({"aarch64-linux-gnu-gcc", "--version"},
              exits(0, "aarch64-linux-gnu-gcc (Test) 12.2.0\n"));
    runner.on({"aarch64-linux-gnu-ld", "--version"}, exits(0, "GNU ld (Test) 2.40\n"));
    runner.on({"make", "Image"}, [this](const Command& c) {
        const auto result = bzimage(c);
        const fs::path obj = fs::path(c.argv[2]) / FakeCommandRunner::value(c, "O");
        fs::create_directories(obj / "arch/arm64/boot");
        fs::rename(obj / "arch/x86/boot/bzImage", obj / "arch/arm64/boot/Image");
        return result;
    });
    const std::string path = std::getenv("PATH");
    // If tools are missing, the error lists the packages to install before anything is built.
    ::setenv("PATH", "/nowhere", 1);
    const auto missing = must_fail(base);
    ::setenv("PATH", path.c_str(), 1);
    EXPECT_EQ(missing.fault_domain, FaultDomain::Host);
    EXPECT_NE(missing.message.find("aarch64-linux-gnu-gcc"), std::string::npos) << missing.message;
    EXPECT_NE(missing.message.find("apt-get install " + arm64().packages), std::string::npos)
        << missing.message;

    for (const char* tool : {"gcc", "ld"})
        fs::permissions(dir / (std::string("bin/aarch64-linux-gnu-") + tool), fs::perms::owner_all);
    ::setenv("PATH", (path + ":" + (dir / "bin").string()).c_str(), 1);
    const auto kernel = must_build(base);
    ::setenv("PATH", path.c_str(), 1);
    EXPECT_EQ(kernel.boot_image.filename(), "Image");
    EXPECT_EQ(kernel.compiler, "aarch64-linux-gnu-gcc (Test) 12.2.0");
    EXPECT_NE(kernel.key, own.key);
    EXPECT_FALSE(kernel.incremental) << "an object tree of its own";
    EXPECT_EQ(read_text(kernel.config), "# CONFIG_A is not set\n");
    const auto make = std::find_if(runner.ran.begin(), runner.ran.end(), [](const Command& c) {
        return FakeCommandRunner::has(c, "Image");
    });
    ASSERT_NE(make, runner.ran.end());
    EXPECT_EQ(make->env.at("ARCH"), "arm64");
    EXPECT_EQ(make->env.at("CROSS_COMPILE"), "aarch64-linux-gnu-");
}

TEST_F(KernelBuild, BuildsAndKeepsWhatABootAndAReportNeed) {
    const auto kernel = must_build(patched);
    EXPECT_EQ(kernel.version, "6.12.117");
    EXPECT_EQ(kernel.compiler, "gcc (Test) 12.2.0");
    EXPECT_EQ(kernel.patches, (Units{"patched/a.patch"}));
    EXPECT_EQ(kernel.patch_sha256, (Units{sha256_hex(kPatchA)}));
    EXPECT_EQ(read_text(kernel.boot_image), "CONFIG_A=y\nint a = 1;\nint b;\n");
    EXPECT_EQ(kernel.image_sha256, *sha256_file(kernel.boot_image));
    EXPECT_EQ(read_text(kernel.config), "CONFIG_A=y\n");
    EXPECT_TRUE(fs::exists(kernel.system_map) && fs::exists(kernel.vmlinux));
    EXPECT_EQ(kernel.key.size(), 64u);
    EXPECT_FALSE(kernel.from_cache);
    EXPECT_FALSE(kernel.incremental);
}

TEST_F(KernelBuild, TheSecondArmRebuildsOnlyWhatDiffersAndTheFirstComesBackIdentical) {
    const auto first = must_build(base);
    EXPECT_EQ(compiled, (Units{"mm/a", "mm/b"}));
    const auto pristine = testing::fingerprint(source_tree());
    const auto second = must_build(patched);
    EXPECT_EQ(compiled, (Units{"mm/a"}));
    EXPECT_TRUE(second.incremental);
    EXPECT_NE(second.key, first.key);
    EXPECT_NE(second.image_sha256, first.image_sha256);
    fs::remove_all(dir / "cache/kernels");
    const auto again = must_build(base);
    EXPECT_EQ(compiled,
              (Units{"mm/a"})); // the restored file is newer than the patched arm's object
    EXPECT_EQ(again.image_sha256, first.image_sha256);
    EXPECT_EQ(again.key, first.key);
    EXPECT_EQ(testing::fingerprint(source_tree()), pristine);
    EXPECT_EQ(read_text(source_tree() / "mm/a.c"), "int a;\n");
}

TEST_F(KernelBuild, FilesThatPatchesAddOrDeleteComeAndGo) {
    dir.put("moves/series", "1.patch\n");
    dir.put("moves/1.patch", "--- /dev/null\n+++ b/mm/new.c\n@@ -0,0 +1 @@\n+new\n--- "
                             "a/mm/b.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-int b;\n");
    Arm moves;
    moves.name = "moves";
    moves.series = {"moves"};
    must_build(base);
    fs::path src;
    for (const auto& entry : fs::directory_iterator(dir / "cache/worktrees"))
        src = entry.path() / "src";
    must_build(moves);
    EXPECT_TRUE(fs::exists(src / "mm/new.c"));
    EXPECT_FALSE(fs::exists(src / "mm/b.c"));
    EXPECT_TRUE(fs::exists(source_tree() / "mm/b.c"));
    must_build(patched);
    EXPECT_FALSE(fs::exists(src / "mm/new.c"));
    EXPECT_EQ(read_text(src / "mm/b.c"), "int b;\n");
}

TEST_F(KernelBuild, APatchedScriptStaysExecutable) {
    dir.put("script/series", "1.patch\n");
    dir.put("script/1.patch",
            "--- a/scripts/run.sh\n+++ b/scripts/run.sh\n@@ -1 +1,2 @@\n #!/bin/sh\n+true\n");
    patched.series = {"script"};
    must_build(patched);
    for (const auto& entry : fs::directory_iterator(dir / "cache/worktrees"))
        EXPECT_NE(fs::status(entry.path() / "src/scripts/run.sh").permissions() &
                      fs::perms::owner_exec,
                  fs::perms::none);
}

// Modes and links belong to an arm, as contents do.
TEST_F(KernelBuild, WhatOneArmMakesAProgramOrALinkIsAsBeforeInTheNext) {
    dir.put("modes/series", "1.patch\n");
    dir.put("modes/1.patch",
            "diff --git a/mm/b.c b/mm/b.c\nold mode 100644\nnew mode 100755\n"
            "diff --git a/scripts/run.sh b/scripts/run.sh\nold mode 100755\nnew mode 100644\n"
            "diff --git a/mm/l.c b/mm/l.c\nnew file mode 120000\n--- /dev/null\n+++ b/mm/l.c\n"
            "@@ -0,0 +1 @@\n+a.c\n\\ No newline at end of file\n");
    Arm modes;
    modes.name = "modes";
    modes.series = {"modes"};
    const auto plain = must_build(base);
    fs::path src;
    for (const auto& entry : fs::directory_iterator(dir / "cache/worktrees"))
        src = entry.path() / "src";
    const auto program = [](const fs::path& file) {
        return (fs::status(file).permissions() & fs::perms::owner_exec) != fs::perms::none;
    };
    EXPECT_NE(must_build(modes).key, plain.key);
    EXPECT_TRUE(program(src / "mm/b.c"));
    EXPECT_FALSE(program(src / "scripts/run.sh"));
    EXPECT_EQ(fs::read_symlink(src / "mm/l.c"), "a.c");
    EXPECT_FALSE(program(source_tree() / "mm/b.c"));
    EXPECT_TRUE(program(source_tree() / "scripts/run.sh"));
    must_build(patched);
    EXPECT_FALSE(program(src / "mm/b.c"));
    EXPECT_TRUE(program(src / "scripts/run.sh"));
    EXPECT_FALSE(fs::is_symlink(src / "mm/l.c"));
}

// A file where another arm has a folder, and the reverse.
TEST_F(KernelBuild, AFileOfOneArmTakesThePlaceOfAnothersFolder) {
    const auto arm = [&](const std::string& name, const std::string& file) {
        dir.put(name + "/series", "1.patch\n");
        dir.put(name + "/1.patch",
                "--- /dev/null\n+++ b/" + file + "\n@@ -0,0 +1 @@\n+" + name + "\n");
        Arm made;
        made.name = name;
        made.series = {name};
        return made;
    };
    const auto file = arm("file", "new"), folder = arm("folder", "new/inner");
    must_build(file);
    must_build(folder);
    fs::path src;
    for (const auto& entry : fs::directory_iterator(dir / "cache/worktrees"))
        src = entry.path() / "src";
    EXPECT_EQ(read_text(src / "new/inner"), "folder\n");
    fs::remove_all(dir / "cache/kernels");
    must_build(file);
    EXPECT_EQ(read_text(src / "new"), "file\n");
}

TEST_F(KernelBuild, ACachedKernelRunsNothingButTheCompilersVersionAndPatch) {
    const auto built = must_build(patched);
    runner.ran.clear();
    const auto cached = must_build(patched);
    EXPECT_TRUE(cached.from_cache);
    EXPECT_EQ(cached.image_sha256, built.image_sha256);
    EXPECT_EQ(cached.build_seconds, built.build_seconds);
    EXPECT_EQ(runner.count("--version") + runner.count("apply"),
              static_cast<long>(runner.ran.size()));
    EXPECT_EQ(runner.count("make"), 0);
}

TEST_F(KernelBuild, EverythingThatGoesInChangesTheKey) {
    const auto key = [&](const Arm& arm) { return must_build(arm).key; };
    std::vector<std::string> keys{key(base), key(patched)};
    // Another patch text with the same result gives the same kernel; another file does not.
    dir.put("patched/a.patch", std::string("why\n") + kPatchA);
    EXPECT_EQ(key(patched), keys.back());
    dir.put("more/series", "m.patch\n");
    dir.put("more/m.patch", "--- /dev/null\n+++ b/mm/more.c\n@@ -0,0 +1 @@\n+int more;\n");
    auto more = patched;
    more.series.push_back("more");
    keys.push_back(key(more));
    // A patch that the next one reverts has no effect.
    dir.put("back/series", "b.patch\n");
    dir.put("back/b.patch", "--- a/mm/more.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-int more;\n");
    more.series.push_back("back");
    EXPECT_EQ(key(more), keys[1]);
    auto own_options = base; // of one arm
    own_options.options = {{"B", "y"}};
    keys.push_back(key(own_options));
    spec.kernel.options = {{"B", "y"}};
    EXPECT_EQ(key(base), keys.back()) << "the same configuration is the same kernel";
    EXPECT_EQ(key(own_options), keys.back());
    dir.put("base.config", "CONFIG_A=y\nCONFIG_C=y\n");
    keys.push_back(key(base));
    runner.on({"gcc", "--version"}, exits(0, "gcc (Test) 13.1.0\n"));
    keys.push_back(key(base));
    runner.on({"ld", "--version"}, exits(0, "GNU ld (Test) 2.41\n"));
    keys.push_back(key(base));
    const auto n = keys.size();
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    EXPECT_EQ(keys.size(), n);
}

// Commits with one base share its tree and its objects; a patch applies to the commit's content;
// the pristine tree stays unchanged.
TEST_F(KernelBuild, RevisionsOnABaseAreBuiltInOneObjectTree) {
    const auto sh = [&](const std::string& script) {
        Command command;
        command.argv = {
            "sh", "-ec",
            "git() { command git -c user.name=t -c user.email=t@t.example \"$@\"; }; cd repo; " +
                script};
        command.cwd = dir.path();
        const auto result = real.run(command);
        ASSERT_TRUE(result && result->ok()) << result->out;
    };
    fs::rename(dir / "pack/linux", dir / "repo");
    sh("git init -q; git add -A; git commit -qm one; git tag v1; echo 'int b = 2;' > mm/b.c; git "
       "commit -qam two; git tag v2; chmod +x mm/b.c; chmod -x scripts/run.sh; git commit -qam "
       "three; git tag v3");
    const auto at = [&](const char* revision, const char* on) {
        spec.kernel.source = GitSource{"repo", revision, on};
    };
    at("v1", "v1");
    const auto first = must_build(base);
    const auto pristine = testing::fingerprint(source_tree());
    at("v2", "v1");
    const auto second = must_build(patched);
    EXPECT_EQ(compiled, (std::vector<std::string>{"mm/a", "mm/b"}));
    EXPECT_TRUE(second.incremental);
    EXPECT_NE(read_text(second.boot_image).find("int b = 2;"), std::string::npos);
    EXPECT_NE(read_text(second.boot_image).find("int a = 1;"), std::string::npos);
    ASSERT_EQ(second.patches.size(), 2u);
    EXPECT_EQ(second.patches[0].substr(0, 4), "git ");
    at("v3",
       "v1"); // another mode needs a new file: the link to the pristine one must not be changed
    must_build(patched);
    EXPECT_EQ(testing::fingerprint(source_tree()), pristine);
    EXPECT_EQ(
        std::distance(fs::directory_iterator(dir / "cache/worktrees"), fs::directory_iterator()),
        1);
    // The whole tree of the commit gives the same image.
    at("v2", "");
    EXPECT_EQ(must_build(patched).image_sha256, second.image_sha256);
    at("v1", "");
    EXPECT_EQ(must_build(base).key, first.key);
}

TEST_F(KernelBuild, TheCallersEnvironmentCannotChangeTheImage) {
    must_build(base);
    for (const auto& command : runner.ran) {
        if (command.argv[0] != "make") continue;
        for (const char* name : {"MAKEFLAGS", "KCFLAGS", "CROSS_COMPILE", "ARCH", "LOCALVERSION",
                                 "KBUILD_BUILD_TIMESTAMP", "KBUILD_BUILD_USER", "LC_ALL"})
            EXPECT_TRUE(command.env.contains(name)) << name;
    }
}

TEST_F(KernelBuild, AnArmIsConfiguredAgainOnlyIfWhatItsConfigFollowsFromChanged) {
    dir.put("kconfig/series", "k.patch\n");
    dir.put("kconfig/k.patch", "--- /dev/null\n+++ b/mm/Kconfig\n@@ -0,0 +1 @@\n+config A\n");
    Arm with_kconfig;
    with_kconfig.name = "kconfig";
    with_kconfig.series = {"kconfig"};
    must_build(base);
    EXPECT_EQ(runner.count("allnoconfig"), 1);
    must_build(patched);
    EXPECT_EQ(runner.count("allnoconfig"), 1);
    must_build(with_kconfig);
    EXPECT_EQ(runner.count("allnoconfig"), 2);
    spec.kernel.options = {{"B", "y"}};
    EXPECT_NE(read_text(must_build(patched).config).find("CONFIG_B=y"), std::string::npos);
    EXPECT_EQ(runner.count("allnoconfig"), 3);
    // A failed configuration leaves nothing that the next one would take for verified.
    spec.kernel.options = {{"GONE", "y"}};
    runner.on({"make", "allnoconfig"}, [](const Command& c) {
        std::ofstream(FakeCommandRunner::value(c, "KCONFIG_CONFIG")) << "CONFIG_A=y\n";
        return exits(0);
    });
    must_fail(base);
    must_fail(base);
    EXPECT_EQ(runner.count("allnoconfig"), 5);
}

TEST_F(KernelBuild, ALostOptionIsTheSpecsFault) {
    dir.put("base.config", "CONFIG_A=y\n");
    spec.kernel.options = {{"GONE", "y"}};
    runner.on({"make", "allnoconfig"}, [](const Command& c) {
        std::ofstream(FakeCommandRunner::value(c, "KCONFIG_CONFIG")) << "CONFIG_A=y\n";
        return exits(0);
    });
    const auto error = must_fail(base);
    EXPECT_EQ(error.fault_domain, FaultDomain::Spec);
    EXPECT_NE(error.message.find("CONFIG_GONE: requested y (x.toml [kernel.options])"),
              std::string::npos)
        << error.message;
}

TEST_F(KernelBuild, ACompileErrorIsTheKernelsAndIsQuotedWithALogThatStays) {
    runner.on(
        {"make", "bzImage"},
        exits(
            2,
            "  CC      mm/a.o\nmm/a.c:1:5: error: expected ';'\nmake[2]: *** [mm/a.o] Error 1\n"));
    const auto error = must_fail(base);
    EXPECT_EQ(error.fault_domain, FaultDomain::Kernel);
    EXPECT_NE(error.message.find("mm/a.c:1:5: error: expected ';'"), std::string::npos)
        << error.message;
    EXPECT_NE(read_text(error.log).find("CC      mm/a.o"), std::string::npos);
    EXPECT_TRUE(error.log.string().starts_with((dir / "cache/logs").string()));
    EXPECT_EQ(
        std::distance(fs::directory_iterator(dir / "cache/kernels"), fs::directory_iterator()), 0);
}

TEST_F(KernelBuild, WhatTheHostDoesToABuildIsNeverTheKernelsFault) {
    const auto fault_domain = [&](const char* target, CommandResult result) {
        runner.on({"make", target}, std::move(result));
        return must_fail(base).fault_domain;
    };
    // In the order of a build, because a configured worktree is not configured again.
    for (const char* target : {"allnoconfig", "bzImage"}) {
        EXPECT_EQ(fault_domain(target, {Cancelled{}, "", 0}), FaultDomain::Host) << target;
        EXPECT_EQ(fault_domain(target, {TimedOut{}, "", 0}), FaultDomain::Host) << target;
        EXPECT_EQ(fault_domain(target, {Signalled{9}, "", 0}), FaultDomain::Host) << target;
        EXPECT_EQ(
            fault_domain(
                target,
                exits(
                    2,
                    "mm/a.c:9: fatal error: error writing to /tmp/x.s: No space left on device\n")),
            FaultDomain::Host)
            << target;
        EXPECT_EQ(fault_domain(
                      target, exits(2, "gcc: fatal error: Killed signal terminated program cc1\n")),
                  FaultDomain::Host)
            << target;
        runner.on({"make", target}, [this, target](const Command& c) {
            return std::string_view(target) == "bzImage" ? bzimage(c) : allnoconfig(c);
        });
    }
}

TEST_F(KernelBuild, APrebuiltImageIsKnownByItsHashAndGetsItsSymbolsFromVmlinux) {
    Arm arm;
    arm.name = "prebuilt";
    arm.prebuilt = PrebuiltImage{"image", "", "vmlinux", "config"};
    dir.put("image", "an image");
    dir.put("vmlinux", "an ELF file");
    dir.put("config", "CONFIG_A=y\n");
    runner.on({"nm", "-n"}, exits(0, "ffffffff81000000 T _text\n"));
    for (int i = 0; i < 2; ++i) {
        const auto kernel = must_build(arm);
        EXPECT_EQ(kernel.key, sha256_hex("an image"));
        EXPECT_EQ(kernel.image_sha256, kernel.key);
        EXPECT_EQ(read_text(kernel.system_map), "ffffffff81000000 T _text\n");
        EXPECT_EQ(kernel.build_seconds, 0);
    }
    EXPECT_EQ(runner.count("nm"), 1);
    EXPECT_EQ(runner.count("make"), 0);
}

class PerfBuild : public KernelBuild {
 protected:
    PerfBuild() {
        runner.on({"make", "LDFLAGS=-static"}, [this](const Command& c) {
            std::ofstream(fs::path(FakeCommandRunner::value(c, "O")) / "perf") << "perf";
            std::ofstream(fs::path(c.argv[2]) / "perf.c")
                << "written in place"; // this must never reach the pristine tree
            build = read_text(fs::path(c.argv[2]) / "Build");
            return exits(0);
        });
        runner.on({"strip", "-o"}, [](const Command& c) {
            fs::copy_file(c.argv[3], c.argv[2]);
            return exits(0);
        });
        runner.on({"version", "--build-options"},
                  exits(0, "perf version 6.12\n   libtraceevent: [ on  ]  # HAVE_LIBTRACEEVENT\n"));
    }
    std::string build; // the Build file that make saw
};

TEST_F(PerfBuild, TheSubsetUnlessAllOfItIsAskedFor) {
    const auto subset = build_perf(spec, context);
    ASSERT_TRUE(subset) << subset.error().message;
    EXPECT_EQ(build.find("tests/"), std::string::npos) << build;
    spec.full_perf = true;
    const auto full = build_perf(spec, context);
    ASSERT_TRUE(full) << full.error().message;
    EXPECT_EQ(build, "perf-test-y += tests/\n");
    EXPECT_NE(*full, *subset) << "neither is taken for the other";
    EXPECT_EQ(read_text(source_tree() / "tools/perf/Build"), "perf-test-y += tests/\n");
    // Prebuilt images, for which there is no tree, use it as well.
    Spec prebuilt = spec;
    prebuilt.kernel.source = PrebuiltSource{};
    EXPECT_EQ(*build_perf(prebuilt, context), *full);
    prebuilt.full_perf = false;
    EXPECT_EQ(*build_perf(prebuilt, context), *subset);
}

TEST_F(PerfBuild, BuildsOnceFromACopyAndServesPrebuiltExperiments) {
    Spec prebuilt = spec;
    prebuilt.kernel.source = PrebuiltSource{};
    auto none = build_perf(prebuilt, context);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().fault_domain, FaultDomain::Host);

    const auto perf = build_perf(spec, context);
    ASSERT_TRUE(perf) << perf.error().message;
    EXPECT_EQ(read_text(*perf), "perf");
    EXPECT_EQ(read_text(source_tree() / "tools/perf/perf.c"), "perf\n");
    EXPECT_EQ(*build_perf(spec, context), *perf);
    EXPECT_EQ(runner.count("strip"), 1);
    EXPECT_EQ(*build_perf(prebuilt, context), *perf);
    std::set<std::string> left;
    for (const auto& entry : fs::directory_iterator(perf->parent_path()))
        left.insert(entry.path().filename().string());
    EXPECT_EQ(left, (std::set<std::string>{"label", "perf", "used"}));
}

TEST_F(PerfBuild, WithoutTracepointsItIsAnError) {
    runner.on({"version", "--build-options"},
              exits(0, "   libtraceevent: [ OFF ]  # HAVE_LIBTRACEEVENT\n   libonline: [ on  ]\n"));
    const auto perf = build_perf(spec, context);
    ASSERT_FALSE(perf);
    EXPECT_EQ(perf.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(perf.error().message.find("libtraceevent-dev"), std::string::npos);
}

TEST_F(KernelBuild, ATreeIsCopiedWhereItCannotBeLinked) {
    dir.put("tree/Makefile", "VERSION = 6\n");
    EXPECT_EQ(copy_of_tree(dir / "tree", dir / "to"),
              (std::vector<std::string>{"cp", "-al", dir / "tree", dir / "to"}));
    EXPECT_FALSE(fs::exists(dir / "to.link"));
    // On another file system: a file of /proc, under the name that is tried.
    fs::create_directories(dir / "elsewhere");
    fs::create_symlink("/proc/self/status", dir / "elsewhere/Makefile");
    EXPECT_EQ(copy_of_tree(dir / "elsewhere", dir / "to")[1], "-a");
}

} // namespace
} // namespace rig
