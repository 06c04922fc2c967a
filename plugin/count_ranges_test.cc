// SPDX-License-Identifier: GPL-2.0-or-later
// The plugin that counts ranges, inside a QEMU that is this test.
#include "plugin/counts_file.h"
#include "plugin/fake_qemu.h"
#include "rig/boot/counts_file.h"
#include "rig/testing/temp_tree.h"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace rig {
namespace {

constexpr std::uint64_t kText = 0xffffffff81000000, kOther = 0xffffffff82000000;

using testing::execute;
using testing::mark;
using testing::translated;

struct Plugin : testing::Plugin {
    explicit Plugin(int api) : testing::Plugin("count_ranges", api) {}
};

class CountRanges : public ::testing::TestWithParam<int> {
 protected:
    CountRanges() { EXPECT_TRUE(create_counts_file(file_, layout_)); }
    int min() const { return GetParam() == 1 ? 0 : 2; }
    int cur() const { return GetParam() == 1 ? 1 : 4; }
    InstructionCounts counts() const {
        auto read = read_counts_file(file_, layout_);
        EXPECT_TRUE(read) << read.error().message;
        return read ? *read : InstructionCounts();
    }

    const testing::TempTree tree_{};
    const CountsLayout layout_ = counts_layout({{kText, 64}, {kOther, 8}}, 2, "x86_64");
    const std::filesystem::path file_ = tree_ / kCountsFile;
    const std::string argument_ = "counts=" + file_.string();
};

TEST_P(CountRanges, CountsByInstructionVcpuAndWindow) {
    const Plugin plugin(GetParam());
    EXPECT_EQ(plugin.version(), GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    const auto body = translated({kText - 1, kText, kText + 3, kText + 63, kText + 64});
    EXPECT_TRUE(body.insns[0].callbacks.empty()) << "before the range";
    EXPECT_TRUE(body.insns[4].callbacks.empty()) << "behind the range";
    const auto other = translated({kOther + 7});
    execute(body, 0, 5);
    mark(RIG_WINDOW_COUNT_PASS);
    execute(body, 0, 80);
    execute(body, 1, 3);
    mark(RIG_WINDOW_REST);
    execute(other, 1, 2);
    mark(RIG_WINDOW_LATENCY_PASS);
    execute(other, 0, 240);
    mark(RIG_WINDOW_REST);
    const auto read = counts();
    EXPECT_TRUE(read.exact());
    EXPECT_TRUE(read.windows_complete());
    EXPECT_EQ(read.plugin_api(), static_cast<unsigned>(GetParam()));
    // With one thread QEMU 10 does not tell the vCPUs apart.
    const auto split = [&](std::uint64_t count) {
        return GetParam() == 1 ? std::optional(count) : std::nullopt;
    };
    EXPECT_EQ(read.on(0, CountWindow::Rest, kText), split(5));
    EXPECT_EQ(read.on(0, CountWindow::CountPass, kText + 63), split(80));
    EXPECT_EQ(read.on(1, CountWindow::CountPass, kText + 3), split(3));
    EXPECT_EQ(read.total(CountWindow::CountPass, kText + 3), 83u);
    EXPECT_EQ(read.total(CountWindow::CountPass, kText + 4), 0u) << "no instruction begins there";
    EXPECT_EQ(read.on(1, CountWindow::Rest, kOther + 7), split(2));
    EXPECT_EQ(read.total(CountWindow::LatencyPass, kOther + 7), 240u);
    EXPECT_EQ(read.total(CountWindow::LatencyPass, kText), 0u);
}

TEST_P(CountRanges, CodeElsewhereIsLeftAlone) {
    const Plugin plugin(GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    for (const auto address : std::vector<std::uint64_t>{
             0x400000, kText + 64, kText - 1, kOther + 8, RIG_MARK_PAGE - 1, RIG_MARK_PAGE + 1,
             RIG_MARK_PAGE + RIG_WINDOWS * RIG_MARK_STRIDE})
        EXPECT_TRUE(translated({address}).insns[0].callbacks.empty()) << std::hex << address;
    EXPECT_TRUE(counts().counted()) << "blocks were seen";
}

TEST_P(CountRanges, SeveralThreadsLoseNothingAndAreNotCalledExact) {
    const Plugin plugin(GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    const auto vcpu = [](unsigned number) { execute(translated({kText}), number, 200000); };
    std::thread first(vcpu, 0), second(vcpu, 1);
    first.join();
    second.join();
    const auto read = counts();
    EXPECT_EQ(read.on(0, CountWindow::Rest, kText), 200000u);
    EXPECT_EQ(read.on(1, CountWindow::Rest, kText), 200000u);
    EXPECT_TRUE(read.counted());
    EXPECT_FALSE(read.exact());
}

TEST_P(CountRanges, UnknownVcpuIsReportedNotCounted) {
    const Plugin plugin(GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    execute(translated({kText}), 2);
    EXPECT_TRUE(counts().counted());
    EXPECT_FALSE(counts().exact());
    EXPECT_EQ(counts().total(CountWindow::Rest, kText), 0u);
}

TEST_P(CountRanges, RefusesTheOtherQemu) {
    const Plugin plugin(GetParam());
    EXPECT_NE(GetParam() == 1 ? plugin.install(argument_, 2, 4) : plugin.install(argument_, 0, 1),
              0);
    EXPECT_EQ(translate, nullptr);
    EXPECT_FALSE(counts().counted());
}

TEST_P(CountRanges, RefusesAnotherMachineThanTheFileIsFor) {
    const Plugin plugin(GetParam());
    EXPECT_NE(plugin.install(argument_, min(), cur(), "aarch64"), 0);
    EXPECT_NE(plugin.install(argument_, min(), cur(), "sparc64"), 0);
    EXPECT_NE(plugin.install(argument_, min(), cur(), "x86_64", 3), 0) << "a vCPU too many";
    EXPECT_EQ(translate, nullptr);
}

TEST_P(CountRanges, RefusesADamagedFile) {
    const Plugin plugin(GetParam());
    EXPECT_NE(plugin.install("counts=" + (tree_ / "none").string(), min(), cur()), 0);
    EXPECT_NE(plugin.install("counts=/dev/null", min(), cur()), 0);
    EXPECT_NE(plugin.install("other=" + file_.string(), min(), cur()), 0);
    const auto whole = testing::read_text(file_);
    EXPECT_NE(
        plugin.install("counts=" + tree_.put("short", whole.substr(0, 300)).string(), min(), cur()),
        0);
    // Each byte of rig's part of the header and of the ranges matters, but for the reserved ones.
    const auto damaged = [&](std::size_t at) {
        auto bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] + 1);
        return plugin.install("counts=" + tree_.put("damaged", bytes).string(), min(), cur());
    };
    for (std::size_t at = 0; at < offsetof(rig_counts_header, plugin_api); ++at)
        if (at < offsetof(rig_counts_header, reserved) ||
            at >= offsetof(rig_counts_header, cells)) {
            EXPECT_NE(damaged(at), 0) << at;
        }
    for (std::size_t range = 0; range < 2; ++range)
        for (std::size_t at = offsetof(rig_counts_range, length);
             at < offsetof(rig_counts_range, reserved); ++at)
            EXPECT_NE(damaged(RIG_COUNTS_RANGES_AT + range * sizeof(rig_counts_range) + at), 0)
                << range << " " << at;
    EXPECT_EQ(translate, nullptr);
    EXPECT_EQ(plugin.install(argument_, min(), cur()), 0)
        << "the control: the file itself is taken";
}

TEST_P(CountRanges, UsedFileIsNotUsedAgain) {
    {
        const Plugin plugin(GetParam());
        ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    }
    const Plugin plugin(GetParam());
    EXPECT_NE(plugin.install(argument_, min(), cur()), 0);
}

INSTANTIATE_TEST_SUITE_P(Api, CountRanges, ::testing::Values(1, 2));

} // namespace
} // namespace rig
