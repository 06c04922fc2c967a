// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/checks.h"

#include "rig/report/wording.h"

#include "rig/testing/export_fixture.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>

namespace rig {
namespace {

using namespace rig::fixture;

const CheckGroup& group(const std::vector<CheckGroup>& groups, const std::string& name) {
    return *std::find_if(groups.begin(), groups.end(),
                         [&](const CheckGroup& g) { return g.name == name; });
}

const Check& check(const std::vector<CheckGroup>& groups, const std::string& arm,
                   const std::string& name) {
    const auto& checks = group(groups, arm).checks;
    const auto found =
        std::find_if(checks.begin(), checks.end(), [&](const Check& c) { return c.name == name; });
    if (found == checks.end()) throw std::runtime_error("no check " + name);
    return *found;
}

std::map<CheckOutcome, unsigned> expectations(const std::vector<CheckGroup>& groups) {
    std::map<CheckOutcome, unsigned> counts;
    for (const auto& one : groups)
        for (const auto& c : one.checks)
            if (c.kind == CheckKind::Expectation) ++counts[c.outcome];
    return counts;
}

// All exports rely on this: the report and the checks count the same outcomes.
void expect_same_counts(const ReportInput& input) {
    auto counts = expectations(checks_of(input, {}));
    const auto& c = input.comparison;
    EXPECT_EQ(counts[CheckOutcome::Held], c.held);
    EXPECT_EQ(counts[CheckOutcome::Broken], c.failed);
    EXPECT_EQ(counts[CheckOutcome::Doubtful], c.doubtful);
    EXPECT_EQ(counts[CheckOutcome::Undecided] + counts[CheckOutcome::Doubtful], c.undecided);
    EXPECT_EQ(counts[CheckOutcome::Unseen], c.unseen);
    EXPECT_EQ(counts[CheckOutcome::Unproven] + counts[CheckOutcome::NotRun], c.inconclusive);
}

TEST(Checks, CountWhatTheReportCounts) {
    const auto spec = judged_spec();
    auto samples = make_samples(spec);
    const auto good = input_of(spec, samples);
    ASSERT_GT(good.comparison.held, 0u);
    expect_same_counts(good);

    auto stricter = spec;
    stricter.metrics[1] = at_most("target_latency", 2);
    const auto broken = input_of(stricter, samples);
    ASSERT_GT(broken.comparison.failed, 0u);
    expect_same_counts(broken);

    const auto few = judged_spec(3);
    const auto undecided = input_of(few, make_samples(few));
    ASSERT_GT(undecided.comparison.undecided, 0u);
    expect_same_counts(undecided);

    stricter.guest.boots = 3;
    const auto doubtful_run = input_of(stricter, make_samples(stricter));
    ASSERT_GT(doubtful_run.comparison.doubtful, 0u);
    expect_same_counts(doubtful_run);

    auto zero = spec;
    zero.metrics = {exactly("tlb_flushes", {{"ipi", 0}, {"reviewed", 0}})};
    for (auto& sample : samples)
        sample.counts["tlb_flushes"] = 0;
    const auto unseen = input_of(zero, samples);
    ASSERT_EQ(unseen.comparison.unseen, 2u);
    expect_same_counts(unseen);

    expect_same_counts(input_of(spec, {}));
}

TEST(Checks, NothingHoldsInARunWithoutProof) {
    const auto spec = judged_spec();
    auto samples = make_samples(spec);
    samples[5].exercised.injections = 0;
    const auto input = input_of(spec, samples);
    const auto groups = checks_of(input, {});
    EXPECT_EQ(check(groups, "", "verdict").outcome, CheckOutcome::Unproven);
    unsigned failed = 0;
    for (const auto& one : groups)
        for (const auto& c : one.checks) {
            if (c.kind == CheckKind::ValidityCheck) failed += c.outcome == CheckOutcome::Unproven;
            if (c.kind == CheckKind::Expectation || c.kind == CheckKind::Splats ||
                c.kind == CheckKind::Verdict) {
                EXPECT_NE(c.outcome, CheckOutcome::Held) << c.name;
            }
        }
    EXPECT_GT(failed, 0u);
    EXPECT_EQ(check(groups, "ipi", "splats").outcome, CheckOutcome::Unproven)
        << "a line that never ran cannot splat";
}

TEST(Checks, SplatsAndControls) {
    auto spec = judged_spec();
    auto samples = make_samples(spec);
    EXPECT_EQ(check(checks_of(input_of(spec, samples), {}), "reviewed", "splats").outcome,
              CheckOutcome::Held);
    EXPECT_EQ(check(checks_of(input_of(spec, {}), {}), "reviewed", "splats").outcome,
              CheckOutcome::NotRun);
    samples[1].splats = {{SplatKind::Warning, "WARNING: at mm/mmu_gather.c", "f", {}, 2}};
    const auto splatted = input_of(spec, samples);
    const auto groups = checks_of(splatted, {});
    EXPECT_EQ(check(groups, "reviewed", "splats").outcome, CheckOutcome::Broken);
    EXPECT_EQ(check(groups, "ipi", "splats").outcome, CheckOutcome::Held);
    EXPECT_EQ(check(groups, "reviewed", "splats").details.at(1),
              "WARNING: at mm/mmu_gather.c, in f: 2 times in 1 of 8 boots");
    spec.arms[1].splat = "WARNING";
    EXPECT_EQ(
        check(checks_of(input_of(spec, make_samples(spec)), {}), "reviewed", "splats").outcome,
        CheckOutcome::Broken)
        << "a silent control";
}

TEST(Checks, AFaultOfTheHostIsNeverTheKernels) {
    const auto spec = judged_spec();
    const auto input = input_of(spec, make_samples(spec));
    const auto groups = checks_of(input, {fault_of("ipi", 1, FaultDomain::Host, "no CPU", true),
                                          fault_of("ipi", 2, FaultDomain::Host, "no CPU"),
                                          fault_of("reviewed", 3, FaultDomain::Kernel, "dead"),
                                          fault_of("reviewed", 4, FaultDomain::Guest, "perf")});
    EXPECT_EQ(check(groups, "ipi", "boot.0002-ipi-1.attempt-0").outcome, CheckOutcome::MadeAgain);
    EXPECT_EQ(check(groups, "ipi", "boot.0004-ipi-2.attempt-0").outcome, CheckOutcome::Missed);
    EXPECT_EQ(check(groups, "reviewed", "boot.0006-reviewed-3.attempt-0").outcome,
              CheckOutcome::Broken);
    EXPECT_EQ(check(groups, "reviewed", "boot.0008-reviewed-4.attempt-0").outcome,
              CheckOutcome::Unproven);
}

TEST(Checks, ARunThatEndedBeforeItsTime) {
    const auto spec = judged_spec();
    auto run = make_run(spec);
    run.ended = "";
    EXPECT_EQ(
        check(checks_of(input_of(spec, make_samples(spec), run), {}), "", "completed").outcome,
        CheckOutcome::Unproven);
    run.failure = "kernel: arm 'reviewed', boot 3: panic";
    EXPECT_EQ(
        check(checks_of(input_of(spec, make_samples(spec), run), {}), "", "completed").outcome,
        CheckOutcome::Broken);
    run.failure = "guest: agent";
    EXPECT_EQ(
        check(checks_of(input_of(spec, make_samples(spec), run), {}), "", "completed").outcome,
        CheckOutcome::Unproven);
}

TEST(Checks, WhatFailsWithInjectedFaultsSaysSo) {
    auto spec = judged_spec();
    auto samples = make_samples(spec);
    samples[0].exercised.injections = 79;
    samples[1].splats = {{SplatKind::Warning, "WARNING: at mm/mmu_gather.c", "f", {}, 2}};
    const std::vector<FaultRecord> faults{fault_of("ipi", 1, FaultDomain::Host, "no CPU", true),
                                          fault_of("ipi", 2, FaultDomain::Host, "no CPU"),
                                          fault_of("reviewed", 3, FaultDomain::Kernel, "dead")};
    const std::string words = "with injected faults: fail_page_alloc in tlb_remove_table(), ";
    const auto input = input_of(spec, samples);
    unsigned failed = 0;
    for (const auto& one : checks_of(input, faults))
        for (const auto& c : one.checks) {
            const auto said = c.kind == CheckKind::Attempt ? "an unknown number in this boot"
                              : one.name == "ipi"          ? "79..80 a boot in ipi"
                              : one.name == "reviewed"
                                  ? "80 a boot in reviewed"
                                  : "79..80 a boot in ipi, 80 a boot in reviewed";
            EXPECT_EQ(c.why.ends_with(words + said), failing(c.outcome)) << c.name << ": " << c.why;
            failed += failing(c.outcome);
        }
    EXPECT_GE(failed, 5u); // validity checks, expectations, splats, attempts and the verdict
    // For arms without a boot.
    EXPECT_NE(
        check(checks_of(input_of(spec, {}), {}), "", "verdict").why.find(words + "an unknown"),
        std::string::npos);
    spec.faults[0].stack_filter = false;
    EXPECT_NE(injected_faults(input_of(spec, samples), "").find("any function of the workload's"),
              std::string::npos);
    spec.faults[0].enabled = false;
    for (const auto& one : checks_of(input_of(spec, samples), faults))
        for (const auto& c : one.checks)
            EXPECT_EQ(c.why.find("injected faults"), std::string::npos) << c.name << ": " << c.why;
}

TEST(Checks, CleanLineIsValidTextOnOneLine) {
    EXPECT_EQ(clean_line("a\nb\x1b[1m\xff µ"), "a?b?[1m\xEF\xBF\xBD µ");
}

} // namespace
} // namespace rig
