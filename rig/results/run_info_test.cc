// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/results/run_info.h"

#include "rig/results/stored_spec.h"
#include "rig/testing/run_fixture.h"
#include "rig/testing/spec_project.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;
using nlohmann::json;

std::string read_error(const json& value) {
    auto result = run_info_from_json(value);
    return result ? "" : result.error().message;
}

TEST(RunInfo, RoundTripsThroughTextExactly) {
    auto run = make_run(make_spec());
    run.spec_text = "name = \"µ\"\n# \"quotes\" and \t tabs\n";
    run.libvirt_version = "9.0.0";
    auto text = to_json(run).dump();
    auto back = run_info_from_json(json::parse(text));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(to_json(*back).dump(), text);
    EXPECT_EQ(back->spec_text, run.spec_text);
    EXPECT_EQ(back->kernels[1].facts.symbols, run.kernels[1].facts.symbols);
    EXPECT_EQ(back->find_kernel("reviewed")->patches.size(), 2u);
    EXPECT_EQ(back->find_kernel("other"), nullptr);
}

TEST(RunInfo, IsStrict) {
    auto whole = to_json(make_run(make_spec()));
    for (const auto& item : whole.items()) {
        auto cut = whole;
        cut.erase(item.key());
        EXPECT_EQ(read_error(cut), "run." + item.key() + ": missing");
        auto wrong = whole;
        wrong[item.key()] = json::object({{"a", 1}});
        EXPECT_NE(read_error(wrong).find("run." + item.key() + ": "), std::string::npos);
    }
    auto more = whole;
    more["kernels"][1]["facts"]["guess"] = 1;
    EXPECT_NE(read_error(more).find("run.kernels[1].facts.guess: unknown key"), std::string::npos);
    whole["format"] = 99;
    EXPECT_EQ(read_error(whole), "run.format: 99, want 5 or 6 (written by another version of rig)");
}

TEST(RunInfo, SaysHowBootsWerePackedAndWhatDependsOnIt) {
    auto run = make_run(make_spec());
    EXPECT_FALSE(to_json(run).contains("packing")) << "of a rig that did not say";
    run.cpu_allocation = {2, {"0-1"}, false, false, {"slow"}};
    const auto back = run_info_from_json(to_json(run));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(to_json(*back), to_json(run));
    auto cut = to_json(run);
    cut["packing"].erase("shared");
    EXPECT_EQ(read_error(cut), "run.packing.shared: missing");
    auto other = run;
    other.cpu_allocation = {1, {"0"}, false, false, {}};
    EXPECT_TRUE(run.same_run(other)) << "virtual clock";
    run.clock = other.clock = "wall";
    EXPECT_FALSE(run.same_run(other));
    other.cpu_allocation = run.cpu_allocation;
    other.cpu_allocation.warnings.clear();
    EXPECT_TRUE(run.same_run(other));
    other.cpu_allocation.shared = true;
    EXPECT_FALSE(run.same_run(other));
}

TEST(RunInfo, KeepsWhatTheSourceWarnedOfAndIsTheSameRunAllTheSame) {
    const auto run = make_run(make_spec());
    EXPECT_FALSE(to_json(run).contains("source_warnings"));
    auto warned = run;
    warned.source_warnings = {"linux: 1 file is changed but not committed"};
    const auto back = run_info_from_json(to_json(warned));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->source_warnings, warned.source_warnings);
    EXPECT_TRUE(run.same_run(warned)) << "the commit that is built is the same";
    auto wrong = to_json(warned);
    wrong["source_warnings"] = 1;
    EXPECT_NE(read_error(wrong).find("run.source_warnings: "), std::string::npos);
}

TEST(RunInfo, ReadsFormatFiveWhichHadNoHashesOfPatches) {
    auto old = to_json(make_run(make_spec()));
    old["format"] = 5;
    for (auto& kernel : old["kernels"])
        kernel.erase("patch_sha256");
    const auto info = run_info_from_json(old);
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_EQ(info->kernels[1].patches.size(), 2u);
    EXPECT_TRUE(info->kernels[1].patch_sha256.empty());
    old["format"] = 6;
    EXPECT_EQ(read_error(old), "run.kernels[0].patch_sha256: missing");
    auto some = to_json(make_run(make_spec()));
    some["kernels"][1]["patch_sha256"].erase(1);
    EXPECT_EQ(read_error(some),
              "run.kernels: arm reviewed: 1 patch_sha256, want none or 2, one per patch");
}

class RunInfoSpec : public SpecProject {};

TEST_F(RunInfoSpec, TheSpecIsAsItWasRun) {
    RunInfo run;
    run.spec_file = "configs/x.toml";
    run.spec_text = good_spec;
    run.clock = "wall";
    run.boots = 17;
    run.vcpus = 2;
    run.seed = 99;
    auto spec = spec_of(run, top_);
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->guest.boots, 17u); // the command line overrode 3
    EXPECT_EQ(spec->guest.vcpus, 2u);
    EXPECT_EQ(spec->guest.seed, 99u);
    EXPECT_EQ(spec->guest.clock, ClockChoice::Wall);
    run.spec_text = "name = 3";
    EXPECT_EQ(spec_of(run, top_).error().fault_domain, FaultDomain::Spec);
    EXPECT_EQ(stored_spec_of(run).error().message,
              spec_of(run, "").error().message); // as strict as for a file that is to be run
}

TEST_F(RunInfoSpec, AStoredSpecNeedsNoProject) {
    RunInfo run;
    run.spec_file = "configs/x.toml";
    run.spec_text = std::string(good_spec) + "[image]\nfiles = [\"/tmp/gone/program\"]\n";
    run.clock = "wall";
    run.boots = 17;
    run.vcpus = 2;
    run.seed = 99;
    ASSERT_FALSE(spec_of(run, top_));
    std::filesystem::remove_all(top_ / "kernel-patches");
    std::filesystem::remove_all(top_ / "configs");
    const auto spec = stored_spec_of(run);
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->guest.boots, 17u);
    EXPECT_EQ(spec->guest.clock, ClockChoice::Wall);
    EXPECT_EQ(spec->arms[1].series.at(0), "kernel-patches/6.12/reviewed");
    EXPECT_EQ(spec->image_files.at(0), "/tmp/gone/program");
    run.spec_text = prebuilt_spec;
    EXPECT_TRUE(stored_spec_of(run));
    for (const char* source : {"tarball = \"gone.tar.xz\", sha256 = \"%\"",
                               "git = \"../gone/linux\", revision = \"v6.12\""}) {
        std::string with = source;
        if (const auto at = with.find('%'); at != with.npos)
            with.replace(at, 1, std::string(64, 'a'));
        run.spec_text = replaced(minimal_spec, "distro = \"linux-source-6.12\"", with);
        const auto other = stored_spec_of(run);
        EXPECT_TRUE(other) << other.error().message;
    }
}

} // namespace
} // namespace rig
