// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/profile_boot.h"

#include "rig/base/files.h"
#include "rig/boot/guest_boot.h"
#include "rig/testing/fake_hypervisor.h"
#include "rig/testing/profile_fixture.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;

class ProfileBoot : public ::testing::Test {
 protected:
    // What QEMU's plugin does between the two calls.
    void left(const ProfileBytes& file) const { tree_.put("profile.bin", file.bytes); }
    Profile kept() const {
        return profile_from_json(nlohmann::json::parse(slurp(tree_ / kProfileFile))).value();
    }
    const testing::TempTree tree_{};
    const Profiling profiling_{"libprofile-api1.so",
                               std::make_shared<const ProfileLayout>(profile_layout_of_three())};
};

TEST_F(ProfileBoot, FileIsPreparedAndThenKeptAsJson) {
    tree_.put(kProfileFile, "of an earlier attempt");
    ASSERT_TRUE(begin_profile(profiling_, tree_.path()));
    EXPECT_FALSE(std::filesystem::exists(tree_ / kProfileFile));
    const auto plugin = profiler_of(profiling_, tree_.path());
    EXPECT_EQ(plugin.module, "libprofile-api1.so");
    EXPECT_TRUE(plugin.counts.is_absolute());
    EXPECT_EQ(std::filesystem::file_size(plugin.counts), profile_image(*profiling_.layout)->bytes);
    ProfileBytes file(*profiling_.layout);
    file.header.began_at[RIG_WINDOW_COUNT_PASS] = 0;
    file.header.ended_at[RIG_WINDOW_COUNT_PASS] = 900;
    file.function(0, RIG_WINDOW_COUNT_PASS, 42, 6);
    file.stamp(100);
    file.stamp(800);
    left(file);
    ASSERT_TRUE(
        keep_profile(profiling_,
                     {{"counted-perf-script.txt", "init     1 [000]     0.000000100:    a:b: x\n"
                                                  "init     1 [000]     0.000001800:    a:b: x\n"},
                      {"timed-perf-script.txt", ""}},
                     tree_.path()));
    EXPECT_FALSE(std::filesystem::exists(tree_ / "profile.bin"));
    ASSERT_EQ(kept().rows.size(), 1u);
    EXPECT_EQ(kept().rows[0].instructions[RIG_WINDOW_COUNT_PASS], 42u);
    ASSERT_TRUE(kept().clock[RIG_WINDOW_COUNT_PASS]);
    EXPECT_EQ(kept().clock[RIG_WINDOW_COUNT_PASS]->idle_ns(), 1000u);
}

TEST_F(ProfileBoot, BootThatDiedLeavesItsCountsWithoutAClock) {
    ProfileBytes file(*profiling_.layout);
    file.header.window = RIG_WINDOW_COUNT_PASS;
    file.function(0, RIG_WINDOW_COUNT_PASS, 42, 6);
    file.stamp(100);
    left(file);
    ASSERT_TRUE(keep_profile(profiling_, {}, tree_.path()));
    EXPECT_EQ(kept().rows[0].instructions[RIG_WINDOW_COUNT_PASS], 42u);
    EXPECT_FALSE(kept().clock[RIG_WINDOW_COUNT_PASS]);
    EXPECT_NE(unusable(kept()), "");
}

TEST_F(ProfileBoot, DamagedFileIsTheHostsFaultAndNamed) {
    tree_.put("profile.bin", "short");
    const auto kept = keep_profile(profiling_, {}, tree_.path());
    ASSERT_FALSE(kept);
    EXPECT_EQ(kept.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(kept.error().message.find("profile.bin: profile: 5 bytes, want the"),
              std::string::npos)
        << kept.error().message;
    EXPECT_FALSE(begin_profile(profiling_, tree_ / "no-such-folder"));
}

// A hypervisor in which a plugin counts, and whose guest panics.
class Counting : public testing::FakeHypervisor {
 public:
    Counting(std::vector<testing::FakeBoot> boots, std::string left)
        : FakeHypervisor(std::move(boots)), left_(std::move(left)) {}
    Result<GuestEnd> run(const BootRequest& request,
                         const std::function<bool(std::string_view)>& on_bytes,
                         std::stop_token stop) override {
        if (request.profiler) {
            EXPECT_TRUE(write_atomically(request.profiler->counts, left_));
        }
        return FakeHypervisor::run(request, on_bytes, stop);
    }

 private:
    std::string left_;
};

TEST_F(ProfileBoot, IsInTheEvidenceHoweverTheBootEndsAndHidesNoFault) {
    tree_.put("image", "070701");
    const auto evidence = tree_.put("evidence/x", "").parent_path();
    Spec spec;
    spec.arms.resize(1);
    testing::FakeBoot hangs;
    hangs.outcome = TimedOut{};
    ProfileBytes file(*profiling_.layout);
    file.function(0, RIG_WINDOW_COUNT_PASS, 42, 6);
    const auto boot = [&](const std::string& left, bool profiled) {
        Counting hypervisor({hangs}, left);
        GuestSetup setup{
            spec, {GuestClock::Virtual, Accelerator::Tcg}, tree_ / "image", hypervisor};
        if (profiled) setup.profiling = profiling_;
        const auto record = boot_guest(setup, {}, simple_plan("idle"), 1, evidence, {});
        EXPECT_EQ(hypervisor.requests.at(0).profiler.has_value(), profiled);
        return record ? std::string() : record.error().message;
    };
    const auto without = boot("", false);
    EXPECT_FALSE(std::filesystem::exists(evidence / kProfileFile)) << "nobody asked for it";
    EXPECT_EQ(boot(file.bytes, true), without);
    EXPECT_NE(slurp(evidence / kProfileFile).find("\"alpha\":[0,42,0,0,6,0]"), std::string::npos);
    EXPECT_EQ(boot("damaged", true), without) << "the guest's fault is the one that counts";
}

} // namespace
} // namespace rig
