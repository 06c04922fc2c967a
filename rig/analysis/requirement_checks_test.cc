// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/requirement_checks.h"

#include "rig/guest_output/requirements.h"
#include "rig/testing/exercised_fixture.h"

namespace rig {
namespace {

using namespace rig::fixture;

class RequirementChecks : public ExercisedTest {
 protected:
    void found(const std::string& what, const std::string& name, bool there) {
        for (auto& sample : samples_)
            sample.requirements[requirement_key(what, name)] = there;
    }
};

TEST_F(RequirementChecks, WhatIsMissingIsNamed) {
    const auto without = checks().size();
    spec_.required.cpu_flags = {"invlpgb"};
    spec_.required.tracepoints = {"csd:csd_queue_cpu"};
    found("CPU flag", "invlpgb", true);
    found("tracepoint", "csd:csd_queue_cpu", true);
    expect_failing({});
    EXPECT_EQ(checks().size(), without + 1);
    EXPECT_EQ(check("requires").found, "CPU flag invlpgb, tracepoint csd:csd_queue_cpu");
    boot(3).requirements[requirement_key("CPU flag", "invlpgb")] = 0;
    expect_failing({"requires"});
    expect_failing({}, 0);
    EXPECT_EQ(check("requires").found, "boot 3: no CPU flag invlpgb");
    EXPECT_NE(check("requires").reason.find("a guest on tcg does not have"), std::string::npos);
    // Not looked up is not there: samples of a rig that did not know this key.
    boot(3).requirements.clear();
    expect_failing({"requires"});
    EXPECT_NE(check("requires").found.find("CPU flag invlpgb not looked up"), std::string::npos);
}

TEST_F(RequirementChecks, OptionsAndVcpus) {
    spec_.required.options = {{"PARAVIRT", "y"}};
    spec_.required.vcpus = 4;
    expect_failing({});
    facts_.config["PARAVIRT"] = "n";
    expect_failing({"requires"});
    EXPECT_EQ(check("requires").found, "CONFIG_PARAVIRT=n, want y");
    facts_ = make_facts('b');
    spec_.required.vcpus = 8;
    expect_failing({"requires"});
    EXPECT_EQ(check("requires").found, "boot 0: 4 vCPUs, want at least 8 (8 of 8 boots fail)");
}

} // namespace
} // namespace rig
