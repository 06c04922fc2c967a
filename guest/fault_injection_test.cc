// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/fault_injection.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <unistd.h>

namespace rig::guest {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Plain files, which contain what was written: like debugfs, but they never refuse a value.
class FaultFiles : public ::testing::Test {
 protected:
    void SetUp() override {
        root_ = fs::temp_directory_path() / ("rig-faults-" + std::to_string(::getpid()));
        for (const char* folder : {"debug/failslab", "debug/fail_page_alloc", "debug/fail_function",
                                   "debug/fail_function/f", "proc/7", "proc/8"})
            fs::create_directories(root_ / folder);
        for (const char* file :
             {"debug/failslab/times", "debug/failslab/probability", "debug/fail_page_alloc/times",
              "debug/fail_page_alloc/probability", "debug/fail_function/inject",
              "debug/fail_function/f/retval", "proc/7/make-it-fail", "proc/8/make-it-fail"})
            std::ofstream(root_ / file);
    }
    void TearDown() override { fs::remove_all(root_); }
    FaultInjection faults(const json& plan) const {
        return FaultInjection(plan, root_ / "debug", root_ / "proc");
    }
    std::string content(const std::string& file) const {
        std::ifstream in(root_ / file);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    fs::path root_;
    OwnTasks tasks_{7, 8, {8}};
    json result_ = json::object();
    std::string error_;
};

const json kListed = {{"faults",
                       {{{"point", "failslab"},
                         {"first", json::array()},
                         {"attributes", {{"times", "50", "50"}, {"probability", "100", "100"}}}},
                        {{"point", "fail_function"},
                         {"first", {{"inject", "f", ""}, {"f/retval", "0xf4", "0xf4"}}},
                         {"attributes", json::array()}}}}};
const json kOne = {{"fault",
                    {{"enabled", true},
                     // Pairs would be taken for an object.
                     {"attributes", json::array({json::array({"times", "50"}),
                                                 json::array({"probability", "100"})})}}}};

TEST_F(FaultFiles, AListIsWrittenReadBackAndReportedByPoint) {
    const auto faults = this->faults(kListed);
    ASSERT_TRUE(faults.prepare(error_)) << error_;
    EXPECT_EQ(content("debug/fail_function/inject"), "f");
    EXPECT_EQ(content("debug/fail_function/f/retval"), "0xf4");
    EXPECT_EQ(content("debug/failslab/times"), "") << "not before the workload is ready";
    ASSERT_TRUE(faults.arm(tasks_, result_, error_)) << error_;
    EXPECT_EQ(content("proc/7/make-it-fail"), "1");
    EXPECT_EQ(content("proc/8/make-it-fail"), "1");
    const auto before = faults.times();
    std::ofstream(root_ / "debug/failslab/times") << "38\n";
    faults.report(before, faults.times(), result_);
    EXPECT_EQ(result_.at("faults").at("failslab"),
              json({{"readback", {{"times", "50"}, {"probability", "100"}}},
                    {"times_before", 50},
                    {"times_after", 38}}));
    faults.disarm();
    EXPECT_EQ(content("debug/failslab/probability"), "0");
}

TEST_F(FaultFiles, OnePointIsReportedAsEver) {
    const auto faults = this->faults(kOne);
    ASSERT_TRUE(faults.prepare(error_) && faults.arm(tasks_, result_, error_)) << error_;
    faults.report({50}, {10}, result_);
    EXPECT_EQ(result_, json({{"readback", {{"times", "50"}, {"probability", "100"}}},
                             {"times_before", 50},
                             {"times_after", 10}}));
    EXPECT_EQ(content("debug/fail_page_alloc/times"), "50");
}

TEST_F(FaultFiles, WhatIsNotEnabledIsNotWritten) {
    auto plan = kOne;
    plan["fault"]["enabled"] = false;
    ASSERT_TRUE(faults(plan).arm(tasks_, result_, error_));
    EXPECT_EQ(content("debug/fail_page_alloc/times") + content("proc/7/make-it-fail"), "");
    ASSERT_TRUE(faults({{"faults", json::array()}}).arm(tasks_, result_, error_));
    EXPECT_EQ(content("proc/7/make-it-fail"), "");
}

TEST_F(FaultFiles, ControlAnAttributeThatReadsBackOtherwiseIsAnError) {
    auto plan = kListed;
    plan["faults"][0]["attributes"][0] = {"times", "050", "50"};
    EXPECT_FALSE(faults(plan).arm(tasks_, result_, error_));
    EXPECT_EQ(error_, "failslab/times contains '050' after '050' was written");
}

TEST_F(FaultFiles, AFileThatIsNotThereIsNamed) {
    auto plan = kListed;
    plan["faults"][0]["attributes"][0][0] = "cache-filter/none";
    EXPECT_FALSE(faults(plan).arm(tasks_, result_, error_));
    EXPECT_TRUE(error_.starts_with("failslab/cache-filter/none = 50: ")) << error_;
    plan["faults"][1]["first"][0][0] = "/nowhere/else";
    EXPECT_FALSE(faults(plan).prepare(error_));
    EXPECT_TRUE(error_.starts_with("/nowhere/else = f: ")) << error_;
    fs::remove(root_ / "proc/8/make-it-fail");
    fs::remove(root_ / "proc/8");
    EXPECT_FALSE(faults(kOne).arm(tasks_, result_, error_));
    EXPECT_TRUE(error_.starts_with("make-it-fail: ")) << error_;
}

} // namespace
} // namespace rig::guest
