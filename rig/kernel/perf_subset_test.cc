// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/perf_subset.h"

#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>

namespace rig {
using testing::read_text;
using testing::TempTree;
namespace {

// From tools/perf/Build of 6.12, shortened.
constexpr const char* kBuild = R"(perf-bench-y += builtin-bench.o
perf-y += builtin-annotate.o
perf-y += builtin-record.o
perf-$(CONFIG_LIBTRACEEVENT) += builtin-kmem.o
ifeq ($(CONFIG_LIBTRACEEVENT),y)
  perf-y += builtin-sched.o
endif
perf-bench-y += bench/
perf-test-y += tests/
perf-y += perf.o
perf-util-y += util/
)";

TEST(PerfSubset, KeepsWhatTheAgentRuns) {
    EXPECT_EQ(perf_build_subset(kBuild), R"(perf-y += builtin-record.o
ifeq ($(CONFIG_LIBTRACEEVENT),y)
endif
perf-y += perf.o
perf-util-y += util/
perf-y += rig-commands.o
perf-bench-y += rig-bench.o
perf-test-y += rig-tests.o
)");
}

TEST(PerfSubset, EveryOtherSubcommandSaysThatItIsNotThere) {
    const auto stubs = perf_command_stubs("int cmd_record(int argc, const char **argv);\n"
                                          "int cmd_stat(int argc, const char **argv);\n"
                                          "int cmd_script(int argc, const char **argv);\n"
                                          "int cmd_top(int argc, const char **argv);\n");
    ASSERT_TRUE(stubs);
    EXPECT_NE(stubs->find("weak)) int cmd_top(int argc"), std::string::npos) << *stubs;
    // A tree that declares them in another form is refused.
    const auto other = perf_command_stubs("int cmd_record(struct perf_args *args);\n");
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("image.full_perf = true"), std::string::npos);
}

TEST(PerfSubset, ATreeIsBroughtToIt) {
    TempTree dir;
    dir.put("Build", kBuild);
    dir.put("arch/x86/Build", "perf-util-y += util/\nperf-test-y += tests/\n");
    dir.put("builtin.h", "int cmd_record(int argc, const char **argv);\n");
    EXPECT_FALSE(keep_perf_subset(dir.path()));
    EXPECT_EQ(read_text(dir / "Build"), kBuild) << "nothing half-made";
    dir.put("builtin.h", "int cmd_record(int argc, const char **argv);\n"
                         "int cmd_stat(int argc, const char **argv);\n"
                         "int cmd_script(int argc, const char **argv);\n");
    ASSERT_TRUE(keep_perf_subset(dir.path()));
    EXPECT_EQ(read_text(dir / "arch/x86/Build"), "perf-util-y += util/\n");
    EXPECT_EQ(read_text(dir / "Build"), perf_build_subset(kBuild));
}

} // namespace
} // namespace rig
