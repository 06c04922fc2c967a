// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/profile/profile.h"

#include "rig/testing/profile_fixture.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;
using nlohmann::json;

const ProfileRow* find(const Profile& profile, const std::string& name) {
    for (const auto& row : profile.rows)
        if (row.name == name) return &row;
    return nullptr;
}

// The count pass is instructions 100 to 250 of the boot, the latency pass 300 to 400; events at 90,
// 120, 240 and 260.
ProfileBytes file_with_events() {
    ProfileBytes file(profile_layout_of_three());
    file.header.began_at[RIG_WINDOW_COUNT_PASS] = 100;
    file.header.ended_at[RIG_WINDOW_COUNT_PASS] = 250;
    file.header.began_at[RIG_WINDOW_LATENCY_PASS] = 300;
    file.header.ended_at[RIG_WINDOW_LATENCY_PASS] = 400;
    file.function(0, RIG_WINDOW_COUNT_PASS, 140, 7);
    for (const std::uint64_t at : {90u, 120u, 240u, 260u})
        file.stamp(at);
    return file;
}

Profile profile_of(const ProfileBytes& file, const std::vector<std::uint64_t>& event_ns = {}) {
    const auto layout = profile_layout_of_three();
    return make_profile(parse_profile_file(file.bytes, layout).value(), layout, event_ns);
}

TEST(Profile, OneNameIsOneRowAndWhatDidNotRunIsNone) {
    ProfileBytes file(profile_layout_of_three());
    file.function(1, RIG_WINDOW_COUNT_PASS, 10, 2);
    file.function(2, RIG_WINDOW_COUNT_PASS, 5, 1);
    file.function(2, RIG_WINDOW_REST, 3, 0);
    file.program(0, RIG_WINDOW_COUNT_PASS, 70);
    file.other(RIG_PROFILE_OTHER_USER, RIG_WINDOW_COUNT_PASS, 4);
    const auto profile = profile_of(file);
    ASSERT_EQ(profile.rows.size(), 3u);
    const auto* helper = find(profile, "helper");
    ASSERT_TRUE(helper);
    EXPECT_EQ(helper->instructions[RIG_WINDOW_COUNT_PASS], 15u);
    EXPECT_EQ(helper->calls[RIG_WINDOW_COUNT_PASS], 3u);
    EXPECT_EQ(helper->instructions[RIG_WINDOW_REST], 3u);
    EXPECT_EQ(find(profile, "/init")->kind, CodeKind::Program);
    EXPECT_EQ(find(profile, kOtherUser)->kind, CodeKind::Other);
    EXPECT_FALSE(find(profile, "alpha"));
    EXPECT_EQ(profile.total(RIG_WINDOW_COUNT_PASS), 15u + 70 + 4);
    EXPECT_EQ(profile.functions_ran, 2u);
    EXPECT_EQ(unusable(profile), "");
}

TEST(Profile, WhatTheClockGainsBeyondInstructionsIsIdle) {
    const auto profile = profile_of(file_with_events(), {1090, 1120, 1740, 1760});
    const auto& span = profile.clock[RIG_WINDOW_COUNT_PASS];
    ASSERT_TRUE(span);
    EXPECT_EQ(*span, (ClockSpan{2, 120, 620}));
    EXPECT_EQ(span->idle_ns(), 500u);
    EXPECT_FALSE(profile.clock[RIG_WINDOW_LATENCY_PASS]) << "no event in it";
    EXPECT_FALSE(profile.clock[RIG_WINDOW_REST]);
}

TEST(Profile, WithoutIdleTimeTheClockIsTheInstructions) {
    const auto profile = profile_of(file_with_events(), {1090, 1120, 1240, 1260});
    EXPECT_EQ(profile.clock[RIG_WINDOW_COUNT_PASS]->idle_ns(), 0u);
}

TEST(Profile, OtherEventsThanThePluginSawGiveNoClock) {
    for (const auto& events : std::vector<std::vector<std::uint64_t>>{
             {}, {1090, 1120, 1740}, {1090, 1120, 1740, 1760, 1800}})
        EXPECT_FALSE(profile_of(file_with_events(), events).clock[RIG_WINDOW_COUNT_PASS]);
    auto lost = file_with_events();
    lost.header.stamped = 5; // one more than its times
    lost.save();
    EXPECT_FALSE(profile_of(lost, {1090, 1120, 1740, 1760}).clock[RIG_WINDOW_COUNT_PASS]);
}

TEST(Profile, SymbolTableOfAnotherKernelIsNoticed) {
    ProfileLayout layout;
    for (std::uint64_t i = 0; i < 100; ++i)
        layout.functions.push_back({"f" + std::to_string(i), 0xffffffff81000000 + i * 16, 16});
    layout.stamps = 0;
    const auto reason = [&](unsigned entered) {
        ProfileBytes file(layout);
        for (unsigned i = 0; i < 100; ++i)
            file.function(i, RIG_WINDOW_COUNT_PASS, 100, i < entered ? 3 : 0);
        return unusable(make_profile(parse_profile_file(file.bytes, layout).value(), layout, {}));
    };
    EXPECT_EQ(reason(95), "") << "the control: some code in assembly is entered elsewhere";
    EXPECT_EQ(reason(94),
              "the System.map is not that of the kernel that ran: of 100 functions that executed "
              "instructions only 94 were entered at their first one");
}

TEST(Profile, CountsThatMeanNothingAreNotUsable) {
    ProfileBytes file(profile_layout_of_three());
    file.header.threads = 2;
    file.save();
    EXPECT_NE(unusable(profile_of(file)), "");
    file.header.threads = 1;
    file.header.window = RIG_WINDOW_LATENCY_PASS; // QEMU was killed in it
    file.save();
    EXPECT_NE(unusable(profile_of(file)), "");
    file.header.window = RIG_WINDOW_REST;
    file.header.marks[RIG_WINDOW_COUNT_PASS] = 0;
    file.save();
    EXPECT_NE(unusable(profile_of(file)), "");
    EXPECT_NE(unusable(Profile()), "");
}

TEST(Profile, JsonRoundTrips) {
    auto file = file_with_events();
    file.program(1, RIG_WINDOW_LATENCY_PASS, 8);
    file.other(RIG_PROFILE_BEFORE, RIG_WINDOW_REST, 2);
    const auto profile = profile_of(file, {1090, 1120, 1740, 1760});
    const auto again = profile_from_json(json::parse(to_json(profile).dump()));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, profile);
}

TEST(Profile, DamagedJsonIsRefused) {
    const auto whole = to_json(profile_of(file_with_events(), {1090, 1120, 1740, 1760}));
    const auto message = [&](auto change) {
        auto data = whole;
        change(data);
        const auto read = profile_from_json(data);
        return read ? std::string() : read.error().message;
    };
    EXPECT_EQ(message([](json&) {}), "") << "the control";
    EXPECT_EQ(message([](json& j) { j["format"] = 2; }), "profile.format: found 2, want 1");
    EXPECT_NE(message([](json& j) { j["more"] = 1; }), "");
    EXPECT_NE(message([](json& j) { j.erase("exact"); }), "");
    EXPECT_NE(message([](json& j) { j["functions"]["alpha"] = json::array({1, 2}); }), "");
    EXPECT_NE(message([](json& j) { j["functions"]["alpha"][0] = -1; }), "");
    EXPECT_NE(message([](json& j) { j["clock"]["count_pass"].erase("ns"); }), "");
    EXPECT_NE(message([](json& j) { j["clock"]["boot"] = json::object(); }), "");
}

} // namespace
} // namespace rig
