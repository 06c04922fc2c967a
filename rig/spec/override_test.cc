// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/override.h"

#include "rig/spec/spec_parser.h"
#include "rig/testing/spec_project.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

class SpecOverrides : public ::testing::Test {
 protected:
    std::string error_of(std::vector<SpecOverride> overrides) {
        toml::table table = toml::parse(text);
        std::vector<OlderKey> older;
        auto status = apply_overrides(table, overrides, older);
        return status ? "" : status.error().message;
    }
    std::vector<OlderKey> older_;
    std::string text = "name = \"x\"\n[[arm]]\nname = \"a\"\nmarker = \"f\"\n[[arm]]\nname = "
                       "\"b\"\nmarker = \"g\"\n[guest]\nvcpus = 4\n";
};

TEST_F(SpecOverrides, ReplaceAndAddValues) {
    toml::table table = toml::parse(text);
    ASSERT_TRUE(apply_overrides(table,
                                {{"guest.vcpus", "8"},
                                 {"fault.times", "0"},
                                 {"arm.b.marker", "h"},
                                 {"guest.clock", "wall"},
                                 {"arm.a.series", "[\"x\", \"y\"]"}},
                                older_));
    EXPECT_EQ(table["guest"]["vcpus"].value<int>(), 8);
    EXPECT_EQ(table["fault"]["times"].value<int>(), 0);
    EXPECT_EQ(table["arm"][0]["marker"].value<std::string>(), "f");
    EXPECT_EQ(table["arm"][1]["marker"].value<std::string>(), "h");
    EXPECT_EQ(table["guest"]["clock"].value<std::string>(), "wall"); // a bare word
    EXPECT_EQ(table["arm"][0]["series"][1].value<std::string>(), "y");
}

TEST_F(SpecOverrides, TheLastOneCounts) {
    toml::table table = toml::parse(text);
    ASSERT_TRUE(apply_overrides(table, {{"guest.vcpus", "8"}, {"guest.vcpus", "2"}}, older_));
    EXPECT_EQ(table["guest"]["vcpus"].value<int>(), 2);
}

TEST_F(SpecOverrides, BadOnesAreNamed) {
    EXPECT_NE(error_of({{"guest.vcpus", "[1"}}).find("--set guest.vcpus=[1: not a TOML value"),
              std::string::npos);
    EXPECT_NE(error_of({{"guest.vcpus", "1\nx = 2"}}).find("not a TOML value"), std::string::npos);
    EXPECT_NE(error_of({{"guest.vcpus.x", "1"}}).find("vcpus is no table"), std::string::npos);
    EXPECT_NE(error_of({{"arm.c.marker", "x"}}).find("no arm of that name"), std::string::npos);
    EXPECT_NE(error_of({{"arm.a", "1"}}).find("no arm of that name"), std::string::npos);
    EXPECT_NE(error_of({{"guest..vcpus", "1"}}).find("want a dotted key"), std::string::npos);
    EXPECT_EQ(error_of({{"guest.vcpus", "1"}}), "");
}

TEST_F(SpecOverrides, TheCommandLineForm) {
    const auto one = parse_override(" guest.vcpus = 8 ");
    ASSERT_TRUE(one);
    EXPECT_EQ(*one, (SpecOverride{"guest.vcpus", "8"}));
    EXPECT_EQ(parse_override("a=b=c")->value, "b=c");
    for (const char* bad : {"guest.vcpus", "=8", ""})
        EXPECT_FALSE(parse_override(bad)) << bad;
}

using SpecOverridesInAProject = SpecProject;

TEST_F(SpecOverridesInAProject, PassTheSameChecksAndErrorsNameThem) {
    const auto good = parse_spec(good_spec, file(), {{"guest.vcpus", "8"}});
    ASSERT_TRUE(good) << good.error().message;
    EXPECT_EQ(good->guest.vcpus, 8u);
    EXPECT_EQ(good->overrides.size(), 1u);
    const auto bad = parse_spec(good_spec, file(), {{"guest.vcpus", "99"}});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().message, "--set guest.vcpus=99:1:7: bad guest.vcpus: 99, want 2..64");
    const auto unknown = parse_spec(good_spec, file(), {{"guest.vcpu", "8"}});
    ASSERT_FALSE(unknown);
    EXPECT_TRUE(unknown.error().message.starts_with("--set guest.vcpu=8:1:"))
        << unknown.error().message;
}

} // namespace
} // namespace rig
