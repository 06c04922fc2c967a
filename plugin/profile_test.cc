// SPDX-License-Identifier: GPL-2.0-or-later
// The plugin that profiles, inside a QEMU that is this test.
#include "plugin/profile_file.h"

#include "plugin/fake_qemu.h"
#include "rig/base/files.h"
#include "rig/boot/profile_boot.h"
#include "rig/testing/temp_tree.h"

#include <cstring>
#include <gtest/gtest.h>
#include <thread>

namespace rig {
namespace {

using testing::execute;
using testing::execute_some;
using testing::mark;
using testing::translated;

constexpr std::uint64_t kFirst = 0xffffffff81000000, kSecond = kFirst + 0x40,
                        kRecord = kFirst + 0x100, kUser = 0x401000;

struct Page {
    alignas(4096) std::array<unsigned char, 4096> bytes{};
};

class ProfilePlugin : public ::testing::TestWithParam<int> {
 protected:
    ProfilePlugin() {
        perf_.bytes.fill(0x90);
        shell_.bytes.fill(0xcc);
        both_.bytes.fill(0x01);
        auto layout = std::make_shared<ProfileLayout>();
        layout->functions = {
            {"first", kFirst, 0x40}, {"second", kSecond, 0x20}, {"record", kRecord, 0x10}};
        layout->programs.names = {"/bin/perf", "/bin/sh"};
        layout->programs.pages = {{rig_profile_hash(perf_.bytes.data()), 0},
                                  {rig_profile_hash(shell_.bytes.data()), 1},
                                  {rig_profile_hash(both_.bytes.data()), 0},
                                  {rig_profile_hash(both_.bytes.data()), 1}};
        finish(layout->programs);
        layout->stamp_at = kRecord;
        layout->stamps = 2;
        profiling_.layout = layout;
        EXPECT_TRUE(begin_profile(profiling_, tree_.path()));
    }
    int min() const { return GetParam() == 1 ? 0 : 2; }
    int cur() const { return GetParam() == 1 ? 1 : 4; }
    // What the file says now.
    RawProfile raw() const {
        auto read = parse_profile_file(slurp(file_), *profiling_.layout);
        EXPECT_TRUE(read) << read.error().message;
        return read ? *read : RawProfile();
    }
    std::uint64_t sum(const RawProfile& read) const {
        std::uint64_t all = 0;
        for (const auto* some : {&read.functions, &read.programs, &read.others})
            for (const auto& cell : *some)
                for (const auto n : cell.instructions)
                    all += n;
        return all;
    }

    const testing::TempTree tree_{};
    Page perf_{}, shell_{}, both_{};
    Profiling profiling_{};
    const std::filesystem::path file_ = tree_ / "profile.bin";
    const std::string argument_ = "counts=" + file_.string();
};

using Counts = std::array<std::uint64_t, RIG_WINDOWS>;

TEST_P(ProfilePlugin, CountsByFunctionWindowAndCall) {
    const testing::Plugin plugin("profile", GetParam());
    EXPECT_EQ(plugin.version(), GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    // Three instructions of the first function, its entry among them, two of the second.
    const auto block = translated({kFirst, kFirst + 4, kFirst + 0x3f, kSecond, kSecond + 8});
    const auto loop = translated({kFirst + 4, kFirst + 8});
    execute(block, 0, 5);
    mark(RIG_WINDOW_COUNT_PASS);
    execute(block, 1, 80);
    execute(loop, 0, 10);
    mark(RIG_WINDOW_LATENCY_PASS);
    execute(loop, 1);
    mark(RIG_WINDOW_REST);
    const auto read = raw();
    EXPECT_EQ(read.plugin_api, static_cast<unsigned>(GetParam()));
    EXPECT_EQ(read.threads, 1u);
    EXPECT_EQ(read.window, unsigned{RIG_WINDOW_REST});
    EXPECT_EQ(read.marks, (Counts{1, 1, 1}));
    EXPECT_EQ(read.functions[0].instructions, (Counts{15, 260, 2}));
    EXPECT_EQ(read.functions[0].calls, (Counts{5, 80, 0})) << "a loop is no call";
    EXPECT_EQ(read.functions[1].instructions, (Counts{10, 160, 0}));
    EXPECT_EQ(read.functions[1].calls, (Counts{5, 80, 0}));
    // A mark is one instruction of user space, in the window that it begins; the last is not
    // settled yet, since nothing ran after it.
    EXPECT_EQ(read.others[RIG_PROFILE_OTHER_USER].instructions, (Counts{0, 1, 1}));
    EXPECT_EQ(read.total, 25u + 1 + 420 + 1 + 2);
    EXPECT_EQ(sum(read), read.total);
    EXPECT_EQ(read.began_at[RIG_WINDOW_COUNT_PASS], 25u);
    EXPECT_EQ(read.ended_at[RIG_WINDOW_COUNT_PASS], 25u + 1 + 420);
}

TEST_P(ProfilePlugin, BlockThatIsLeftEarlyCountsWhatItBegan) {
    const testing::Plugin plugin("profile", GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    const auto block = translated({kFirst, kFirst + 4, kFirst + 8, kSecond, kSecond + 4});
    const auto handler = translated({kRecord + 4});
    for (const std::size_t begun : {1u, 2u, 3u, 4u, 5u}) {
        execute_some(block, 0, begun);
        execute(handler, 0);
    }
    execute(handler, 0); // settles the one before
    const auto read = raw();
    EXPECT_EQ(read.functions[0].instructions[RIG_WINDOW_REST], 1u + 2 + 3 + 3 + 3);
    EXPECT_EQ(read.functions[1].instructions[RIG_WINDOW_REST], 1u + 2);
    EXPECT_EQ(read.functions[1].calls[RIG_WINDOW_REST], 2u);
    EXPECT_EQ(read.functions[2].instructions[RIG_WINDOW_REST], 5u);
    EXPECT_EQ(sum(read), read.total);
}

TEST_P(ProfilePlugin, VcpusTakeTurns) {
    const testing::Plugin plugin("profile", GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    const auto first = translated({kFirst, kFirst + 4}), second = translated({kSecond});
    for (unsigned turn = 0; turn < 100; ++turn) {
        execute(first, turn % 2);
        execute(second, (turn / 2) % 2);
    }
    execute(second, 1);
    EXPECT_EQ(raw().functions[0].instructions[RIG_WINDOW_REST], 200u);
    EXPECT_EQ(raw().functions[1].instructions[RIG_WINDOW_REST], 100u);
}

TEST_P(ProfilePlugin, UserSpaceGoesByTheBytesOfItsPage) {
    const testing::Plugin plugin("profile", GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    execute(translated({0x1000, 0x1004}), 0); // firmware: no function of the kernel ran yet
    execute(translated({kFirst}), 0);
    execute(translated({kUser, kUser + 2}, perf_.bytes.data() + 0x100), 0);
    execute(translated({kUser, kUser + 2, kUser + 4}, shell_.bytes.data()), 0);
    execute(translated({kUser}, both_.bytes.data()), 0); // of two programs
    execute(translated({kUser}), 0);                     // not in memory
    perf_.bytes[7] ^= 1;                                 // no page of a program any more
    execute(translated({kUser}, perf_.bytes.data()), 0);
    execute(translated({0xffffffff90000000}), 0); // of the kernel, in no function
    execute(translated({kFirst + 4}), 0);
    const auto read = raw();
    const auto rest = [](const ProfileCell& cell) { return cell.instructions[RIG_WINDOW_REST]; };
    EXPECT_EQ(rest(read.programs[0]), 2u);
    EXPECT_EQ(rest(read.programs[1]), 3u);
    EXPECT_EQ(rest(read.others[RIG_PROFILE_OTHER_USER]), 3u);
    EXPECT_EQ(rest(read.others[RIG_PROFILE_OTHER_KERNEL]), 1u);
    EXPECT_EQ(rest(read.others[RIG_PROFILE_BEFORE]), 2u);
    EXPECT_EQ(read.programs[0].calls[RIG_WINDOW_REST], 0u);
}

TEST_P(ProfilePlugin, StampsSayHowManyInstructionsRanBefore) {
    const testing::Plugin plugin("profile", GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    const auto block = translated({kFirst, kRecord, kRecord + 4});
    execute(block, 0, 3);
    const auto read = raw();
    EXPECT_EQ(read.stamped, 3u);
    EXPECT_EQ(read.stamps, (std::vector<std::uint64_t>{1, 4})) << "there is room for two";
}

TEST_P(ProfilePlugin, SeveralThreadsAreReported) {
    const testing::Plugin plugin("profile", GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    execute(translated({kFirst}), 0);
    std::thread([] { translated({kFirst}); }).join();
    EXPECT_EQ(raw().threads, 2u);
}

TEST_P(ProfilePlugin, NewerQemuProfilesEightVcpusAtMost) {
    const testing::Plugin plugin("profile", GetParam());
    if (GetParam() == 2) {
        EXPECT_NE(plugin.install(argument_, min(), cur(), "x86_64", 9), 0);
    }
    EXPECT_EQ(plugin.install(argument_, min(), cur(), "x86_64", GetParam() == 2 ? 8 : 16), 0);
}

TEST_P(ProfilePlugin, RefusesTheOtherQemuAndAFileInUse) {
    {
        const testing::Plugin plugin("profile", GetParam());
        EXPECT_NE(
            GetParam() == 1 ? plugin.install(argument_, 2, 4) : plugin.install(argument_, 0, 1), 0);
        EXPECT_EQ(translate, nullptr);
        ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    }
    const testing::Plugin plugin("profile", GetParam());
    EXPECT_NE(plugin.install(argument_, min(), cur()), 0);
}

TEST_P(ProfilePlugin, RefusesADamagedFile) {
    const testing::Plugin plugin("profile", GetParam());
    EXPECT_NE(plugin.install("counts=" + (tree_ / "none").string(), min(), cur()), 0);
    EXPECT_NE(plugin.install("counts=/dev/null", min(), cur()), 0);
    EXPECT_NE(plugin.install("other=" + file_.string(), min(), cur()), 0);
    const auto whole = slurp(file_);
    EXPECT_NE(
        plugin.install("counts=" + tree_.put("short", whole.substr(0, 600)).string(), min(), cur()),
        0);
    const auto damaged = [&](std::size_t at, unsigned char flip) {
        auto bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ flip);
        return plugin.install("counts=" + tree_.put("damaged", bytes).string(), min(), cur());
    };
    // Any address may be stamped, and a page less leaves a gap before the counters; every other
    // byte of rig's part of the header matters.
    for (std::size_t at = 0; at < offsetof(rig_profile_header, plugin_api); ++at)
        if (at != offsetof(rig_profile_header, pages) &&
            (at < offsetof(rig_profile_header, stamp_at) ||
             at >= offsetof(rig_profile_header, counters_at))) {
            EXPECT_NE(damaged(at, 1), 0) << at;
        }
    for (std::size_t function = 0; function < 3; ++function) {
        const auto at = RIG_PROFILE_TABLES_AT + function * sizeof(rig_profile_function);
        EXPECT_NE(damaged(at + 7, 0x80), 0) << "no address of the kernel";
        EXPECT_NE(damaged(at + 8 + 7, 0xff), 0) << "a length beyond the end";
    }
    const auto pages = RIG_PROFILE_TABLES_AT + 3 * sizeof(rig_profile_function);
    EXPECT_NE(damaged(pages + offsetof(rig_profile_page, program) + 2, 0x40), 0);
    EXPECT_NE(damaged(pages + 7, 0xff), 0) << "not ascending";
    EXPECT_EQ(translate, nullptr);
    EXPECT_EQ(plugin.install(argument_, min(), cur()), 0) << "the control: the file itself";
}

INSTANTIATE_TEST_SUITE_P(Api, ProfilePlugin, ::testing::Values(1, 2));

} // namespace
} // namespace rig
