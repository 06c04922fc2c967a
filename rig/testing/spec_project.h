// SPDX-License-Identifier: GPL-2.0-or-later
// Experiment files for tests, and a project folder in which they are valid.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace rig {

// An experiment with every key, none at its default.
inline constexpr std::string_view good_spec = R"(name = "batch-alloc-fail"
description = "what the batch allocation's failure costs"
[kernel]
source = { distro = "linux-source-7.3", suite = "trixie-backports" }
prerequisites = ["kernel-patches/6.12/enable"]
fragments = ["configs/kernel/base.config", "configs/kernel/../kernel/more.config"]
[kernel.options]
PT_RECLAIM = "n"
LOCALVERSION = '"-rig"'
NR_CPUS = 16
PHYS_START = "0x100000"
SMP = true
MODULES = false
LOG_BUF_SHIFT = "18"
[[arm]]
name = "ipi"
series = []
marker = "smp_call_function"
[[arm]]
name = "reviewed"
series = ["kernel-patches/6.12/reviewed"]
marker = "synchronize_rcu"
[guest]
vcpus = 6
memory_mib = 1024
clock = "virtual"
boots = 3
warmup_boots = 2
seed = 9007199254740992
deadline_seconds = 90
perf_pages = 64
extra_cmdline = "lpj=1000 debug"
[workload]
name = "munmap"
iterations = 21
tables = 5
pages_per_table = 6
pace_us = 0
bystanders = false
bystander_period_us = 700
[fault]
enabled = false
function = "tlb_remove_table.isra.0"
interval = 2
times = 2147483647
probability = 60
space = 1
min-order = 1
ignore-gfp-wait = false
ignore-gfp-highmem = false
task-filter = false
stack_filter = false
stacktrace-depth = 16
reject-start = "tlb_flush_mmu"
reject-end = "tlb_finish_mmu"
[target]
function = "tlb_remove_table_one"
sync_function = "tlb_remove_table_smp_sync"
[target.config]
MMU_GATHER_RCU_TABLE_FREE = "y"
[metrics.sync_ipis]
expect = "exactly"
values = { ipi = "predicted", reviewed = 0 }
[metrics.target_latency]
expect = "at-most"
ratio = 5000
[metrics.bystander_wakeup]
expect = "not-worse"
within = 0.01
[metrics.total_ipis]
expect = "report"
)";

// An experiment with the required keys only.
inline constexpr std::string_view minimal_spec = R"(name = "least"
[kernel]
source = { distro = "linux-source-6.12" }
[[arm]]
name = "ipi"
marker = "smp_call_function"
)";

inline constexpr std::string_view prebuilt_spec = R"(name = "images"
[kernel]
source = { prebuilt = true }
[[arm]]
name = "ipi"
marker = "smp_call_function"
bzimage = "images/bzImage"
system_map = "images/System.map"
config = "images/config"
[[arm]]
name = "reviewed"
marker = "synchronize_rcu"
bzimage = "images/bzImage"
vmlinux = "images/vmlinux"
)";

// A temporary project with every file that these texts name.
class SpecProject : public ::testing::Test {
 protected:
    void SetUp() override {
        auto pattern = (std::filesystem::temp_directory_path() / "rig-spec-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        top_ = std::filesystem::canonical(pattern);
        for (auto file :
             {"kernel-patches/6.12/enable/series", "kernel-patches/6.12/reviewed/series",
              "configs/kernel/base.config", "configs/kernel/more.config", "images/bzImage",
              "images/System.map", "images/vmlinux", "images/config"}) {
            std::filesystem::create_directories((top_ / file).parent_path());
            std::ofstream(top_ / file) << "\n";
        }
        std::filesystem::create_directories(top_ / "kernel-patches/6.12/empty");
    }
    void TearDown() override { std::filesystem::remove_all(top_); }
    std::filesystem::path file() const { return top_ / "configs/test.toml"; }

    std::filesystem::path top_;
};

inline std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    auto at = text.find(from);
    EXPECT_NE(at, text.npos) << from;
    EXPECT_EQ(text.find(from, at + 1), text.npos) << "not unique: " << from;
    return at == text.npos
               ? std::string(text)
               : fmt::format("{}{}{}", text.substr(0, at), to, text.substr(at + from.size()));
}

} // namespace rig
