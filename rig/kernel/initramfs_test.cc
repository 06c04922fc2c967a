// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/initramfs.h"

#include "guest/protocol/protocol.h"
#include "rig/base/files.h"
#include "rig/testing/fake_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rig {
namespace {

TEST(Image, SameInputsGiveTheSameBytesAndTheFormatTheKernelReads) {
    const std::vector<InitramfsFile> files{{"bin", S_IFDIR | 0755, "", 0, 0},
                                           {"bin/a", S_IFREG | 0755, "hello", 0, 0},
                                           {"dev/console", S_IFCHR | 0600, "", 5, 1},
                                           {"bin/sh", S_IFLNK | 0777, "a", 0, 0}};
    const auto one = make_cpio(files), two = make_cpio(files);
    ASSERT_TRUE(one && two);
    EXPECT_EQ(*one, *two);
    EXPECT_EQ(one->substr(0, 6), "070701");
    EXPECT_EQ(one->size() % 4, 0u);
    EXPECT_NE(one->find("TRAILER!!!"), std::string::npos);
    EXPECT_NE(one->find("hello"), std::string::npos);
    // c_mtime is the sixth field of eight hex digits after the magic.
    EXPECT_EQ(one->substr(6 + 5 * 8, 8), "00000000");
}

TEST(Image, ArchivesCanFollowOneAnother) {
    const std::filesystem::path image = ::testing::TempDir() + "rig-image-of-one-boot",
                                with_plan = image.string() + "-with-plan";
    std::ofstream(image) << "first";
    ASSERT_TRUE(initramfs_with_plan(image, "{}", with_plan));
    const auto both = slurp(with_plan), plan = both.substr(5);
    EXPECT_TRUE(both.starts_with("first"));
    EXPECT_EQ(plan.size() % 4, 0u);
    EXPECT_NE(plan.find("rig/plan.frames"), std::string::npos);
    EXPECT_NE(plan.find(guest::encode(guest::FrameType::Plan, "{}")), std::string::npos);
    EXPECT_FALSE(initramfs_with_plan(image.string() + "-absent", "{}", with_plan));
    std::filesystem::remove(image);
    std::filesystem::remove(with_plan);
}

TEST(Image, CachedByContentNotByName) {
    std::string pattern = ::testing::TempDir() + "rig-image-XXXXXX";
    ASSERT_TRUE(::mkdtemp(pattern.data()));
    const std::filesystem::path dir(pattern);
    const auto put = [&dir](const char* name, const char* text) {
        std::ofstream(dir / name) << text;
        return dir / name;
    };
    ArtifactCache cache(dir / "cache");
    const auto first =
        build_initramfs({put("agent", "A"), put("perf", "P"), put("busybox", "B")}, cache);
    const auto moved =
        build_initramfs({put("agent2", "A"), put("perf2", "P"), put("busybox2", "B")}, cache);
    const auto changed =
        build_initramfs({put("agent3", "A!"), dir / "perf", dir / "busybox"}, cache);
    ASSERT_TRUE(first && moved && changed);
    EXPECT_EQ(*first, *moved);
    EXPECT_NE(*first, *changed);
    const auto more =
        build_initramfs({dir / "agent", dir / "perf", dir / "busybox", {put("tool", "T")}}, cache);
    ASSERT_TRUE(more);
    EXPECT_NE(*first, *more);
    std::ifstream in(*more, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_NE(bytes.find((dir / "tool").relative_path().string()),
              std::string::npos); // at the same path
    EXPECT_NE(bytes.find(dir.relative_path().string() + std::string(1, '\0')),
              std::string::npos); // and its folder
    const auto missing = build_initramfs({dir / "nothing", dir / "perf", dir / "busybox"}, cache);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().fault_domain, FaultDomain::Host);
    std::filesystem::remove_all(dir);
}

TEST(Image, ProgramsBringTheirLibraries) {
    testing::FakeCommandRunner runner;
    runner.on({"ldd"},
              testing::exits(
                  0,
                  "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 "
                  "(0x00007f12)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f34)\n"));
    const auto all = with_libraries({"/usr/bin/tool"}, runner);
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(*all,
              (std::vector<std::filesystem::path>{"/lib/x86_64-linux-gnu/libc.so.6",
                                                  "/lib64/ld-linux-x86-64.so.2", "/usr/bin/tool"}));
    testing::FakeCommandRunner broken;
    broken.on({"ldd"}, testing::exits(0, "\tlibx.so => not found\n"));
    const auto missing = with_libraries({"/usr/bin/tool"}, broken);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().fault_domain, FaultDomain::Spec);
    testing::FakeCommandRunner hidden;
    hidden.on({"ldd"}, testing::exits(0, "\tlibx.so => /tmp/build/libx.so (0x00007f)\n"));
    const auto below = with_libraries({"/usr/bin/tool"}, hidden);
    ASSERT_FALSE(below);
    EXPECT_EQ(below.error().fault_domain, FaultDomain::Spec);
    EXPECT_EQ(below.error().message,
              "/usr/bin/tool in image.files: its library /tmp/build/libx.so is below /tmp, where "
              "the guest's mount hides it; want one elsewhere");
    testing::FakeCommandRunner fixed;
    fixed.on({"ldd"}, testing::exits(1, "\tnot a dynamic executable\n"));
    EXPECT_EQ(with_libraries({"/usr/bin/tool"}, fixed)->size(), 1u);
    // A program file that was not copied completely: ldd's child dies of SIGBUS.
    testing::FakeCommandRunner cut;
    cut.on({"ldd"}, testing::exits(1, "ldd: exited with unknown exit code (135)\n"));
    const auto torn = with_libraries({"/usr/bin/tool"}, cut);
    ASSERT_FALSE(torn);
    EXPECT_EQ(torn.error().fault_domain, FaultDomain::Spec);
    EXPECT_EQ(torn.error().message,
              "/usr/bin/tool in image.files: ldd cannot tell its libraries, as of a program that "
              "is not whole: exit code 1: ldd: exited with unknown exit code (135)");
}

TEST(Image, ScriptsBringWhatRunsThem) {
    testing::TempTree dir;
    testing::FakeCommandRunner runner;
    runner.on({"ldd"}, testing::exits(1, "\tnot a dynamic executable\n"));
    runner.on({"ldd", "/bin/true"},
              testing::exits(0, "\tlibc.so.6 => /lib/libc.so.6 (0x00007f12)\n"));
    const auto script = [&](const std::string& text) { return dir.put("script", text); };
    const auto with = [&](const std::string& text) {
        return with_libraries({script(text)}, runner);
    };
    const auto shell = with("#!/bin/sh\ntrue\n"); // busybox runs it
    ASSERT_TRUE(shell) << shell.error().message;
    EXPECT_EQ(shell->size(), 1u);
    const auto other = with("#! /bin/true -x\n");
    ASSERT_TRUE(other) << other.error().message;
    EXPECT_EQ(*other, (std::vector<std::filesystem::path>{"/bin/true", "/lib/libc.so.6",
                                                          script("#! /bin/true -x\n")}));
    for (const auto& [text, said] :
         {std::pair{"#!/no/such/program\n", "'/no/such/program' cannot be had: No such file"},
          {"#!\n", "'' is no absolute path"},
          {"#!", "'' is no absolute path"},
          {"#!python3\n", "'python3' is no absolute path"},
          {"#!/usr/bin\n", "'/usr/bin' is no file"},
          {"#!/dev/stdin\n", "want the absolute path"}}) {
        const auto none = with(text);
        ASSERT_FALSE(none) << text;
        EXPECT_EQ(none.error().fault_domain, FaultDomain::Spec);
        EXPECT_NE(none.error().message.find(said), std::string::npos) << none.error().message;
        EXPECT_NE(none.error().message.find("script:1 (in image.files): its interpreter "),
                  std::string::npos)
            << none.error().message;
    }
}

} // namespace
} // namespace rig
