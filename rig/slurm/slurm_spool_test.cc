// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/slurm/slurm_spool.h"

#include "rig/testing/run_fixture.h"
#include "rig/testing/temp_tree.h"

#include <functional>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

SlurmProvenance maker_of(const RunInfo& run) {
    return {run.program,
            run.qemu_version,
            run.kernels[1].facts.image_sha256,
            run.image,
            "n2",
            "12_3",
            1};
}

class Spool : public ::testing::Test {
 protected:
    void SetUp() override { spec_.top = "/top"; }
    Spec spec_ = fixture::make_spec();
    RunInfo run_ = fixture::make_run(spec_);
    testing::TempTree tree_;
};

TEST_F(Spool, WhatIsWrittenIsReadAgain) {
    spec_.text = "text";
    spec_.top = "/top";
    spec_.file = "/top/configs/x.toml";
    const auto plan = slurm_plan(spec_, "program");
    const auto again = load_slurm_plan(tree_.put("plan.json", to_json(plan).dump()));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(to_json(*again), to_json(plan));
    EXPECT_EQ(again->id(), plan.id());
    EXPECT_EQ(plan.run.spec_file, "configs/x.toml");

    SlurmPrepared prepared;
    prepared.prepared.kernels["a"] = {
        "/c/bzImage", "/c/vmlinux", "/c/System.map", "/c/config", "key", "sha", "gcc",
        "6.12",       {"p"},        {"q"},           1.5,         true,  false, true};
    prepared.prepared.kernels["a"].source_warning = "1 file is changed but not committed";
    prepared.prepared.image = "/c/images/k/initramfs";
    prepared.prepared.perf = "/c/perf";
    prepared.prepared.perf_version = "perf 6";
    prepared.sha256 = {{"/c/image", "of the image"}, {"/c/vmlinux", "of vmlinux"}};
    const auto there = load_slurm_prepared(tree_.put("prepared.json", to_json(prepared).dump()));
    ASSERT_TRUE(there) << there.error().message;
    EXPECT_EQ(to_json(*there), to_json(prepared));

    const auto sample = fixture::make_sample("reviewed", 3, true);
    const auto result = load_slurm_result(
        tree_.put("slurm-result.json", to_json(SlurmResult{7, maker_of(run_), sample}).dump()));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->order, 7u);
    EXPECT_EQ(result->maker, maker_of(run_));
    ASSERT_TRUE(result->sample);
    EXPECT_EQ(to_json(*result->sample), to_json(sample));

    const Error error{FaultDomain::Kernel, "message", "/log", "panic", "a splat", "reviewed"};
    const auto failed = load_slurm_result(
        tree_.put("slurm-result.json",
                  to_json(SlurmResult{7, maker_of(run_), tl::unexpected(error)}).dump()));
    ASSERT_TRUE(failed) << failed.error().message;
    ASSERT_FALSE(failed->sample);
    EXPECT_EQ(to_json(failed->sample.error()), to_json(error));
    EXPECT_EQ(to_json(load_slurm_error(tree_.put("error.json", to_json(error).dump())).value()),
              to_json(error));
}

TEST_F(Spool, WhatNoTaskWritesIsTheHostsFault) {
    const auto good =
        to_json(SlurmResult{7, maker_of(run_), fixture::make_sample("reviewed", 3, true)});
    const auto changed = [&](const std::function<void(json&)>& change) {
        auto bad = good;
        change(bad);
        return bad.dump();
    };
    for (const auto& [text, says] : std::vector<std::pair<std::string, std::string>>{
             {"", "nothing, want JSON"},
             {good.dump().substr(0, 100), "no JSON"},
             {changed([](json& j) { j["format"] = 2; }), "format 2, want 1"},
             {changed([](json& j) { j.erase("sample"); }), "want either"},
             {changed([](json& j) { j["error"] = to_json(Error{}); }), "want either"},
             {changed([](json& j) { j["order"] = "7"; }), "order"},
             {changed([](json& j) { j["maker"].erase("qemu"); }), "qemu"},
             {changed([](json& j) { j["more"] = 1; }), "more"},
             {changed([](json& j) { j["sample"].erase("counts"); }), "counts"},
         }) {
        const auto result = load_slurm_result(tree_.put("slurm-result.json", text));
        ASSERT_FALSE(result) << says;
        EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
        EXPECT_NE(result.error().message.find("slurm-result.json"), std::string::npos)
            << result.error().message;
        EXPECT_NE(result.error().message.find(says), std::string::npos) << result.error().message;
    }
    EXPECT_FALSE(load_slurm_result(tree_ / "not-there"));
    EXPECT_FALSE(load_slurm_error(tree_.put(
        "e",
        R"({"blame": "nobody", "message": "", "log": "", "kind": "", "complaint": "", "arm": ""})")));
    EXPECT_FALSE(load_slurm_plan(tree_.put("p", R"({"format": 1, "top": "/", "run": {}})")));
    EXPECT_FALSE(load_slurm_prepared(tree_.put("q", R"({"format": 1})")));
}

TEST_F(Spool, APlanIsFoundAgainByWhatItAsksFor) {
    const auto plan = slurm_plan(spec_, "program");
    EXPECT_EQ(plan.id(), slurm_plan(spec_, "program").id());
    EXPECT_EQ(plan.id().size(), 16u);
    EXPECT_NE(plan.id(), slurm_plan(spec_, "another").id());
    auto run = run_; // the kernels are not known yet
    const auto same = plan.run;
    run.spec_file = same.spec_file, run.spec_text = same.spec_text, run.overrides = same.overrides,
    run.program = same.program;
    run.boots = same.boots, run.vcpus = same.vcpus, run.seed = same.seed, run.clock = same.clock;
    EXPECT_TRUE(is_of(plan, run));
    for (const auto& change : std::vector<std::function<void(RunInfo&)>>{
             [](RunInfo& r) { ++r.boots; }, [](RunInfo& r) { ++r.seed; },
             [](RunInfo& r) { ++r.vcpus; }, [](RunInfo& r) { r.spec_text += " "; },
             [](RunInfo& r) { r.program = "x"; }, [](RunInfo& r) { r.clock = "wall"; },
             [](RunInfo& r) {
                 r.overrides.push_back({"guest.boots", "2"});
             }}) {
        auto other = run;
        change(other);
        EXPECT_FALSE(is_of(plan, other));
    }
}

TEST_F(Spool, Lists) {
    const auto list = tree_.put("list", list_text({4, 0, 17}));
    EXPECT_EQ(order_of(list, 0).value(), 4u);
    EXPECT_EQ(order_of(list, 2).value(), 17u);
    EXPECT_NE(order_of(list, 3).error().message.find("list:4: no such line"), std::string::npos);
    EXPECT_NE(order_of(tree_.put("bad", "1\nx\n"), 1).error().message.find("bad:2: found 'x'"),
              std::string::npos);
    EXPECT_FALSE(order_of(tree_ / "not-there", 0));
    const SlurmSpool spool{tree_.path()};
    EXPECT_TRUE(done_boots(spool).empty());
    for (const auto* name : {"10", "9", "9-12_3-0", "x", "-1"})
        tree_.put(std::filesystem::path("done") / name / kResultFile, "");
    EXPECT_EQ(done_boots(spool), (std::vector<unsigned>{9, 10}));
}

TEST_F(Spool, ABootOfAnotherProgramIsNotOneOfTheRun) {
    const auto good = maker_of(run_);
    EXPECT_EQ(disagreement(good, run_, "reviewed"), "");
    for (const auto& [change, says] :
         std::vector<std::pair<std::function<void(SlurmProvenance&)>, std::string>>{
             {[](SlurmProvenance& m) { m.program = "x"; }, "rig of node n2"},
             {[](SlurmProvenance& m) { m.qemu = "QEMU 9"; }, "QEMU of node n2 is QEMU 9"},
             {[](SlurmProvenance& m) { m.kernel_sha256 = "x"; }, "the kernel of node n2"},
             {[](SlurmProvenance& m) { m.image = "x"; }, "the initramfs of node n2"}}) {
        auto bad = good;
        change(bad);
        EXPECT_NE(disagreement(bad, run_, "reviewed").find(says), std::string::npos)
            << disagreement(bad, run_, "reviewed");
    }
    EXPECT_NE(disagreement(good, run_, "nobody"), "");
    EXPECT_NE(disagreement(good, run_, "ipi"), "") << "the kernel of another arm";
}

} // namespace
} // namespace rig
