// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/profile/profile_file.h"

#include "rig/testing/profile_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

using Counts = std::array<std::uint64_t, RIG_WINDOWS>;

TEST(ProfileFile, WhatThePluginLeavesIsRead) {
    const auto layout = profile_layout_of_three();
    ProfileBytes file(layout);
    file.header.window = RIG_WINDOW_LATENCY_PASS;
    file.header.began_at[RIG_WINDOW_COUNT_PASS] = 100;
    file.header.ended_at[RIG_WINDOW_COUNT_PASS] = 250;
    file.header.total = 400;
    file.function(0, RIG_WINDOW_REST, 11, 1);
    file.function(2, RIG_WINDOW_LATENCY_PASS, 22, 2);
    file.program(1, RIG_WINDOW_COUNT_PASS, 33);
    file.other(RIG_PROFILE_BEFORE, RIG_WINDOW_REST, 44);
    file.stamp(120);
    file.stamp(240);
    const auto raw = parse_profile_file(file.bytes, layout);
    ASSERT_TRUE(raw) << raw.error().message;
    EXPECT_EQ(raw->plugin_api, 1u);
    EXPECT_EQ(raw->threads, 1u);
    EXPECT_EQ(raw->window, unsigned{RIG_WINDOW_LATENCY_PASS});
    EXPECT_EQ(raw->began_at, (Counts{0, 100, 0}));
    EXPECT_EQ(raw->ended_at, (Counts{0, 250, 0}));
    EXPECT_EQ(raw->total, 400u);
    EXPECT_EQ(raw->functions[0].instructions, (Counts{11, 0, 0}));
    EXPECT_EQ(raw->functions[0].calls, (Counts{1, 0, 0}));
    EXPECT_EQ(raw->functions[1].instructions, (Counts{}));
    EXPECT_EQ(raw->functions[2].calls, (Counts{0, 0, 2}));
    EXPECT_EQ(raw->programs[1].instructions, (Counts{0, 33, 0}));
    EXPECT_EQ(raw->others[RIG_PROFILE_BEFORE].instructions, (Counts{44, 0, 0}));
    EXPECT_EQ(raw->stamps, (std::vector<std::uint64_t>{120, 240}));
}

TEST(ProfileFile, MoreStampsThanThereIsRoomForAreCountedOnly) {
    const auto layout = profile_layout_of_three();
    ProfileBytes file(layout);
    for (unsigned i = 0; i < layout.stamps; ++i)
        file.stamp(i);
    file.header.stamped = 1000;
    file.save();
    const auto raw = parse_profile_file(file.bytes, layout);
    ASSERT_TRUE(raw);
    EXPECT_EQ(raw->stamped, 1000u);
    EXPECT_EQ(raw->stamps.size(), layout.stamps);
}

TEST(ProfileFile, AnotherFileIsRefused) {
    const auto layout = profile_layout_of_three();
    const ProfileBytes file(layout);
    const auto message = [&](std::string_view bytes, const ProfileLayout& expected) {
        const auto raw = parse_profile_file(bytes, expected);
        if (raw) return std::string();
        EXPECT_EQ(raw.error().fault_domain, FaultDomain::Host);
        return raw.error().message;
    };
    EXPECT_EQ(message(file.bytes, layout), "") << "the control";
    EXPECT_NE(message("", layout), "");
    EXPECT_NE(message(file.bytes + "x", layout), "");
    EXPECT_NE(message(std::string_view(file.bytes).substr(1), layout), "");
    auto other = layout;
    other.functions[0].length = 0x30;
    EXPECT_EQ(message(file.bytes, other),
              "profile: its header or its tables are not those that rig wrote for this boot");
    for (std::size_t at = 0; at < RIG_PROFILE_TABLES_AT + 3 * sizeof(rig_profile_function) +
                                      3 * sizeof(rig_profile_page);
         ++at) {
        if (at >= offsetof(rig_profile_header, plugin_api) && at < RIG_PROFILE_TABLES_AT) continue;
        auto damaged = file.bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        EXPECT_NE(message(damaged, layout), "") << at;
    }
    for (const auto field :
         {offsetof(rig_profile_header, plugin_api), offsetof(rig_profile_header, threads),
          offsetof(rig_profile_header, window)}) {
        auto damaged = file.bytes;
        damaged[field] = 7;
        EXPECT_NE(message(damaged, layout), "") << field;
    }
}

TEST(ProfileFile, LayoutThatBreaksTheRulesIsRefused) {
    const auto refused = [](auto change) {
        auto layout = profile_layout_of_three();
        change(layout);
        return !profile_image(layout);
    };
    EXPECT_FALSE(refused([](ProfileLayout&) {})) << "the control";
    EXPECT_TRUE(refused([](ProfileLayout& l) { l.functions[1].start = 0xffffffff8100003f; }));
    EXPECT_TRUE(refused([](ProfileLayout& l) { l.functions[0].start = 0x1000; }));
    EXPECT_TRUE(refused([](ProfileLayout& l) { l.functions[0].length = 0; }));
    EXPECT_TRUE(refused([](ProfileLayout& l) { l.functions[2].length = UINT64_MAX; }));
    EXPECT_TRUE(refused([](ProfileLayout& l) { l.stamps = RIG_PROFILE_MAX_STAMPS + 1; }));
    EXPECT_TRUE(
        refused([](ProfileLayout& l) { l.programs.names.resize(RIG_PROFILE_MAX_PROGRAMS + 1); }));
}

TEST(ProfileFile, LayoutHasTheKernelsFunctionsAndPerfsEvents) {
    const auto symbols = SymbolTable::parse("0000000000001000 T in_the_lower_half\n"
                                            "ffffffff81000000 T _text\n"
                                            "ffffffff81000010 t alpha\n"
                                            "ffffffff81000020 T perf_event_output_forward\n"
                                            "ffffffff81000030 D data\n"
                                            "ffffffff81000040 T _end\n",
                                            "System.map")
                             .value();
    const auto layout = profile_layout(symbols, {});
    ASSERT_EQ(layout.functions.size(), 3u);
    EXPECT_EQ(layout.functions[1].name, "alpha");
    EXPECT_EQ(layout.functions[1].start, 0xffffffff81000010);
    EXPECT_EQ(layout.functions[1].length, 0x10u);
    EXPECT_EQ(layout.stamp_at, 0xffffffff81000020);
    EXPECT_EQ(layout.stamps, kStamps);
    const auto without = profile_layout(
        SymbolTable::parse("ffffffff81000000 T _text\nffffffff81000040 T _end\n", "m").value(), {});
    EXPECT_EQ(without.stamp_at, 0u);
    EXPECT_EQ(without.stamps, 0u);
}

} // namespace
} // namespace rig
