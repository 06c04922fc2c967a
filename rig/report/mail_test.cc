// SPDX-License-Identifier: GPL-2.0-or-later
// Golden texts under testdata/reports/; RIG_UPDATE_GOLDEN=1 renews them.
#include "rig/report/mail.h"

#include "rig/base/text.h"
#include "rig/testing/golden.h"
#include "rig/testing/lines_fixture.h"
#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>
#include <sstream>

namespace rig {
namespace {

using namespace rig::fixture;

Spec mailed_spec(unsigned boots = 8) {
    auto spec = make_spec(boots);
    spec.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}}),
                    at_most("target_latency", 20000), not_worse("bystander_work_time", 0.01)};
    return spec;
}

std::string mail_of(const Spec& spec, const std::vector<Sample>& samples, LineEvidence lines = {}) {
    const auto run = make_run(spec);
    return render_mail(assemble(spec, run, samples, {}, "results/" + run.run_id, std::move(lines)));
}

void expect_columns(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(display_width(line), kMailColumns) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line;
    }
}

TEST(MailReport, HasWhatAReviewerAsksFor) {
    const auto spec = mailed_spec();
    const auto text = mail_of(spec, make_samples(spec), make_lines(spec));
    testing::expect_golden("reports/mail.txt", text);
    expect_columns(text);
    const auto at = [&](const char* what) {
        const auto found = text.find(what);
        EXPECT_NE(found, std::string::npos) << what;
        return found;
    };
    // The verdict first, the cost before the gain, then the evidence, then how to repeat it.
    EXPECT_LT(at("Result: PASS"), at("Worse in reviewed than in ipi:"));
    EXPECT_LT(at("Worse in reviewed than in ipi:"), at("Better in reviewed than in ipi:"));
    EXPECT_LT(at("Better in reviewed than in ipi:"), at("Changed lines that ran"));
    EXPECT_LT(at("Changed lines that ran"), at("with injected faults: fail_page_alloc"));
    EXPECT_LT(at("with injected faults: fail_page_alloc"), at("To reproduce:"));
    at("mm/mmu_gather.c:317");
    at("kernel 6.12.117");
    at("7.2.11");
}

TEST(MailReport, ABoundIsNoCount) {
    const auto spec = mailed_spec();
    auto lines = make_lines(spec);
    for (auto& map : lines.maps)
        map.map.lines[1].reason = LineReason::Merged;
    const auto text = mail_of(spec, make_samples(spec), lines);
    EXPECT_NE(text.find("mm/mmu_gather.c:317          <= 80"), std::string::npos) << text;
    EXPECT_NE(text.find("mm/mmu_gather.c:318          80"), std::string::npos) << text;
}

TEST(MailReport, NothingOfAnOperationThatDidNotWorkIsBetter) {
    auto spec = mailed_spec();
    spec.workload.check = {"/bin/busybox", "true"};
    auto samples = make_samples(spec);
    for (auto& sample : samples)
        sample.counts[kFailedChecks] = sample.id.arm == "ipi" ? 0 : 1;
    const auto text = mail_of(spec, samples, make_lines(spec));
    EXPECT_NE(text.find("workload.check failed in reviewed: "), std::string::npos) << text;
    EXPECT_NE(text.find("Better in reviewed than in ipi: nothing measured"), std::string::npos)
        << text;
    expect_columns(text);
}

TEST(MailReport, WhatIsUndecidedIsCalledSo) {
    auto spec = mailed_spec();
    auto samples = make_samples(spec);
    for (auto& sample : samples) // up in one half of the boots, down in the other
        if (sample.id.arm == "reviewed")
            sample.counts["tlb_flushes"] = sample.id.index % 2 ? 110 : 90;
    const auto text = mail_of(spec, samples);
    const auto undecided = text.find("Undecided with 8 boots per arm");
    ASSERT_NE(undecided, std::string::npos) << text;
    EXPECT_NE(text.find("TLB flushes", undecided), std::string::npos) << text;
    EXPECT_EQ(text.substr(0, undecided).find("TLB flushes"), std::string::npos);
    expect_columns(text);
}

TEST(MailReport, AFailedExpectationIsWorseAndSaysWhy) {
    auto spec = mailed_spec();
    spec.metrics = {at_most("target_latency", 2)};
    const auto text = mail_of(spec, make_samples(spec));
    EXPECT_NE(text.find("Result: FAIL"), std::string::npos) << text;
    const auto worse = text.find("Worse in reviewed"), better = text.find("Better in reviewed"),
               latency = text.find("target latency");
    EXPECT_LT(worse, latency);
    EXPECT_LT(latency, better);
    EXPECT_NE(text.find("declared: at most ×2"), std::string::npos) << text;
    EXPECT_NE(text.find("✘"), std::string::npos);
}

TEST(MailReport, WithoutEvidenceNothingIsCompared) {
    const auto spec = mailed_spec();
    auto samples = make_samples(spec);
    for (auto& sample : samples)
        if (sample.id.arm == "reviewed") sample.exercised.injections = 0;
    const auto text = mail_of(spec, samples);
    EXPECT_NE(text.find("A validity check failed"), std::string::npos) << text;
    EXPECT_EQ(text.find("Worse in"), std::string::npos);
    EXPECT_EQ(text.find("Better in"), std::string::npos);
    expect_columns(text);
}

TEST(MailReport, ARunWithoutFaultsDoesNotSpeakOfThem) {
    auto spec = mailed_spec();
    spec.faults[0].enabled = false;
    EXPECT_EQ(mail_of(spec, make_samples(spec)).find("injected"), std::string::npos);
}

TEST(MailReport, NamesOfOthersAreData) {
    auto spec = mailed_spec();
    spec.description = "x\nResult: PASS: forged";
    auto run = make_run(spec);
    run.command = {"rig", "compare", std::string(200, 'a'), "it's \x1b[31m"};
    const auto text =
        render_mail(assemble(spec, run, make_samples(spec), {}, "results/" + run.run_id));
    EXPECT_EQ(text.find("\nResult: PASS: forged"), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

} // namespace
} // namespace rig
