// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/site_command.h"

#include "rig/base/files.h"
#include "rig/html/web_assets.h"
#include "rig/testing/results_fixture.h"

#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

class SiteTest : public ResultsProject {
 protected:
    Result<CommandOutput> make(const fs::path& out, unsigned pages = 50) {
        CommonOptions common;
        common.results = results();
        SiteOptions line;
        line.out = out;
        line.pages = pages;
        return dashboard_command(line, common, Progress::silent(), {});
    }
    // The number of entries next to the site: no draft may be left.
    std::size_t beside() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(top_ / "out"), fs::directory_iterator()));
    }
};

TEST_F(SiteTest, TakesPagesReplacesItselfAndNothingElse) {
    const auto site = top_ / "out/site";
    fs::create_directories(results());
    if (!web_assets()) {
        const auto refused = make(site);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message.find("without pages"), std::string::npos);
        EXPECT_FALSE(fs::exists(site));
        return;
    }
    const auto first = make_run(0), second = make_run(1);
    std::ofstream(first / "report.html") << "a page";
    auto made = make(site, 0);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(slurp(site / "runs" / (first.filename().string() + ".html")), "a page");
    EXPECT_FALSE(fs::exists(site / "runs" / (second.filename().string() + ".html")));
    EXPECT_NE(slurp(site / "data/index.js").find(second.filename().string()), std::string::npos);
    EXPECT_NE(slurp(site / "index.html").find("dashboard.js"), std::string::npos);
    EXPECT_GT(fs::file_size(site / "dashboard.js"), 10000u);

    // Make it again in the same place: now it makes the page of the other run, in the site and not
    // in the run's folder.
    made = make(fs::path(site.string() + "/"));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_NE(slurp(site / "runs" / (second.filename().string() + ".html")).find("<html"),
              std::string::npos);
    EXPECT_FALSE(fs::exists(second / "report.html"));
    EXPECT_EQ(beside(), 1u);

    // The draft of a killed rig is removed, that of a running one is not.
    fs::create_directories(top_ / "out/site.new-999999999");
    fs::create_directories(top_ / ("out/site.new-" + std::to_string(::getppid())));
    ASSERT_TRUE(make(site));
    EXPECT_FALSE(fs::exists(top_ / "out/site.new-999999999"));
    EXPECT_TRUE(fs::remove(top_ / ("out/site.new-" + std::to_string(::getppid()))));

    const auto other = top_ / "out/other";
    fs::create_directories(other);
    std::ofstream(other / "thesis.tex") << "x";
    const auto refused = make(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault_domain, FaultDomain::Spec);
    EXPECT_TRUE(fs::exists(other / "thesis.tex"));
    EXPECT_EQ(beside(), 2u);
}

// Runs of one experiment on the same kernels that differ in one number are points of one curve, on
// the page of each.
TEST_F(SiteTest, APageHasTheCurveOverTheRunsLikeIt) {
    if (!web_assets()) return; // no pages to test; sweeps_test.cc tests their content
    auto info = info_of();
    info.overrides = {{"guest.memory_mib", "512"}};
    make_run(0, "", info);
    info.overrides = {{"guest.memory_mib", "1024"}};
    const auto run = make_run(1, "", info);
    ASSERT_TRUE(make(top_ / "out/site"));
    const auto page = [&] {
        return slurp(top_ / "out/site/runs" / (run.filename().string() + ".html"));
    };
    EXPECT_NE(page().find("Over fault rate and vCPUs"), std::string::npos);
    EXPECT_NE(page().find("guest.memory_mib"), std::string::npos);
    fs::remove_all(run);
    ASSERT_TRUE(make(top_ / "out/site"));
    for (const auto& entry : fs::directory_iterator(top_ / "out/site/runs"))
        EXPECT_EQ(slurp(entry.path()).find("Over fault rate and vCPUs"), std::string::npos)
            << "a single run is no curve";
}

} // namespace
} // namespace rig
