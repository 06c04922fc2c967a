// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/counts_file.h"

#include "plugin/counts_file.h"
#include "rig/base/files.h"
#include "rig/boot/guest_boot.h"
#include "rig/plan/count_keys.h"
#include "rig/testing/fake_hypervisor.h"
#include "rig/testing/temp_tree.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
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

TEST(CountsFile, InstructionsOfAFunctionAreASum) {
    const testing::TempTree tree;
    const auto file = tree.path() / kCountsFile;
    constexpr std::uint64_t kStart = 0xffffffff81000000;
    const InstructionCounting counting{
        "", kLayout, {{"mine", {{kStart, 4}, {kStart + 8, 2}}}, {"other", {{kStart + 16, 4}}}}};
    Sample sample;
    ASSERT_TRUE(create_counts_file(file, kLayout));
    const auto nobody = add_instructions(sample, counting, file);
    ASSERT_FALSE(nobody) << "no plugin mapped it";
    EXPECT_EQ(nobody.error().fault_domain, FaultDomain::Host);

    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    rig_counts_header header{};
    bytes.read(reinterpret_cast<char*>(&header), sizeof header);
    header.plugin_api = header.threads = header.vcpus_apart = 1;
    header.blocks = 1;
    for (auto& marks : header.marks)
        marks = 1;
    header.marks[RIG_WINDOW_REST] = 2;
    const auto put = [&](unsigned window, unsigned vcpu, std::uint64_t cell, std::uint64_t count) {
        const auto at = (window * header.vcpus + vcpu) * header.cells + cell;
        bytes.seekp(static_cast<std::streamoff>(header.counters_at + at * sizeof count));
        bytes.write(reinterpret_cast<const char*>(&count), sizeof count);
    };
    put(RIG_WINDOW_COUNT_PASS, 0, 0, 5);
    put(RIG_WINDOW_COUNT_PASS, 1, 3, 7);
    put(RIG_WINDOW_COUNT_PASS, 0, 9, 11);
    put(RIG_WINDOW_COUNT_PASS, 0, 5, 100); // of neither
    put(RIG_WINDOW_LATENCY_PASS, 0, 0, 1000);
    bytes.seekp(0);
    bytes.write(reinterpret_cast<const char*>(&header), sizeof header);
    bytes.close();
    const auto added = add_instructions(sample, counting, file);
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_EQ(sample.counts.at(custom_count_key("mine")), 23u);
    EXPECT_EQ(sample.counts.at(custom_count_key("other")), 0u);
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
