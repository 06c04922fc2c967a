// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/counts_file.h"

#include "plugin/counts_file.h"
#include "rig/base/files.h"
#include "rig/boot/guest_boot.h"
#include "rig/testing/fake_hypervisor.h"
#include "rig/testing/temp_tree.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

const CountsLayout kLayout{{{0xffffffff81000000, 64}}, 2, 1};

std::string refusal(const fs::path& file, const CountsLayout& expected = kLayout) {
    const auto counts = read_counts_file(file, expected);
    if (counts) return "";
    EXPECT_EQ(counts.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(counts.error().message.find(file.string()), std::string::npos);
    return counts.error().message;
}

TEST(CountsFile, IsCreatedWithAllItsBlocks) {
    const testing::TempTree tree;
    const auto file = tree.path() / kCountsFile;
    ASSERT_TRUE(create_counts_file(file, kLayout));
    struct stat about {};
    ASSERT_EQ(::stat(file.c_str(), &about), 0);
    EXPECT_GE(about.st_blocks * 512, about.st_size) << "no hole";
    const auto counts = read_counts_file(file, kLayout);
    ASSERT_TRUE(counts) << counts.error().message;
    EXPECT_FALSE(counts->counted());
}

TEST(CountsFile, ReplacesThatOfAnAttemptBefore) {
    const testing::TempTree tree;
    const auto file = tree.path() / kCountsFile;
    ASSERT_TRUE(write_atomically(file, std::string(1 << 20, 'x')));
    ASSERT_TRUE(create_counts_file(file, kLayout));
    EXPECT_EQ(refusal(file), "");
}

// What the plugin relies on: a mapping's stores are in the file, however its process ends.
TEST(CountsFile, CountsSurviveAKilledWriter) {
    const testing::TempTree tree;
    const auto file = tree.path() / kCountsFile;
    ASSERT_TRUE(create_counts_file(file, kLayout));
    const pid_t child = ::fork();
    if (child == 0) {
        const int fd = ::open(file.c_str(), O_RDWR);
        const auto size = fs::file_size(file);
        auto* const map =
            static_cast<char*>(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
        auto* const header = reinterpret_cast<rig_counts_header*>(map);
        header->plugin_api = header->threads = 1;
        header->blocks = 1;
        reinterpret_cast<std::uint64_t*>(map + header->counters_at)[3] = 160;
        ::raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const auto counts = read_counts_file(file, kLayout);
    ASSERT_TRUE(counts) << counts.error().message;
    EXPECT_TRUE(counts->exact());
    EXPECT_EQ(counts->total(CountWindow::Rest, 0xffffffff81000003), 160u);
}

TEST(CountsFile, MissingTornOrOfAnotherBootIsTheHostsFault) {
    const testing::TempTree tree;
    const auto file = tree.path() / kCountsFile;
    EXPECT_NE(refusal(file), "") << "missing";
    EXPECT_NE(refusal(tree.path()), "") << "a folder";
    ASSERT_TRUE(create_counts_file(file, kLayout));
    fs::resize_file(file, fs::file_size(file) - 8);
    EXPECT_NE(refusal(file).find("cut short"), std::string::npos);
    ASSERT_TRUE(create_counts_file(file, kLayout));
    auto other = kLayout;
    other.vcpus = 4;
    EXPECT_NE(refusal(file, other).find("not the counters file of this boot"), std::string::npos);
}

TEST(CountsFile, OversizedFileIsNotRead) {
    const testing::TempTree tree;
    const auto file = tree.path() / kCountsFile;
    ASSERT_TRUE(write_atomically(file, ""));
    fs::resize_file(file, std::uintmax_t{1} << 40); // a hole
    EXPECT_NE(refusal(file).find("at most 268435456 bytes"), std::string::npos);
}

TEST(CountsFile, IsInTheEvidenceOfABootHoweverItEnds) {
    const testing::TempTree tree;
    tree.put("image", "070701");
    const auto evidence = tree.put("evidence/x", "").parent_path();
    Spec spec;
    spec.arms.resize(1);
    testing::FakeBoot hangs;
    hangs.outcome = TimedOut{};
    testing::FakeHypervisor hypervisor({hangs});
    GuestSetup setup{spec, {GuestClock::Virtual, Accelerator::Tcg}, tree / "image", hypervisor};
    ASSERT_FALSE(boot_guest(setup, {}, simple_plan("idle"), 1, evidence, {}));
    EXPECT_FALSE(hypervisor.requests[0].plugin) << "nobody asked for it";
    EXPECT_FALSE(fs::exists(evidence / kCountsFile));

    setup.counting = InstructionCounting{"/plugin.so", kLayout};
    ASSERT_FALSE(boot_guest(setup, {}, simple_plan("idle"), 1, evidence, {}));
    EXPECT_EQ(hypervisor.requests[1].plugin,
              (CountPlugin{"/plugin.so", fs::absolute(evidence / kCountsFile)}));
    EXPECT_EQ(refusal(evidence / kCountsFile), "");
}

TEST(CountsFile, FolderThatCannotBeWrittenIsNamed) {
    const auto made = create_counts_file("/proc/none/counts", kLayout);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(made.error().message.find("/proc/none/counts"), std::string::npos);
}

} // namespace
} // namespace rig
