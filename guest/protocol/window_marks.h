// SPDX-License-Identifier: GPL-2.0-or-later
// How the guest's agent tells QEMU's TCG plugin which part of a boot runs. The agent maps one page
// at RIG_MARK_PAGE, an address that no other code of the guest occupies, and calls into it; the
// plugin sees the instruction at that address execute. A call of the instruction at
// RIG_MARK_PAGE + w * RIG_MARK_STRIDE begins window w. Without the plugin the call returns and has
// no other effect. Plain C: plugin/count_ranges.c includes this file, too.
#pragma once

// clang-format off
enum {
    RIG_WINDOW_REST = 0,         // everything else: firmware, boot, agent, perf's start and end
    RIG_WINDOW_COUNT_PASS = 1,   // the workload of the count pass (the first pass of the plan) runs
    RIG_WINDOW_LATENCY_PASS = 2, // the workload of the latency pass (the second) runs
    RIG_WINDOWS = 3
};

// 32 GiB: inside the user space of x86-64, arm64 (from 36 bits on) and riscv64 (39 bits), below
// kWorkloadBase (guest/arch.h), far above a static program and its heap, and below the places
// where Linux puts position-independent programs, libraries and stacks.
#define RIG_MARK_PAGE 0x800000000ull
#define RIG_MARK_STRIDE 16ull
// clang-format on
