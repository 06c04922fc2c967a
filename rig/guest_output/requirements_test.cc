// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/requirements.h"

#include "rig/plan/guest_plan.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

constexpr const char* kX86 = "processor\t: 0\nmodel name\t: QEMU TCG CPU\n"
                             "flags\t\t: fpu de pse invlpgb\nbugs\t\t: spectre_v1\n\n"
                             "processor\t: 1\nflags\t\t: fpu de pse\n";

TEST(Requirements, AFlagCountsOnlyIfEveryCpuHasIt) {
    EXPECT_EQ(cpu_flags(kX86), (std::set<std::string>{"de", "fpu", "pse"}));
    EXPECT_EQ(cpu_flags("Features\t: fp asimd\n"), (std::set<std::string>{"asimd", "fp"}));
    EXPECT_EQ(cpu_flags("isa\t\t: rv64imac_zicbom_zba\nmmu\t\t: sv39\n"),
              (std::set<std::string>{"a", "c", "i", "m", "zba", "zicbom"}));
    EXPECT_TRUE(cpu_flags("").empty());
    EXPECT_TRUE(cpu_flags("flags:\n").empty());
}

TEST(Requirements, EachIsLookedUpAndNoneIsTakenForGranted) {
    Requirements required;
    required.cpu_flags = {"fpu", "invlpgb"};
    required.files = {"/proc/kcore"};
    required.tracepoints = {"csd:csd_queue_cpu"};
    EXPECT_EQ(required_paths(required),
              (std::vector<std::string>{"/proc/kcore",
                                        "/sys/kernel/tracing/events/csd/csd_queue_cpu/id"}));
    const auto found = look_up(required, kX86, json::array({true, false}));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(*found, (std::map<std::string, std::uint64_t>{{"CPU flag fpu", 1},
                                                            {"CPU flag invlpgb", 0},
                                                            {"file /proc/kcore", 1},
                                                            {"tracepoint csd:csd_queue_cpu", 0}}));
    // A guest that does not answer has not said no.
    for (const auto& answer : {json(), json::array(), json::array({true})}) {
        const auto none = look_up(required, kX86, answer);
        ASSERT_FALSE(none) << answer;
        EXPECT_EQ(none.error().fault_domain, FaultDomain::Guest);
    }
    EXPECT_FALSE(look_up(required, "", json::array({true, false})));
}

} // namespace
} // namespace rig
