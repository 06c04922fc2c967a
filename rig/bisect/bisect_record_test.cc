// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect_record.h"

#include "rig/base/text.h"
#include "rig/bisect/bisect_text.h"
#include "rig/bisect/outcome.h"
#include "rig/testing/temp_tree.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;
using testing::TempTree;

BisectRecord make_record() {
    BisectRecord record;
    record.request = {
        "configs/x.toml",
        "name = \"x\"\n",
        {{"guest.vcpus", "2"}},
        "ipi",
        "total_ipis",
        "count",
        "virtual",
        4,
        1,
        "",
        "",
        "",
        "series",
        {{"0001-a.patch", std::string(64, 'a')}, {"0002-b.patch", std::string(64, 'b')}},
        {},
        std::string(64, 'c'),
        std::string(64, 'd'),
        "tcg; QEMU 7.2"};
    record.command = {"./bootstrap", "bisect", "configs/x.toml"};
    record.started = "2026-02-23T10:32:48Z";
    record.ended = "2026-02-23T10:35:48Z";
    auto& b = record.bisection;
    b.metric = "total_ipis";
    b.history = "the 2 patches of series";
    b.answers = 2;
    b.good = 240, b.bad = 320;
    BisectStep good{{"r00", "the tree before the series"},
                    Purpose::GoodEnd,
                    Outcome::Good,
                    "",
                    std::string(64, '1'),
                    "",
                    {240, 240},
                    {},
                    2,
                    true,
                    0.5,
                    4,
                    {"runs/a"}};
    BisectStep bad{{"r02", "0002-b.patch"},
                   Purpose::BadEnd,
                   Outcome::Bad,
                   "",
                   std::string(64, '2'),
                   "",
                   {320, 320},
                   {},
                   2,
                   false,
                   12.25,
                   4,
                   {"runs/a"}};
    BisectStep step{{"r01", "0001-a.patch"},
                    Purpose::Step,
                    Outcome::Good,
                    "",
                    std::string(64, '3'),
                    "",
                    {240, 241},
                    {2, 0, 0},
                    2,
                    false,
                    11,
                    3,
                    {"runs/b"}};
    b.visits = {good, bad, step};
    b.last_good = step.revision;
    b.first_bad = {bad.revision};
    b.explains = 1;
    b.confidence = 1;
    return record;
}

TEST(BisectRecord, RoundTripsExactly) {
    const auto value = to_json(make_record());
    const auto back = bisect_record_from_json(json::parse(value.dump()));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(to_json(*back), value);
    EXPECT_TRUE(back->request.same(make_record().request));
}

TEST(BisectRecord, WhatIsMalformedIsNamed) {
    const auto broken = [](auto change) {
        auto value = to_json(make_record());
        change(value);
        const auto read = bisect_record_from_json(value);
        return read ? std::string() : read.error().message;
    };
    EXPECT_NE(broken([](json& v) {
                  v["bisection"]["visits"][2]["outcome"] = "fine";
              }).find("bisect.bisection.visits[2].outcome: \"fine\", want one of"),
              std::string::npos);
    EXPECT_NE(broken([](json& v) {
                  v["bisection"]["visits"][0]["values"][1] = "240";
              }).find("visits[0].values[1]: \"240\", want a number"),
              std::string::npos);
    EXPECT_NE(broken([](json& v) { v["format"] = 2; }).find("bisect.format: 2, want 1"),
              std::string::npos);
    EXPECT_NE(broken([](json& v) { v["more"] = 1; }).find("bisect.more: unknown key"),
              std::string::npos);
    EXPECT_NE(
        broken([](json& v) { v["request"].erase("seed"); }).find("bisect.request.seed: missing"),
        std::string::npos);
}

TEST(BisectRecord, OnlyTheSameQuestionGoesOn) {
    TempTree dir;
    auto record = make_record();
    record.ended.clear();
    for (const char* name : {"20260101-1", "20260102-1"}) {
        std::filesystem::create_directories(dir / name);
        ASSERT_TRUE(save_bisection(dir / name, record));
    }
    EXPECT_EQ(unfinished_bisection(dir.path(), record.request), dir / "20260102-1");
    auto other = record.request;
    other.patches[1].second[0] = 'x';
    EXPECT_FALSE(unfinished_bisection(dir.path(), other));
    auto elsewhere = record.request;
    elsewhere.machine = "tcg; QEMU 8.0";
    EXPECT_FALSE(unfinished_bisection(dir.path(), elsewhere));
    auto rebuilt = record.request;
    rebuilt.good_image[0] = 'x';
    EXPECT_FALSE(unfinished_bisection(dir.path(), rebuilt));
    auto stricter = record.request;
    stricter.options.max_boots = 9;
    EXPECT_FALSE(unfinished_bisection(dir.path(), stricter));
    record.ended = "2026-02-23T10:35:48Z";
    ASSERT_TRUE(save_bisection(dir / "20260102-1", record));
    EXPECT_EQ(unfinished_bisection(dir.path(), record.request), dir / "20260101-1");
    EXPECT_EQ(load_bisection(dir / "none").error().fault_domain, FaultDomain::Spec);
    dir.put("bad/bisect.json", "{");
    EXPECT_NE(load_bisection(dir / "bad").error().message.find("bad/bisect.json: not JSON"),
              std::string::npos);
}

TEST(BisectText, TheAnswerIsTheLastWordAndWhatItLacksIsSaid) {
    auto record = make_record();
    const auto text = bisect_text(record, "results/bisections/x", Colour::No);
    EXPECT_NE(text.find("✘ FIRST BAD: 0002-b.patch\n"), std::string::npos) << text;
    EXPECT_NE(text.find("makes 100 % of what the ends differ by (240 to 320)"), std::string::npos)
        << text;
    EXPECT_NE(text.find("3 of 3 revisions looked at"), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(exit_of(record.bisection), Exit::Pass);
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
         at = end + 1)
        EXPECT_LE(display_width(std::string_view(text).substr(at, end - at)), 120u)
            << text.substr(at, end - at);

    record.bisection.explains = 0.4;
    EXPECT_NE(bisect_text(record, "x", Colour::No).find("The rest lies elsewhere"),
              std::string::npos);
    record.bisection.visits[2].outcome = Outcome::Unbuildable;
    record.bisection.visits[2].why = "mm/a.c:3: error: x\nmore";
    record.bisection.first_bad = {{"r01", "0001-a.patch"}, {"r02", "0002-b.patch"}};
    record.bisection.explains.reset();
    const auto several = bisect_text(record, "x", Colour::No);
    EXPECT_NE(several.find("among these 2"), std::string::npos) << several;
    EXPECT_NE(several.find("r01 (unbuildable)"), std::string::npos) << several;
    EXPECT_NE(several.find("mm/a.c:3: error: x\n"), std::string::npos) << several;
    EXPECT_EQ(exit_of(record.bisection), Exit::Inconclusive);
    record.bisection.refused = "the ends do not differ";
    EXPECT_NE(bisect_text(record, "x", Colour::No).find("NOT BISECTED: the ends do not differ"),
              std::string::npos);
    EXPECT_EQ(bisect_json(record, "x").at("exit"), 4);
}

TEST(BisectText, NoMoreCertaintyIsClaimedThanThereIs) {
    auto record = make_record();
    record.request.options.max_boots = 4;
    EXPECT_NE(bisect_text(record, "x", Colour::No).find("replayed"), std::string::npos);
    record.request.options.max_boots = 2;
    EXPECT_EQ(bisect_text(record, "x", Colour::No).find("replayed"), std::string::npos);
    record.request.clock = "wall"; // a verdict, so each revision is run once
    const auto text = bisect_text(record, "x", Colour::No);
    EXPECT_NE(text.find("none is stated"), std::string::npos) << text;
    EXPECT_EQ(text.find("none an inference"), std::string::npos);
}

TEST(BisectRecord, TextThatIsNoUtf8IsWrittenAllTheSame) {
    TempTree dir;
    auto record = make_record();
    record.bisection.visits[2].why = "caf\xe9";
    ASSERT_TRUE(save_bisection(dir.path(), record));
    EXPECT_TRUE(load_bisection(dir.path()));
}

} // namespace
} // namespace rig
