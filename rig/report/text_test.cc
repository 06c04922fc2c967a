// SPDX-License-Identifier: GPL-2.0-or-later
// Golden tests: the fixture must render to the pages under testdata/reports/. To update them after
// reading the difference: RIG_UPDATE_GOLDEN=1 build/rig/unit_tests --gtest_filter='TextReport.*'
#include "rig/base/text.h"
#include "rig/report/text.h"

#include "rig/testing/golden.h"
#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>
#include <sstream>

namespace rig {
namespace {

using namespace rig::fixture;

std::string run_dir(const RunInfo& run) {
    return "results/" + run.run_id;
}

std::string page(const Spec& spec, const std::vector<Sample>& samples,
                 std::vector<std::string> warnings = {}) {
    auto run = make_run(spec);
    return render_text(assemble(spec, run, samples, std::move(warnings), run_dir(run)));
}

void expect_page(const std::string& name, const std::string& text) {
    testing::expect_golden("reports/" + name + ".txt", text);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(display_width(line), 100u) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line;
    }
}

std::string last_line(const std::string& text) {
    auto end = text.find_last_not_of('\n');
    auto start = text.rfind('\n', end);
    return text.substr(start + 1, end - start);
}

Spec judged_spec(unsigned boots = 8) {
    auto spec = make_spec(boots);
    spec.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}}),
                    at_most("target_latency", 20000), not_worse("total_ipis", 0.05),
                    not_worse("bystander_work_time", 0.01)};
    return spec;
}

TEST(TextReport, AsExpected) {
    auto spec = judged_spec();
    auto text = page(spec, make_samples(spec));
    expect_page("as-expected", text);
    EXPECT_EQ(last_line(text), "✔ PASS: 5 hold");
    // The trade-off is next to the gain.
    auto fell = text.find("  fell"), rose = text.find("  rose");
    ASSERT_NE(fell, std::string::npos);
    ASSERT_NE(rose, std::string::npos);
    EXPECT_NE(text.find("target latency ×553 (declared: at most ×20000)", rose), std::string::npos);
    EXPECT_NE(text.find("all call-function IPIs +4.8 %", rose), std::string::npos);
}

TEST(TextReport, BrokenRegressedAndUndecided) {
    auto spec = judged_spec();
    auto samples = make_samples(spec);
    for (auto& s : samples) {
        if (s.id.arm == "ipi") continue;
        if (s.id.index == 3)
            s.counts["sync_ipis"] = s.exercised.recorded_sync = s.exercised.sync_handled = 12;
        s.ipis_by_function["ttwu_pending"] += 100;
        for (auto& ns : s.bystander_work_time_ns)
            ns += s.id.index % 2 ? 900 : 0;
    }
    auto text = page(spec, samples);
    expect_page("broken", text);
    EXPECT_EQ(last_line(text),
              "✘ FAIL: 2 failed (first: sync_ipis in reviewed), 2 hold, 1 undecided");
    EXPECT_NE(text.find("✘ sync_ipis in reviewed: broken; declared exactly 0; boot 3: 12, want 0"),
              std::string::npos);
}

TEST(TextReport, InconclusiveShowsFiguresWithoutPraise) {
    auto spec = judged_spec();
    auto samples = make_samples(spec);
    samples[3].exercised.injections = 0;
    samples[5].exercised.marker_hits = 0;
    samples.pop_back();
    auto text = page(spec, samples, {"results/x/samples.jsonl:16: torn line of 301 bytes ignored"});
    expect_page("inconclusive", text);
    EXPECT_EQ(last_line(text), "? INCONCLUSIVE: validity check boots failed in reviewed");
    EXPECT_EQ(text.find("✔ as declared"), std::string::npos);
    EXPECT_EQ(text.find("✔ improved"), std::string::npos);
    EXPECT_EQ(text.find("  fell  "), std::string::npos);
    EXPECT_NE(text.find("witness_hits"), std::string::npos);
}

TEST(TextReport, ManyArmsWithLongNamesAndManyFunctions) {
    auto spec = judged_spec(5);
    for (const char* name :
         {"posted-v1", "posted-v2-with-a-name-of-32-chars", "merged", "another", "yet-another"})
        spec.arms.push_back(
            {name, {std::string("kernel-patches/6.12/") + name}, "synchronize_rcu", {}});
    spec.metrics = {not_worse("total_ipis", 0.05)};
    auto samples = make_samples(spec);
    for (auto& s : samples)
        for (int i = 0; i < 9; ++i)
            s.ipis_by_function["a_function_with_quite_a_long_name_" + std::to_string(i)] = 3;
    auto text = page(spec, samples);
    expect_page("many-arms", text);
    EXPECT_EQ(last_line(text),
              "? INCONCLUSIVE: 0 hold, 6 undecided (first: total_ipis in reviewed)");
    EXPECT_NE(text.find("6 more functions"), std::string::npos);
}

TEST(TextReport, NoBootAtAll) {
    auto spec = judged_spec();
    auto text = page(
        spec, {},
        {"target.function tlb_remove_table_one is not a symbol of arm 'ipi'; nothing was booted"});
    expect_page("no-boot", text);
    EXPECT_EQ(last_line(text), "? INCONCLUSIVE: validity check boots failed in ipi");
}

TEST(TextReport, WallClockIsUnpaired) {
    auto spec = judged_spec();
    auto samples = make_samples(spec);
    for (auto& s : samples)
        s.run_clock = "wall", s.accelerator = "kvm";
    auto text = page(spec, samples);
    EXPECT_NE(text.find("Hodges-Lehmann ratio, unpaired"), std::string::npos);
    // Pairing by seed decided it; two independent samples of eight boots do not.
    EXPECT_EQ(last_line(text), "✔ PASS: 4 hold, 1 undecided (total_ipis in reviewed)");
}

TEST(TextReport, ColourAddsNothingButColour) {
    auto spec = judged_spec();
    auto run = make_run(spec);
    auto input = assemble(spec, run, make_samples(spec), {}, run_dir(run));
    auto plain = render_text(input), colour = render_text(input, Colour::Yes);
    EXPECT_EQ(plain.find('\033'), std::string::npos);
    EXPECT_NE(colour.find("\033[32m✔\033[0m"), std::string::npos);
    std::string stripped;
    for (std::size_t i = 0; i < colour.size(); ++i)
        if (colour[i] == '\033')
            i = colour.find('m', i);
        else
            stripped += colour[i];
    EXPECT_EQ(stripped, plain);
}

TEST(TextReport, AGuestsNamesCannotSteerTheTerminal) {
    auto spec = judged_spec();
    auto samples = make_samples(spec);
    samples[0].ipis_by_function["evil\x1b[2J\nfn"] = 900;
    auto text = page(spec, samples);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_NE(text.find("evil?[2J?fn"), std::string::npos);
}

TEST(TextReport, TheReproduceCommandCanBePasted) {
    auto spec = judged_spec();
    auto run = make_run(spec);
    run.command = {"./bootstrap", "compare", "a file's name", std::string(60, 'x'),
                   std::string(40, 'y')};
    auto text = render_text(assemble(spec, run, make_samples(spec), {}, run_dir(run)));
    EXPECT_NE(text.find("reproduce     ./bootstrap compare 'a file'\\''s name' \\\n"),
              std::string::npos);
    EXPECT_NE(text.find(std::string(60, 'x') + " \\\n"), std::string::npos);
}

} // namespace
} // namespace rig
