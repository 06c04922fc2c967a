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

TEST(OlderNames, VerdictsAndClosingLinesGetTheirNewWords) {
    EXPECT_EQ(older::verdict("as-expected"), "pass");
    EXPECT_EQ(older::verdict("broken"), "fail");
    EXPECT_EQ(older::verdict("inconclusive"), "inconclusive");
    EXPECT_EQ(older::metric_verdict("not judged"), "no expectation");
    EXPECT_EQ(older::metric_verdict("broken"), "broken");
    EXPECT_EQ(older::closing("AS EXPECTED: 2 hold"), "PASS: 2 hold");
    EXPECT_EQ(older::closing("NOT AS EXPECTED: 1 failed"), "FAIL: 1 failed");
    EXPECT_EQ(older::closing("NOTHING DECIDED: 6 undecided"), "INCONCLUSIVE: 6 undecided");
    EXPECT_EQ(older::closing("PASS: 2 hold"), "PASS: 2 hold");
    EXPECT_EQ(older::closing("kernel: panic"), "kernel: panic");
}

TEST(OlderNames, OnlyKeysThatHadAnotherNameHaveOne) {
    EXPECT_EQ(older::sample_key("work_done"), "tables_freed");
    EXPECT_EQ(older::sample_key("call_latency_ns"), "munmap_latency_ns");
    EXPECT_EQ(older::sample_key("injections"), "");
}

} // namespace
} // namespace rig
