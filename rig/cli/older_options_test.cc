// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/older_options.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using Words = std::vector<std::string>;

TEST(OlderOptions, EachHasANewerName) {
    const auto newer = with_newer_names(
        {"bisect", "x.toml", "--most-boots", "4", "--least-effect=0.5", "--no-look", "--fresh"});
    EXPECT_EQ(newer.words, (Words{"bisect", "x.toml", "--max-boots", "4", "--min-effect=0.5",
                                  "--no-spot-checks", "--no-resume"}));
    EXPECT_EQ(newer.deprecation,
              "deprecated: --most-boots is now --max-boots, --least-effect is now --min-effect, "
              "--no-look is now --no-spot-checks, --fresh is now --no-resume");
    EXPECT_EQ(with_newer_names({"calibrate", "--side", "9"}).words,
              (Words{"calibrate", "--boots-per-side", "9"}));
}

TEST(OlderOptions, SoHaveVerdicts) {
    EXPECT_EQ(with_newer_names({"list", "--verdict", "broken"}).words,
              (Words{"list", "--verdict", "fail"}));
    const auto newer = with_newer_names({"list", "--verdict=as-expected"});
    EXPECT_EQ(newer.words, (Words{"list", "--verdict=pass"}));
    EXPECT_EQ(newer.deprecation, "deprecated: verdict as-expected is now pass");
}

TEST(OlderOptions, NothingElseChanges) {
    const Words words{"list", "--verdict", "pass", "--experiment", "broken", "--", "--fresh"};
    const auto newer = with_newer_names(words);
    EXPECT_EQ(newer.words, words);
    EXPECT_EQ(newer.deprecation, "");
    EXPECT_EQ(with_newer_names({"verdict", "--freshest", "--sides"}).words,
              (Words{"verdict", "--freshest", "--sides"}));
}

} // namespace
} // namespace rig
