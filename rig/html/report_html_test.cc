// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/report_html.h"

#include "rig/html/html_page.h"
#include "rig/report/rows.h"
#include "rig/report/wording.h"
#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

constexpr WebAssets assets{"draw();", "p{}"};
// Markup, the end of the following script, the end of an attribute, and text that is already
// escaped.
constexpr const char* hostile =
    "</script><script>hit()</script><b>\"onerror='hit()' &lt;i&gt; \xE2\x80\xA8";

Spec page_spec() {
    auto spec = make_spec();
    spec.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}}),
                    at_most("target_latency", 20000), not_worse("total_ipis", 0.05),
                    not_worse("bystander_work_time", 0.01)};
    return spec;
}

std::string page(const Spec& spec, const std::vector<Sample>& samples,
                 const PageExtras& extras = {}, std::vector<std::string> warnings = {}) {
    return render_html(assemble(spec, make_run(spec), samples, std::move(warnings), "results/x"),
                       samples, extras, assets);
}

TEST(HtmlReport, TheVerdictComesFirstAndWhatRoseStandsBesideWhatFell) {
    const auto spec = page_spec();
    const auto html = page(spec, make_samples(spec));
    const auto verdict = html.find("<p class=\"verdict good\" id=\"verdict\"><span "
                                   "aria-hidden=\"true\">✔</span><span>PASS: 5 hold</span></p>");
    ASSERT_NE(verdict, std::string::npos);
    const auto rose = html.find("Rose: worse"), fell = html.find("Fell: better"),
               metrics = html.find("id=\"metrics\"");
    ASSERT_NE(rose, std::string::npos);
    EXPECT_LT(verdict, rose);
    EXPECT_LT(rose, fell);
    EXPECT_LT(fell, metrics);
    EXPECT_NE(html.find("<li>target latency ×553 (declared: at most ×20000)</li>"),
              std::string::npos);
    EXPECT_NE(html.find("<title>✔ batch-alloc-fail: PASS: 5 hold</title>"), std::string::npos);
}

TEST(HtmlReport, ARateThatRoseIsBetterAndNoParallelSpeedUp) {
    auto spec = page_spec();
    MetricSpec rate;
    rate.name = "throughput";
    rate.kind = ExpectKind::Rises;
    rate.custom =
        CustomMetric{CustomMetric::Kind::Counter, kIterationsCounter, "", "munmaps", false};
    rate.custom->per_second = true;
    auto samples = make_samples(spec);
    EXPECT_NE(page(spec, samples).find("Lower is better in every row. "), std::string::npos);
    EXPECT_EQ(page(spec, samples).find("Rates that"), std::string::npos);
    spec.metrics.push_back(rate);
    for (auto& s : samples) {
        s.counts[kRateWindowKey] = 1'000'000'000;
        s.counts[rate_key("throughput")] = s.id.arm == "ipi" ? 1000 : 1500;
    }
    const auto html = page(spec, samples);
    const auto rose = html.find("Rates that rose: better");
    ASSERT_NE(rose, std::string::npos);
    EXPECT_NE(
        html.find("<li>munmaps +50 % (virtual clock: vCPUs run one at a time, so a rise is no "
                  "parallel speed-up)</li>",
                  rose),
        std::string::npos);
    EXPECT_EQ(html.find("Rates that fell"), std::string::npos);
    EXPECT_NE(html.find("Lower is better in every row but the rates"), std::string::npos);
    spec.arms[1].options = {{"DEBUG_VM", "y"}};
    EXPECT_NE(page(spec, samples).find("options of its own: DEBUG_VM=y"), std::string::npos);
}

TEST(HtmlReport, BrokenIsSaidInWordAndMark) {
    const auto spec = page_spec();
    auto samples = make_samples(spec);
    for (auto& s : samples)
        if (s.id.arm == "reviewed" && s.id.index == 3)
            s.counts["sync_ipis"] = s.exercised.recorded_sync = s.exercised.sync_handled = 12;
    const auto html = page(spec, samples);
    EXPECT_NE(html.find("<p class=\"verdict bad\" id=\"verdict\"><span "
                        "aria-hidden=\"true\">✘</span><span>FAIL: 1 failed"),
              std::string::npos);
    EXPECT_NE(html.find("✘ sync_ipis in reviewed: broken; declared exactly 0; boot 3: 12, want 0"),
              std::string::npos);
}

TEST(HtmlReport, WithoutProofNothingIsPraised) {
    const auto spec = page_spec();
    auto samples = make_samples(spec);
    samples[3].exercised.injections = 0;
    const auto html = page(spec, samples);
    EXPECT_NE(html.find("<p class=\"verdict open\""), std::string::npos);
    EXPECT_NE(html.find("? A validity check failed"), std::string::npos);
    EXPECT_EQ(html.find("Fell: better"), std::string::npos);
    EXPECT_EQ(html.find("as declared</span>"), std::string::npos);
    EXPECT_EQ(html.find("Tests behind the verdicts"), std::string::npos);
    EXPECT_NE(page(spec, make_samples(spec)).find("Tests behind the verdicts"), std::string::npos);
    // What failed is visible, not behind a summary.
    const auto failed = html.find("✘</span> injections (");
    ASSERT_NE(failed, std::string::npos);
    EXPECT_GT(html.rfind("</details>", failed), html.rfind("<details>", failed));
}

TEST(HtmlReport, SaysEveryFigureOfTheTextReport) {
    const auto spec = page_spec();
    const auto samples = make_samples(spec);
    const auto input = assemble(spec, make_run(spec), samples, {}, "results/x");
    const auto html = render_html(input, samples, {}, assets);
    std::size_t at = html.find("id=\"metrics\"");
    unsigned figures = 0;
    for (const auto& row : table_rows(input))
        for (const auto& cell : row.cells) {
            const auto found = html.find(escape_html(cell), at);
            ASSERT_NE(found, std::string::npos) << row.label << ": " << cell;
            at = found;
            ++figures;
        }
    EXPECT_GT(figures, 40u);
    for (const auto& entry : method_entries(input))
        EXPECT_NE(html.find(escape_html(entry.text)), std::string::npos) << entry.label;
}

TEST(HtmlReport, NoTextFromOutsideBecomesMarkup) {
    auto spec = page_spec();
    spec.description = hostile;
    spec.arms[0].name = std::string("ipi") + hostile;
    auto samples = make_samples(spec);
    auto& first = samples[0];
    first.ipis_by_function[hostile] = 5;
    first.splats.push_back({SplatKind::Bug, std::string("BUG: ") + hostile, hostile, {hostile}, 1});
    auto run = make_run(spec);
    run.command.push_back(hostile);
    run.clock_why = hostile;
    run.qemu_version = hostile;
    run.overrides = {{hostile, hostile}};
    run.kernels[0].compiler = hostile;
    run.kernels[0].patches.push_back(hostile);
    run.kernels[0].facts.version = hostile;
    const auto input = assemble(spec, run, samples, {hostile}, hostile);
    const auto html =
        render_html(input, samples,
                    {{{hostile, hostile, true}},
                     {Plot{hostile, hostile, Unit::Count, {{hostile, hostile, {1, 2, 3}}}}}},
                    assets);
    EXPECT_EQ(html.find("<script>hit"), std::string::npos);
    EXPECT_EQ(html.find("</script><"), std::string::npos);
    EXPECT_EQ(html.find("<b>"), std::string::npos);
    EXPECT_EQ(html.find("\"onerror"), std::string::npos);
    EXPECT_EQ(html.find(" &lt;i"), std::string::npos); // it was not escaped twice
    std::size_t shown = 0;
    for (auto at = html.find(escape_html(hostile)); at != std::string::npos;
         at = html.find(escape_html(hostile), at + 1))
        ++shown;
    EXPECT_GT(shown, 20u);
}

TEST(HtmlReport, SweepsHaveASectionOnlyWhereTheyHaveRows) {
    const auto spec = page_spec();
    const auto samples = make_samples(spec);
    EXPECT_EQ(
        page(spec, samples, {{}, {Plot{"target latency", "guest.vcpus", Unit::Nanoseconds, {}}}})
            .find("id=\"sweeps\""),
        std::string::npos);
    const auto html = page(
        spec, samples,
        {{},
         {Plot{"target latency", "guest.vcpus", Unit::Nanoseconds, {{"2", "ipi", {1, 2, 3}}}}}});
    EXPECT_NE(html.find("id=\"sweeps\""), std::string::npos);
    EXPECT_NE(html.find("target latency over guest.vcpus"), std::string::npos);
}

TEST(HtmlReport, ConsolesAndWarningsAreTold) {
    auto spec = make_spec();
    spec.metrics = {not_worse("total_ipis", 0.05)};
    const auto html =
        page(spec, make_samples(spec),
             {{{"results/x/boots/0001-reviewed-0/splats.txt", "BUG: it\nCall Trace:", true}}, {}},
             {"careful"});
    EXPECT_NE(html.find(">BUG: it\nCall Trace:</pre>"), std::string::npos);
    EXPECT_NE(html.find("Cut here: the rest is in results/x/boots/0001-reviewed-0/splats.txt."),
              std::string::npos);
    EXPECT_NE(html.find("<a href=\"#warnings\">1 warning</a>"), std::string::npos);
    EXPECT_NE(html.find("<li>careful</li>"), std::string::npos);
}

TEST(HtmlReport, SplatsThatAreNotDeclaredAreToldAtTheTop) {
    const auto spec = page_spec();
    auto samples = make_samples(spec);
    const auto top = [&] {
        const auto html = page(spec, samples);
        return html.substr(0, html.find("</header>"));
    };
    EXPECT_EQ(top().find("#splats"), std::string::npos);
    samples[1].splats.push_back({SplatKind::Bug, "BUG: it", "f", {}, 1});
    EXPECT_NE(top().find("<a href=\"#splats\">Kernel splats</a> are not as declared."),
              std::string::npos);
    samples[1].splats.back().guilty = "my_open";
    EXPECT_NE(page(spec, samples).find("BUG: it, in f; guilty: my_open"), std::string::npos);
}

TEST(HtmlReport, ARunWithoutBootsIsAPageToo) {
    const auto spec = page_spec();
    const auto html = page(spec, {});
    EXPECT_NE(html.find("No boot was measured."), std::string::npos);
    EXPECT_NE(html.find("INCONCLUSIVE"), std::string::npos);
    EXPECT_EQ(html.find("data-chart"), std::string::npos);
}

} // namespace
} // namespace rig
