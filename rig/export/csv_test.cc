// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/csv.h"

#include "rig/testing/export_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

bool has(const std::string& text, const std::string& line) {
    return text.find("\r\n" + line + "\r\n") != std::string::npos;
}

TEST(Csv, FieldsAreQuotedWhereTheyMust) {
    EXPECT_EQ(csv_field("plain"), "plain");
    EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_field("say \"x\""), "\"say \"\"x\"\"\"");
    EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
}

TEST(Csv, WhatABootDoesNotHoldIsEmptyAndNotZero) {
    auto spec = judged_spec();
    auto samples = make_samples(spec);
    samples[1].counts.erase("tlb_flushes");
    const auto text = render_csv(input_of(spec, samples), samples);
    EXPECT_TRUE(has(text, "ipi,0,1000,0,yes,sync_ipis,count,240"));
    EXPECT_TRUE(has(text, "reviewed,0,1000,1,yes,sync_ipis,count,0"));
    EXPECT_TRUE(has(text, "reviewed,0,1000,1,yes,tlb_flushes,count,")) << text;
    EXPECT_TRUE(has(text, "ipi,1,1001,2,yes,target_latency,ns,14457"));
}

TEST(Csv, WarmupIsThereAndSaysSo) {
    auto spec = judged_spec();
    spec.guest.warmup_boots = 1;
    auto samples = make_samples(spec);
    for (auto& sample : samples)
        sample.run_clock = "wall";
    const auto text = render_csv(input_of(spec, samples), samples);
    EXPECT_TRUE(has(text, "ipi,0,1000,0,no,sync_ipis,count,240"));
    EXPECT_TRUE(has(text, "ipi,1,1001,2,yes,sync_ipis,count,240"));
}

TEST(Csv, RawHasEverySingleValueInOrder) {
    const auto spec = judged_spec(1);
    const auto samples = make_samples(spec);
    const auto text = render_csv_raw(input_of(spec, samples), samples);
    EXPECT_TRUE(text.starts_with("arm,boot,metric,unit,index,value\r\nipi,0,target_latency,ns,0,"
                                 "10500\r\nipi,0,target_latency,ns,1,10600\r\n"))
        << text.substr(0, 200);
    EXPECT_TRUE(has(text, "reviewed,0,bystander_work_time,ns,299,30000"));
    EXPECT_EQ(text.find("sync_ipis"), std::string::npos);
}

} // namespace
} // namespace rig
