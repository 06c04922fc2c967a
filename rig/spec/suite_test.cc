// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/suite.h"

#include "rig/spec/spec_parser.h"
#include "rig/spec/toml_reader.h"
#include "rig/testing/spec_project.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

namespace rig {
namespace {

constexpr std::string_view good_suite = R"toml(name = "review"
description = "the review, point by point"
[[point]]
id = "no-stub"
claim = "a little dangerous to even define"
answer = "misuse does not build"
[[point.build]]
experiment = "configs/a.toml"
arm = "reviewed"
object = "mm/mmu_gather.o"
expect = "fails"
says = "implicit declaration"
[[point.patch]]
series = "kernel-patches/6.12/reviewed"
has = ["might_sleep()"]
lacks = ["Context:"]
[[point]]
id = "dose"
claim = "sync IPIs follow the dose"
[[point.run]]
experiment = "configs/a.toml"
set = { "guest.boots" = 6, "workload.name" = "exit", "arm.b.series" = ["x"], "metrics.call_latency.within" = 0.1, "metrics.sync_ipis.within" = 1.0 }
sweep = { key = "fault.interval", values = [1, 2, 4] }
expect = "fail"
says = "the control did not fail"
show = ["sync_ipis"]
)toml";

class SuiteTest : public SpecProject {
 protected:
    void SetUp() override {
        SpecProject::SetUp();
        std::ofstream(top_ / "configs/a.toml") << "\n";
    }
    std::string error_of(std::string_view from, std::string_view to) {
        const auto suite = parse_suite(replaced(good_suite, from, to), file());
        return suite ? "" : suite.error().message;
    }
};

TEST_F(SuiteTest, AValueOfAnOverrideIsOneLine) {
    // The library writes long arrays and texts with line ends on several lines.
    const auto suite = parse_suite(
        replaced(
            good_suite, "\"arm.b.series\" = [\"x\"]",
            "\"workload.group\" = [{ name = \"one\", call = \"getppid\", cpus = \"0-3\", calls = 4 "
            "}, { name = \"two\", call = \"read\", cpus = \"1\", file = \"a\\nb\" }]"),
        file());
    ASSERT_TRUE(suite) << suite.error().message;
    const auto& run = std::get<RunCheck>(suite->points[1].checks[0]);
    const auto found = std::find_if(run.set.begin(), run.set.end(),
                                    [](const auto& one) { return one.key == "workload.group"; });
    ASSERT_NE(found, run.set.end());
    EXPECT_EQ(found->value.find('\n'), std::string::npos) << found->value;
    toml::table read = toml::parse("g = " + found->value);
    EXPECT_EQ(read["g"][1]["file"].value<std::string>(), "a\nb");
}

TEST_F(SuiteTest, ReadsEveryKindOfCheck) {
    const auto suite = parse_suite(good_suite, file());
    ASSERT_TRUE(suite) << suite.error().message;
    ASSERT_EQ(suite->points.size(), 2u);
    ASSERT_EQ(suite->points[0].checks.size(), 2u);
    const auto& build = std::get<BuildCheck>(suite->points[0].checks[0]);
    EXPECT_FALSE(build.builds);
    EXPECT_EQ(build.object, "mm/mmu_gather.o");
    EXPECT_EQ(std::get<PatchCheck>(suite->points[0].checks[1]).lacks,
              std::vector<std::string>{"Context:"});
    const auto& run = std::get<RunCheck>(suite->points[1].checks[0]);
    EXPECT_EQ(run.expect, Exit::Fail);
    ASSERT_EQ(run.set.size(), 5u);
    EXPECT_EQ(run.set[0], (SpecOverride{"guest.boots", "6"}));
    EXPECT_EQ(run.set[3].value, "0.1"); // as written, and still a floating-point number
    EXPECT_EQ(run.set[4].value, "1.0");
    toml::table values = toml::parse("a = " + run.set[1].value + "\nb = " + run.set[2].value);
    EXPECT_EQ(values["a"].value<std::string>(), "exit");
    EXPECT_EQ(values["b"][0].value<std::string>(), "x");
    ASSERT_TRUE(run.sweep);
    EXPECT_EQ(run.sweep->values, (std::vector<std::string>{"1", "2", "4"}));
    EXPECT_TRUE(is_suite(good_suite));
    EXPECT_FALSE(is_suite(good_spec));
    EXPECT_FALSE(is_suite("not TOML ["));
}

TEST_F(SuiteTest, PointsCanBePicked) {
    auto suite = parse_suite(good_suite, file()).value();
    EXPECT_TRUE(keep_points(suite, {}));
    EXPECT_EQ(suite.points.size(), 2u);
    const auto unknown = keep_points(suite, {"dose", "dosis"});
    ASSERT_FALSE(unknown);
    EXPECT_NE(unknown.error().message.find("no point 'dosis', accepted: no-stub, dose"),
              std::string::npos)
        << unknown.error().message;
    EXPECT_TRUE(keep_points(suite, {"dose"}));
    ASSERT_EQ(suite.points.size(), 1u);
    EXPECT_EQ(suite.points[0].id, "dose");
}

// As suites were written before: the same suite, and one line that says so.
TEST_F(SuiteTest, OlderOutcomesAreRead) {
    const auto now = parse_suite(good_suite, file()).value();
    EXPECT_EQ(now.deprecation, "");
    const auto before =
        parse_suite(replaced(good_suite, "expect = \"fail\"", "expect = \"broken\""), file());
    ASSERT_TRUE(before) << before.error().message;
    EXPECT_EQ(std::get<RunCheck>(before->points[1].checks[0]).expect, Exit::Fail);
    EXPECT_NE(before->deprecation.find("expect = \"broken\" is now expect = \"fail\""),
              std::string::npos)
        << before->deprecation;
}

TEST_F(SuiteTest, AControlMustSayWithWhichWordsItFails) {
    EXPECT_NE(
        error_of("says = \"the control did not fail\"\n", "").find("missing point[1].run[0].says"),
        std::string::npos);
    EXPECT_NE(
        error_of("says = \"implicit declaration\"\n", "").find("missing point[0].build[0].says"),
        std::string::npos);
}

TEST_F(SuiteTest, MistakesAreNamedWithTheirPlace) {
    EXPECT_NE(error_of("configs/a.toml\"\narm", "configs/b.toml\"\narm").find(":8:"),
              std::string::npos)
        << error_of("configs/a.toml\"\narm", "configs/b.toml\"\narm");
    EXPECT_NE(error_of("id = \"dose\"", "id = \"no-stub\"").find("no other point"),
              std::string::npos);
    EXPECT_NE(error_of("expect = \"fail\"", "expect = \"fali\"").find("did you mean"),
              std::string::npos);
    EXPECT_NE(error_of("mm/mmu_gather.o", "../x.o").find("an object of the kernel's tree"),
              std::string::npos);
    EXPECT_NE(error_of("values = [1, 2, 4]", "values = []").find("1..64 values"),
              std::string::npos);
    EXPECT_NE(
        error_of("has = [\"might_sleep()\"]\nlacks = [\"Context:\"]\n", "").find("checks nothing"),
        std::string::npos);
    EXPECT_NE(error_of("answer =", "anwser =").find("did you mean"), std::string::npos);
    const auto bare = parse_suite("name = \"x\"\n[[point]]\nid = \"a\"\nclaim = \"b\"\n", file());
    ASSERT_FALSE(bare);
    EXPECT_NE(bare.error().message.find("a claim without a check"), std::string::npos);
}

// Every point of the shipped suite of vacuous experiments is a control with its own text, and an
// experiment that rig accepts.
TEST(VacuitySuite, EveryPointIsAControlWithItsOwnReason) {
    const std::filesystem::path top = RIG_TOP;
    const auto suite = load_suite(top / "configs/vacuity.toml");
    ASSERT_TRUE(suite) << suite.error().message;
    EXPECT_GE(suite->points.size(), 12u);
    std::set<std::string> reasons;
    for (const auto& point : suite->points)
        for (const auto& check : point.checks) {
            const auto* run = std::get_if<RunCheck>(&check);
            ASSERT_TRUE(run) << point.id;
            EXPECT_EQ(run->expect, Exit::Inconclusive) << point.id;
            EXPECT_TRUE(reasons.insert(run->says).second)
                << point.id << " says what another one says: " << run->says;
            const auto spec = load_spec(top / run->experiment, run->set);
            EXPECT_TRUE(spec) << point.id << ": " << spec.error().message;
        }
}

} // namespace
} // namespace rig
