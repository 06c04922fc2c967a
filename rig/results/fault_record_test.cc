// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/results/fault_record.h"

#include "rig/testing/export_fixture.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;
using rig::testing::TempTree;

TEST(FaultRecord, IsReadBack) {
    const auto fault = parse_fault("0012-rt-bystander-3.cut-short-1", "fault-2.txt",
                                   "host: hypervisor-exit: QEMU: exit 1: no\nroom\n");
    ASSERT_TRUE(fault) << fault.error().message;
    EXPECT_EQ(fault->arm, "rt-bystander");
    EXPECT_EQ(fault->index, 3u);
    EXPECT_EQ(fault->order, 12u);
    EXPECT_EQ(fault->attempt, 2u);
    EXPECT_EQ(fault->fault_domain, FaultDomain::Host);
    EXPECT_EQ(fault->kind, "hypervisor-exit");
    EXPECT_EQ(fault->message, "QEMU: exit 1: no\nroom");
}

TEST(FaultRecord, WhatIsNoneIsNamed) {
    const auto error = [](const char* folder, const char* file, const char* text) {
        const auto fault = parse_fault(folder, file, text);
        return fault ? "" : fault.error().message;
    };
    EXPECT_EQ(error("x", "fault-0.txt", "host: a: b"),
              "boots/x/fault-0.txt: want a folder named ORDER-ARM-INDEX");
    EXPECT_EQ(error("0001-ipi-0", "fault-x.txt", "host: a: b"),
              "boots/0001-ipi-0/fault-x.txt: want a file named fault-N.txt");
    EXPECT_EQ(error("0001-ipi-0", "fault-0.txt", "me: a: b"),
              "boots/0001-ipi-0/fault-0.txt:1: found 'me: a: b', want \"BLAME: ENDING: MESSAGE\" "
              "with spec, host, kernel or guest to blame");
    EXPECT_NE(error("0001-ipi-0", "fault-0.txt", "host: cut"), "");
    EXPECT_NE(error("0001-ipi-0", "fault-0.txt", ""), "");
}

TEST(FaultRecord, WhatWasMadeAgainIsTold) {
    const TempTree dir;
    const auto spec = make_spec(2);
    auto run = make_run(spec);
    run.replays = {{"ipi", 0, ""}};
    auto samples = make_samples(spec); // orders 0..3
    samples.pop_back();
    dir.put("boots/0003-reviewed-1/fault-1.txt", "host: starved: again\n");
    dir.put("boots/0003-reviewed-1/fault-0.txt", "host: starved: no CPU\n");
    dir.put("boots/0002-ipi-1/fault-0.txt", "host: starved: no CPU\n");
    dir.put("boots/0004-ipi-0/fault-0.txt", "host: starved: in the replay\n");
    dir.put("boots/0000-ipi-0/console.log", "host: no: record\n");
    const auto faults = load_faults(dir.path(), run, samples);
    ASSERT_TRUE(faults) << faults.error().message;
    ASSERT_EQ(faults->size(), 4u);
    EXPECT_EQ(faults->at(0).arm, "ipi");
    EXPECT_TRUE(faults->at(0).made_again);
    EXPECT_EQ(faults->at(1).attempt, 0u);
    EXPECT_EQ(faults->at(2).attempt, 1u);
    EXPECT_FALSE(faults->at(2).made_again);
    EXPECT_TRUE(faults->at(3).made_again) << "the replay";
    EXPECT_TRUE(load_faults(dir / "boots/0000-ipi-0", run, samples)->empty());
    dir.put("boots/0000-ipi-0/fault-0.txt", "nonsense");
    EXPECT_FALSE(load_faults(dir.path(), run, samples));
}

} // namespace
} // namespace rig
