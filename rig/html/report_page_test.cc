// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/report_page.h"

#include "rig/testing/run_fixture.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;
using rig::testing::fingerprint;
using rig::testing::read_text;
using rig::testing::TempTree;

constexpr WebAssets page_assets{"draw();", "p{}"};

class ReportPage : public ::testing::Test {
 protected:
    // Boots 0 and 2 of the patched arm have the same splat, boot 1 has another one too.
    ReportPage() {
        for (auto& s : samples_) {
            if (s.id.arm != "reviewed" || s.id.index > 2) continue;
            s.splats.push_back({SplatKind::Bug, "BUG: first", "f", {}, 1});
            if (s.id.index == 1)
                s.splats.push_back({SplatKind::Warning, "WARNING: second", "g", {}, 1});
        }
    }
    ReportInput input() const {
        return assemble(spec_, make_run(spec_), samples_, {}, tree_.path().string());
    }

    Spec spec_ = make_spec();
    std::vector<Sample> samples_ = make_samples(spec_);
    TempTree tree_;
};

TEST_F(ReportPage, ShowsTheBootsInWhichSplatsWereFirstSeen) {
    tree_.put("boots/0001-reviewed-0/splats.txt", "BUG: first\n");
    tree_.put("boots/0003-reviewed-1/splats.txt", std::string(kExcerptBytes + 1, 'x'));
    tree_.put("boots/0005-reviewed-2/splats.txt", "not the first\n");
    const auto excerpts = read_excerpts(tree_.path(), input());
    ASSERT_EQ(excerpts.size(), 2u);
    EXPECT_EQ(excerpts[0].file, (tree_ / "boots/0001-reviewed-0/splats.txt").string());
    EXPECT_EQ(excerpts[0].text, "BUG: first\n");
    EXPECT_FALSE(excerpts[0].cut);
    EXPECT_EQ(excerpts[1].text.size(), kExcerptBytes);
    EXPECT_TRUE(excerpts[1].cut);
}

TEST_F(ReportPage, SaysWhatIsMissing) {
    const auto excerpts = read_excerpts(tree_.path(), input());
    ASSERT_EQ(excerpts.size(), 2u);
    EXPECT_NE(excerpts[0].text.find("the file is not there"), std::string::npos);
}

TEST_F(ReportPage, IsWrittenAsAWhole) {
    tree_.put("boots/0001-reviewed-0/splats.txt", "BUG: first <b>\n");
    tree_.put("page.html", "before");
    ASSERT_TRUE(
        write_report_page(tree_ / "page.html", tree_.path(), input(), samples_, &page_assets));
    const auto html = read_text(tree_ / "page.html");
    EXPECT_TRUE(html.starts_with("<!DOCTYPE html>"));
    EXPECT_TRUE(html.ends_with("</html>\n"));
    EXPECT_NE(html.find("BUG: first &lt;b&gt;\n</pre>"), std::string::npos);
}

TEST_F(ReportPage, RefusesWithoutLeavingAnything) {
    tree_.put("folder/x", "");
    const auto before = fingerprint(tree_.path());
    const auto refused = [&](const std::filesystem::path& file, const WebAssets* given) {
        const auto status = write_report_page(file, tree_.path(), input(), samples_, given);
        EXPECT_FALSE(status);
        EXPECT_TRUE(status || status.error().fault_domain == FaultDomain::Spec);
        return status ? "" : status.error().message;
    };
    EXPECT_NE(refused(tree_ / "page.html", nullptr).find("built without pages (meson -Dweb=false)"),
              std::string::npos);
    EXPECT_NE(refused(tree_ / "folder", &page_assets).find("a folder, want the name of a file"),
              std::string::npos);
    EXPECT_NE(refused(tree_ / "none/page.html", &page_assets).find("no folder"), std::string::npos);
    EXPECT_EQ(fingerprint(tree_.path()), before);
}

} // namespace
} // namespace rig
