// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/line_map_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

LineMap some_map() {
    LineMap map;
    map.objects = {"mm/a.o"};
    map.seconds = 1.5;
    MappedLine line;
    line.file = "mm/a.c";
    line.line = 7;
    line.text = "\tif (x) /* ä */";
    line.hunk = 2;
    line.border = true;
    line.reason = LineReason::Mapped;
    line.detail = "why";
    line.addresses = {{0xffffffff81000000, 0xffffffff81000004, "f", 16}};
    map.lines = {line};
    return map;
}

std::string error_of(const nlohmann::json& json) {
    const auto map = line_map_from_json(json.dump(), "lines.json");
    return map ? "" : map.error().message;
}

TEST(LineMapJson, RoundTrips) {
    const auto json = to_json(some_map());
    const auto again = line_map_from_json(json.dump(), "lines.json");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(to_json(*again), json);
    EXPECT_EQ(again->lines[0].addresses[0].start, 0xffffffff81000000u);
    EXPECT_EQ(again->lines[0].reason, LineReason::Mapped);
    EXPECT_EQ(again->lines[0].hunk, 2u);
    EXPECT_TRUE(again->lines[0].border);
}

TEST(LineMapJson, EveryReasonHasAKeyOfItsOwn) {
    for (int i = 0; i <= static_cast<int>(LineReason::NoCode); ++i) {
        const auto reason = static_cast<LineReason>(i);
        EXPECT_EQ(reason_of_key(key_of(reason)), reason) << key_of(reason);
    }
    EXPECT_FALSE(reason_of_key("guessed"));
}

TEST(LineMapJson, WhatIsWrongIsNamed) {
    auto json = to_json(some_map());
    json["lines"][0]["reason"] = "guessed";
    EXPECT_EQ(error_of(json), "mm/a.c:7: reason 'guessed' is not known");
    json = to_json(some_map());
    json["lines"][0]["addresses"][0]["start"] = "81000000";
    EXPECT_NE(error_of(json).find("address '81000000', want one such as"), std::string::npos);
    json["lines"][0]["addresses"][0]["start"] = "0xffffffff81000005";
    EXPECT_NE(error_of(json).find("they run backwards"), std::string::npos);
    json["lines"][0]["addresses"][0]["start"] = "0x0"; // nobody may walk so far
    EXPECT_NE(error_of(json).find("too far apart"), std::string::npos);
    json["lines"][0]["addresses"][0]["start"] = "0x";
    EXPECT_NE(error_of(json), "");
    json = to_json(some_map());
    json["more"] = 1;
    EXPECT_NE(error_of(json).find("unknown key"), std::string::npos);
    EXPECT_NE(error_of(nullptr), "");
    EXPECT_FALSE(line_map_from_json("{", "lines.json"));
}

} // namespace
} // namespace rig
