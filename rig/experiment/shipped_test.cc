// SPDX-License-Identifier: GPL-2.0-or-later
// Tests that the files in configs/ are valid, so that no user finds the mistake first.
#include "rig/base/files.h"
#include "rig/experiment/suite_run.h"
#include "rig/nightly/nightly_config.h"
#include "rig/spec/spec_parser.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

TEST(Shipped, EveryExperimentSuiteAndNightIsWellFormed) {
    unsigned experiments = 0, suites = 0, nights = 0;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(RIG_TOP) / "configs")) {
        if (entry.path().extension() != ".toml") continue;
        const auto text = slurp(entry.path());
        if (is_suite(text)) {
            const auto suite = parse_suite(text, entry.path());
            ASSERT_TRUE(suite) << suite.error().message;
            const auto files = check_suite_files(*suite, {});
            EXPECT_TRUE(files) << entry.path() << ": " << files.error().message;
            // Negative control: the check above can fail.
            EXPECT_FALSE(check_suite_files(*suite, {{"guest.vcpus", "99"}}));
            ++suites;
        } else if (is_night_config(text)) {
            auto config = parse_night_config(text, entry.path());
            ASSERT_TRUE(config) << config.error().message;
            const auto files = check_night_files(*config);
            EXPECT_TRUE(files) << files.error().message;
            config->cells.front().watch.emplace_back("no_such_metric"); // negative control
            EXPECT_FALSE(check_night_files(*config));
            ++nights;
        } else {
            const auto spec = parse_spec(text, entry.path());
            EXPECT_TRUE(spec) << spec.error().message;
            ++experiments;
        }
    }
    EXPECT_GE(experiments, 8u);
    EXPECT_GE(suites, 1u);
    EXPECT_GE(nights, 1u);
}

} // namespace
} // namespace rig
