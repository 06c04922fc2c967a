// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/profile_report.h"

#include "rig/report/text.h"
#include "rig/results/run_store.h"
#include "rig/testing/profile_fixture.h"
#include "rig/testing/run_fixture.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// A run of two arms with `boots` pairs, all profiled. 60 functions differ, by their number.
class ProfileReport : public ::testing::Test {
 protected:
    ProfileReport() {
        for (const auto& sample : samples_) {
            std::vector<ProfileRow> rows{counted_row("tlb_remove_table_one", 1520, 80),
                                         counted_row("same", 7, 1),
                                         counted_row("/init", 1000, 0, CodeKind::Program)};
            const bool base = sample.id.arm == "ipi";
            if (base) rows.push_back(counted_row("smp_call_function", 1234567, 80));
            for (unsigned i = 1; !base && i <= 60; ++i)
                rows.push_back(counted_row("f" + std::to_string(i), 10 * i, i));
            auto profile = profile_with(rows);
            profile.clock[RIG_WINDOW_COUNT_PASS] = ClockSpan{5, 1000, base ? 3000u : 2000u};
            put(sample, to_json(profile).dump());
        }
    }
    void put(const Sample& sample, const std::string& text) const {
        dir_.put("boots/" + boot_folder(sample.id) + "/profile.json", text);
    }
    ReportInput input() const {
        return assemble(spec_, make_run(spec_), samples_, {}, "results/x");
    }
    const testing::TempTree dir_{};
    const Spec spec_ = make_spec(3);
    const std::vector<Sample> samples_ = make_samples(spec_);
};

TEST_F(ProfileReport, TextHasTheLargestRowsAndWhatTheOthersAreTogether) {
    const auto comparison = profile_of(input(), dir_.path(), samples_);
    ASSERT_TRUE(comparison) << comparison.error().message;
    const auto text = profile_text(*comparison, 10);
    EXPECT_TRUE(has(text, "reviewed (before: ipi), 3 pairs of boots, medians over pairs\n"))
        << text;
    EXPECT_TRUE(has(text, "count pass: 1,237,094 instructions in ipi, 20,827 in reviewed, "
                          "-1,216,267 by pair\n"))
        << text;
    EXPECT_TRUE(has(text, "idle: 2,000 ns in ipi, 1,000 ns in reviewed, -1,000 by pair")) << text;
    EXPECT_TRUE(has(text, "      -1,234,567        80         0    15,432            "
                          "smp_call_function\n"))
        << text;
    EXPECT_TRUE(has(text, "            +600         0        60                  10  f60\n"))
        << text;
    // 60 + 1 rows differ; shown are smp_call_function and f60 to f52, not f51 to f1.
    EXPECT_TRUE(has(text, "f52\n")) << text;
    EXPECT_FALSE(has(text, "f51\n")) << text;
    EXPECT_TRUE(has(text, "         +13,260  51 more, together\n")) << text;
    EXPECT_TRUE(has(text, "3 others ran alike in both arms\n")) << text;
    EXPECT_TRUE(has(text, "latency pass: 0 instructions in ipi")) << text;
    EXPECT_TRUE(has(text, "no function and no program differs")) << text;
    for (std::size_t at = 0, end; at < text.size(); at = end + 1) {
        end = text.find('\n', at);
        EXPECT_LE(end - at, 100u) << text.substr(at, end - at);
        EXPECT_TRUE(end == at || text[end - 1] != ' ') << text.substr(at, end - at);
    }
}

TEST_F(ProfileReport, JsonHasAllRows) {
    const auto json = profile_json(profile_of(input(), dir_.path(), samples_).value());
    const auto& window = json["arms"][0]["windows"]["count_pass"];
    EXPECT_EQ(json["baseline"], "ipi");
    EXPECT_EQ(json["arms"][0]["pairs"], 3);
    EXPECT_EQ(window["rows"].size(), 61u);
    EXPECT_EQ(window["rows"][0]["name"], "smp_call_function");
    EXPECT_EQ(window["rows"][0]["kind"], "function");
    EXPECT_EQ(window["rows"][0]["instructions"]["difference"], -1234567);
    EXPECT_EQ(window["rows"][0]["calls"]["base"], 80);
    EXPECT_EQ(window["idle_ns"]["difference"], -1000);
    EXPECT_EQ(window["same"], 3);
    EXPECT_TRUE(json["arms"][0]["windows"].contains("rest"));
}

TEST_F(ProfileReport, ReportShowsItOnlyIfThereIsOne) {
    auto with = input();
    EXPECT_FALSE(has(render_text(with), "Executed instructions"));
    add_profile(with, dir_.path(), samples_);
    const auto text = render_text(with);
    EXPECT_TRUE(has(text, "Executed instructions")) << text;
    EXPECT_TRUE(has(text, "51 more, together")) << text;
    EXPECT_FALSE(has(profile_section(with), "rest:")) << "the boot itself is not under test";

    const testing::TempTree empty;
    auto without = input();
    const auto warnings = without.warnings.size();
    add_profile(without, empty.path(), samples_);
    EXPECT_FALSE(without.profile);
    EXPECT_EQ(without.warnings.size(), warnings) << "a run without profiles is nothing to warn of";
    const auto none = profile_of(without, empty.path(), samples_);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().fault_domain, FaultDomain::Spec);
    EXPECT_TRUE(has(none.error().message, "want a run of rig compare --profile"));
}

TEST_F(ProfileReport, UnreadableProfileIsAWarningInTheReportAndAnErrorInExplain) {
    put(samples_[0], "torn");
    auto report = input();
    add_profile(report, dir_.path(), samples_);
    EXPECT_FALSE(report.profile);
    EXPECT_TRUE(has(report.warnings.back(), "no profile is shown: ")) << report.warnings.back();
    EXPECT_EQ(profile_of(report, dir_.path(), samples_).error().fault_domain, FaultDomain::Host);
}

} // namespace
} // namespace rig
