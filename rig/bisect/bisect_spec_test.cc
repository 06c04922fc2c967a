// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect_spec.h"

#include "rig/spec/spec_parser.h"
#include "rig/testing/spec_project.h"

#include <algorithm>

namespace rig {
namespace {

class BisectSpec : public SpecProject {
 protected:
    Result<Spec> with(const Spec& spec, const std::vector<RevisionArm>& arms,
                      const std::optional<GitSource>& source = {}) {
        auto overrides = revision_overrides(spec, spec.arms.front(), arms, source, "total_ipis");
        if (!overrides) return tl::unexpected(overrides.error());
        return parse_spec(spec.text, spec.file, *overrides);
    }
};

TEST_F(BisectSpec, RevisionsAreArmsOfWhichNothingIsDeclared) {
    const auto spec =
        parse_spec(good_spec, file(), {{"guest.vcpus", "2"}, {"arm.ipi.cmdline", "\"lpj=2000\""}});
    ASSERT_TRUE(spec) << spec.error().message;
    const auto revisions =
        with(*spec, {{"r00", {}, {}}, {"r07", "kernel-patches/6.12/reviewed", {}}});
    ASSERT_TRUE(revisions) << revisions.error().message;
    ASSERT_EQ(revisions->arms.size(), 2u);
    EXPECT_EQ(revisions->arms[0].name, "r00");
    EXPECT_TRUE(revisions->arms[0].series.empty());
    EXPECT_EQ(revisions->arms[1].series,
              (std::vector<std::filesystem::path>{"kernel-patches/6.12/reviewed"}));
    EXPECT_EQ(revisions->arms[1].cmdline, "lpj=2000");
    EXPECT_EQ(revisions->arms[1].marker, "");
    EXPECT_TRUE(revisions->target.revisions);
    EXPECT_EQ(revisions->guest.vcpus, 2u);
    EXPECT_EQ(revisions->metrics.size(), spec->metrics.size());
    for (const auto& metric : revisions->metrics)
        EXPECT_EQ(metric.kind, ExpectKind::Report) << metric.name;
    EXPECT_EQ(revisions->target.function, spec->target.function);
    EXPECT_EQ(revisions->kernel.prerequisites, spec->kernel.prerequisites);
}

TEST_F(BisectSpec, OwnMetricsKeepTheirDefinition) {
    const auto text =
        std::string(good_spec) +
        "[metrics.flushes]\nevent = \"tlb:tlb_flush\"\nfilter = \"pages > 1\"\nlabel = \"big "
        "\\\"flushes\\\"\"\nexpect = \"not-worse\"\nwithin = 0.1\n";
    const auto spec = parse_spec(text, file());
    ASSERT_TRUE(spec) << spec.error().message;
    const auto revisions = with(*spec, {{"r00", {}, {}}});
    ASSERT_TRUE(revisions) << revisions.error().message;
    const auto found = std::find_if(revisions->metrics.begin(), revisions->metrics.end(),
                                    [](const MetricSpec& one) { return one.name == "flushes"; });
    ASSERT_NE(found, revisions->metrics.end());
    const auto& own = *found;
    ASSERT_TRUE(own.custom);
    EXPECT_EQ(own.custom->what, "tlb:tlb_flush");
    EXPECT_EQ(own.custom->filter, "pages > 1");
    EXPECT_EQ(own.custom->label, "big \"flushes\"");
    EXPECT_EQ(own.kind, ExpectKind::Report);
}

TEST_F(BisectSpec, RatesStayRatesAndOptionsOfTheArmAreThoseOfItsRevisions) {
    const auto text = std::string(good_spec) +
                      "[metrics.throughput]\ncounter = \"iterations\"\nper = \"second\"\n"
                      "expect = \"rises\"\nratio = 1.2\n";
    const auto spec = parse_spec(
        text, file(), {{"arm.ipi.options", "{ DEBUG_VM = \"y\", LOCALVERSION = '\"-x\"' }"}});
    ASSERT_TRUE(spec) << spec.error().message;
    const auto revisions = with(*spec, {{"r00", {}, {}}});
    ASSERT_TRUE(revisions) << revisions.error().message;
    EXPECT_EQ(revisions->arms[0].options,
              (std::map<std::string, std::string>{{"DEBUG_VM", "y"}, {"LOCALVERSION", "\"-x\""}}));
    const auto found = std::find_if(revisions->metrics.begin(), revisions->metrics.end(),
                                    [](const MetricSpec& one) { return one.name == "throughput"; });
    ASSERT_NE(found, revisions->metrics.end());
    EXPECT_TRUE(found->custom->per_second);
    EXPECT_EQ(found->kind, ExpectKind::Report);
}

TEST_F(BisectSpec, CommitsAreRevisionsOfOneSourceOnTheGoodEndsTree) {
    std::filesystem::create_directories(top_ / "linux");
    const auto spec = parse_spec(good_spec, file());
    ASSERT_TRUE(spec);
    const auto revisions = with(*spec, {{"0123456789ab", {}, "0123456789abcdef"}},
                                GitSource{top_ / "linux", "aaaa", "aaaa"});
    ASSERT_TRUE(revisions) << revisions.error().message;
    const auto& git = std::get<GitSource>(revisions->kernel.source);
    EXPECT_EQ(git.base, "aaaa");
    EXPECT_EQ(revisions->arms[0].revision, "0123456789abcdef");
    EXPECT_TRUE(revisions->arms[0].series.empty());
}

// An arm with a revision of its own keeps it when a series is bisected on it.
TEST_F(BisectSpec, AnArmsOwnRevisionIsKept) {
    std::filesystem::create_directories(top_ / "linux");
    auto text = replaced(good_spec,
                         "source = { distro = \"linux-source-7.3\", suite = \"trixie-backports\" }",
                         "source = { git = \"linux\", revision = \"v6.12\" }");
    text = replaced(text, "name = \"ipi\"\n", "name = \"ipi\"\nrevision = \"v6.13\"\n");
    const auto spec = parse_spec(text, file());
    ASSERT_TRUE(spec) << spec.error().message;
    const auto revisions = with(*spec, {{"r00", {}, {}}});
    ASSERT_TRUE(revisions) << revisions.error().message;
    EXPECT_EQ(revisions->arms[0].revision, "v6.13");
}

TEST_F(BisectSpec, WhatHasNoHistoryIsRefused) {
    const auto images = parse_spec(prebuilt_spec, file());
    ASSERT_TRUE(images) << images.error().message;
    EXPECT_NE(with(*images, {{"r00", {}, {}}}).error().message.find("is a prebuilt image"),
              std::string::npos);
    const auto broken =
        parse_spec(replaced(good_spec, "marker = \"smp_call_function\"",
                            "marker = \"smp_call_function\"\nsplat = \"sleeping function\""),
                   file());
    ASSERT_TRUE(broken) << broken.error().message;
    EXPECT_NE(with(*broken, {{"r00", {}, {}}}).error().message.find("is broken on purpose"),
              std::string::npos);
    const auto spec = parse_spec(good_spec, file());
    const auto none = revision_overrides(*spec, spec->arms.front(), {}, std::nullopt, "totl_ipis");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(none.error().message.find("no metric 'totl_ipis', accepted: "), std::string::npos)
        << none.error().message;
}

// `target.revisions` replaces the markers. It must not be a way to skip validity checks.
TEST_F(BisectSpec, RevisionsAndDeclarationsExcludeEachOther) {
    const auto with_key = [&](const std::string& text) { return parse_spec(text, file()); };
    const auto plain = replaced(replaced(good_spec, "marker = \"smp_call_function\"\n", ""),
                                "marker = \"synchronize_rcu\"\n", "");
    ASSERT_TRUE(with_key(plain)); // the changed lines are counted instead
    const auto declared = with_key(replaced(plain, "[target]\n", "[target]\nrevisions = true\n"));
    ASSERT_FALSE(declared);
    EXPECT_NE(declared.error().message.find("only expect = \"report\" is accepted"),
              std::string::npos)
        << declared.error().message;
    const auto marked = with_key(replaced(good_spec, "[target]\n", "[target]\nrevisions = true\n"));
    ASSERT_FALSE(marked);
    EXPECT_NE(marked.error().message.find("it is not known what changed"), std::string::npos)
        << marked.error().message;
    const auto both =
        with_key(replaced(plain, "[target]\n", "[target]\nrevisions = true\nsame_path = true\n"));
    ASSERT_FALSE(both);
    EXPECT_NE(both.error().message.find("each of the two replaces a marker"), std::string::npos)
        << both.error().message;
    const auto revision =
        with_key(replaced(good_spec, "name = \"ipi\"\n", "name = \"ipi\"\nrevision = \"v6.12\"\n"));
    ASSERT_FALSE(revision);
    EXPECT_NE(revision.error().message.find("kernel.source = { git ="), std::string::npos)
        << revision.error().message;
}

} // namespace
} // namespace rig
