// SPDX-License-Identifier: GPL-2.0-or-later
// Faults of [[fault]] in real boots, with the kernels of the default experiment, which have one
// fault point. configs/fault-points.toml has a kernel with all of them; configs/measures.toml runs
// it, with controls.
#include "tests/rig_program.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

class FaultPoints : public testing::RigProgram {
 protected:
    static std::string faults(const std::string& keys) { return "fault=[{" + keys + "}]"; }
    // The sample of one boot, without what is the host's.
    json sample(const std::string& keys, unsigned index = 0) {
        const auto result =
            rig({"--quiet", "boot", "configs/batch-alloc-fail.toml", "--arm", "ipi", "--clock",
                 "virtual", "--index", std::to_string(index), "--set", faults(keys), "--json"});
        EXPECT_EQ(exit_code(result), 0) << result.out;
        auto all = json::parse(result.out, nullptr, false);
        EXPECT_TRUE(all.is_object()) << result.out;
        if (all.is_object()) all.erase("host");
        return all;
    }
};

const std::string kPages = R"(point = "fail_page_alloc", function = "tlb_remove_table")";

// A batch that was allocated takes the other tables of its munmap(). Of two allocations the second
// one fails: each call but the first one loses one, and in the latency pass, which counts on, each.
TEST_F(FaultPoints, EachPointIsCountedWithItsSites) {
    const auto found = sample(kPages + ", interval = 2");
    const json want{{"point", "fail_page_alloc"},
                    {"injections", 19},
                    {"timed_injections", 20},
                    {"failed", 19},
                    {"below", 19},
                    {"by_site", {{"tlb_remove_table", 19}}}};
    EXPECT_EQ(found.value("faults", json()), json::array({want}));
}

TEST_F(FaultPoints, ProbabilityReplaysAndDependsOnTheSeed) {
    const auto keys = kPages + ", probability = 50";
    const auto first = sample(keys), again = sample(keys), other = sample(keys, 1);
    const auto injections = first.at("faults").at(0).at("injections").get<unsigned>();
    EXPECT_GT(injections, 0u);
    EXPECT_LT(injections, 80u);
    EXPECT_TRUE(first == again) << "see sample.json in both folders";
    EXPECT_FALSE(first == other) << "the control: the next seed differs";
}

TEST_F(FaultPoints, AKernelWithoutThePointIsNotBooted) {
    const auto result = rig({"compare", "configs/batch-alloc-fail.toml", "--clock", "virtual",
                             "--set", faults("point = \"fail_usercopy\"")});
    EXPECT_EQ(exit_code(result), 4) << result.out;
    EXPECT_NE(result.out.find("CONFIG_FAULT_INJECTION_USERCOPY=n, want y for"), std::string::npos)
        << result.out;
}

} // namespace
} // namespace rig
