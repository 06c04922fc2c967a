// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/boot_outcome.h"

#include <gtest/gtest.h>
#include <set>

namespace rig {
namespace {

TEST(BootOutcome, EveryEndingHasANameOfItsOwnAndABlame) {
    std::set<std::string> names;
    std::set<BootOutcome> seen;
    for (const auto& info : endings()) {
        EXPECT_TRUE(names.insert(info.name).second) << info.name;
        EXPECT_TRUE(seen.insert(info.ending).second) << info.name;
        EXPECT_NE(info.fault_domain, FaultDomain::Spec) << info.name;
        EXPECT_EQ(ended(info.ending, "x").value().kind, info.name);
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(BootOutcome::Cancelled) + 1)
        << "one is missing in the table";
}

TEST(BootOutcome, EvidenceThatIsNoneAfterASplatIsTheKernels) {
    const Error bad{FaultDomain::Guest, "the workload was killed by signal 11", "log",
                    "workload-crash", "WARNING: at mm/x.c, in foo"};
    const auto error = after_complaint(bad);
    EXPECT_EQ(error.fault_domain, FaultDomain::Kernel);
    EXPECT_EQ(error.kind, "splat");
    EXPECT_EQ(
        error.message,
        "kernel splat: WARNING: at mm/x.c, in foo; then: the workload was killed by signal 11");
}

TEST(BootOutcome, AHypervisorThatDidNotStartMayNameWhatTheHostLacks) {
    EXPECT_EQ(did_not_start("No space left on device", "").value().kind, "disk-full");
    EXPECT_EQ(did_not_start("no such machine", "").value().kind, "hypervisor-start");
}

} // namespace
} // namespace rig
