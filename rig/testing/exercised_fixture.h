// SPDX-License-Identifier: GPL-2.0-or-later
// Fixture for tests of the validity checks: a good run, in which each test damages something.
#pragma once

#include "rig/analysis/target_checks.h"
#include "rig/analysis/validity_check.h"
#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace rig::fixture {

class ExercisedTest : public ::testing::Test {
 protected:
    // The checks of one arm; default: the patched arm.
    std::vector<ValidityCheck> checks(std::size_t arm = 1) {
        return prove({spec_, spec_.arms[arm], arm ? facts_ : baseline_, baseline_, samples_,
                      replays_, &lines_});
    }
    const ValidityCheck& check(const std::string& id, std::size_t arm = 1) {
        checks_ = checks(arm);
        for (const auto& one : checks_)
            if (one.id == id) return one;
        ADD_FAILURE() << "no proof " << id;
        return none_;
    }
    // Expects that exactly these checks fail, in this order.
    void expect_failing(const std::vector<std::string>& ids, std::size_t arm = 1) {
        std::vector<std::string> failing;
        for (const auto& one : checks(arm)) {
            if (!one.passed) failing.push_back(one.id);
            EXPECT_EQ(one.passed, one.reason.empty()) << one.id << ": " << one.reason;
            EXPECT_FALSE(one.found.empty()) << one.id;
            EXPECT_FALSE(one.claim.empty()) << one.id;
        }
        EXPECT_EQ(failing, ids);
    }
    // Boot `index` of the patched arm.
    Sample& boot(unsigned index) { return samples_[2 * index + 1]; }

    Spec spec_ = make_spec();
    KernelFacts baseline_ = make_facts('a'), facts_ = make_facts('b');
    std::vector<Sample> samples_ = make_samples(spec_);
    std::vector<Replay> replays_ = {{"ipi", 0, ""}, {"reviewed", 0, ""}};
    LineEvidence lines_; // none: an older run
    std::vector<ValidityCheck> checks_;
    ValidityCheck none_;
};

} // namespace rig::fixture
