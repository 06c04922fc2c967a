// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/results/run_profiles.h"

#include "rig/results/run_store.h"
#include "rig/testing/profile_fixture.h"
#include "rig/testing/run_fixture.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;

TEST(RunProfiles, ThoseOfTheSamplesThatHaveOne) {
    const testing::TempTree dir;
    const auto samples = make_samples(make_spec(2));
    const auto& first = samples[0].id;
    const auto put = [&](const std::string& text) {
        dir.put("boots/" + boot_folder(first) + "/profile.json", text);
        return load_profiles(dir.path(), samples);
    };
    EXPECT_TRUE(load_profiles(dir.path(), samples)->empty());
    const auto profile = profile_with({counted_row("alpha", 9, 1)});
    const auto loaded = put(to_json(profile).dump());
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_EQ(loaded->size(), 1u);
    EXPECT_EQ((*loaded)[0].arm, first.arm);
    EXPECT_EQ((*loaded)[0].index, first.index);
    EXPECT_EQ((*loaded)[0].profile, profile);
}

TEST(RunProfiles, UnreadableOrUnusableOneIsAnErrorThatNamesIt) {
    const testing::TempTree dir;
    const auto samples = make_samples(make_spec(2));
    const auto message = [&](const std::string& text) {
        dir.put("boots/" + boot_folder(samples[0].id) + "/profile.json", text);
        const auto loaded = load_profiles(dir.path(), samples);
        if (loaded) return std::string();
        EXPECT_EQ(loaded.error().fault_domain, FaultDomain::Host);
        return loaded.error().message;
    };
    auto profile = profile_with({counted_row("alpha", 9, 1)});
    EXPECT_EQ(message(to_json(profile).dump()), "") << "the control";
    EXPECT_NE(message("torn").find("/profile.json: no JSON"), std::string::npos);
    EXPECT_NE(message("{}").find("/profile.json: "), std::string::npos);
    profile.functions_ran = 100; // and one of them entered
    EXPECT_NE(message(to_json(profile).dump()).find("the System.map is not that of the kernel"),
              std::string::npos);
}

} // namespace
} // namespace rig
