// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/older_names.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

TEST(OlderNames, AMetricUnderAnyOfItsNamesIsTheSame) {
    EXPECT_EQ(older::metric("munmap_latency"), "call_latency");
    EXPECT_EQ(older::metric("caller_latency"), "target_latency");
    EXPECT_EQ(older::metric("call_latency"), "call_latency");
    EXPECT_EQ(older::metric("my_own"), "my_own");
}

TEST(OlderNames, OnlyKeysThatHadAnotherNameHaveOne) {
    EXPECT_EQ(older::sample_key("work_done"), "tables_freed");
    EXPECT_EQ(older::sample_key("call_latency_ns"), "munmap_latency_ns");
    EXPECT_EQ(older::sample_key("injections"), "");
}

} // namespace
} // namespace rig
