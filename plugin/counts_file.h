/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters file: how often the guest executed each instruction of some address ranges.
 * rig creates it at its full size before QEMU starts (rig/boot/counts_file.h), the TCG plugin maps
 * it shared and counts in it (plugin/count_ranges.c), and rig reads it after QEMU has ended
 * (rig/guest_output/instruction_counts.h). A mapped file keeps its counters when QEMU is killed.
 *
 * Plain C, because the plugin includes it. It includes nothing of rig but the window marks.
 *
 *   offset                 content
 *   0                      struct rig_counts_header
 *   RIG_COUNTS_RANGES_AT   struct rig_counts_range[ranges], ascending, not overlapping
 *   counters_at            uint64_t[windows][vcpus][cells], a multiple of 4096 from the start
 *   file_bytes             end of the file
 *
 * All numbers are in the byte order of the host. A "cell" is one possible start of an instruction:
 * `step` bytes of a range share one cell. The cell of address A in range r is
 * r.first_cell + (A - r.start) / step. Cells at which no instruction starts stay 0.
 *
 * What a counter says: how often the execution of that instruction began on that vCPU while that
 * window was open. An instruction that faults and is restarted counts once for each start; a
 * repeated string instruction of x86 (REP) counts once for each iteration that QEMU starts.
 */
#pragma once

#include "guest/protocol/window_marks.h"

#include <stdint.h>

#define RIG_COUNTS_MAGIC 0x73746e756f636772ull /* "rgcounts" in a little-endian file */
#define RIG_COUNTS_VERSION 1u
#define RIG_COUNTS_RANGES_AT 256ull
#define RIG_COUNTS_PAGE 4096ull

/* What rig and the plugin accept at most. */
#define RIG_COUNTS_MAX_RANGES 65536u
#define RIG_COUNTS_MAX_VCPUS 4096u
#define RIG_COUNTS_MAX_BYTES (256ull << 20)

struct rig_counts_header {
    /* Written by rig. */
    uint64_t magic;
    uint32_t version;
    uint32_t ranges;
    uint32_t vcpus;
    uint32_t windows; /* RIG_WINDOWS */
    uint32_t step;    /* bytes: 1 on x86-64, 2 on riscv64, 4 on arm64 */
    uint32_t reserved;
    uint64_t cells; /* of one vCPU in one window: the sum of length / step of all ranges */
    uint64_t counters_at;
    uint64_t file_bytes;

    /* Written by the plugin. */
    uint32_t plugin_api;  /* API version of the plugin that mapped the file; 0: none did */
    uint32_t threads;     /* host threads that executed the guest: 0, 1, or 2 for more than one.
                           * Counts are exact with 1; see count_ranges.c for the other case. */
    uint32_t window;      /* that is open now */
    uint32_t vcpus_apart; /* 1: each vCPU has counters of its own. 0: QEMU did not tell the vCPUs
                           * apart (count_ranges.c says when); only their sum means something. */
    uint64_t marks[RIG_WINDOWS]; /* how often each window was begun by a mark */
    uint64_t blocks;             /* translation blocks seen; > 0 as soon as the guest runs */
    uint64_t instrumented;       /* instructions of the ranges translated, repeats included */
    uint64_t foreign_vcpu;       /* executions on a vCPU that the file has no counters for */
};

struct rig_counts_range {
    uint64_t start;      /* guest virtual address, a multiple of step */
    uint64_t length;     /* bytes, a multiple of step, > 0 */
    uint64_t first_cell; /* sum of length / step of the ranges before */
    uint64_t reserved;
};

#ifdef __cplusplus
static_assert(sizeof(rig_counts_header) <= RIG_COUNTS_RANGES_AT);
static_assert(sizeof(rig_counts_range) == 32);
#else
_Static_assert(sizeof(struct rig_counts_header) <= RIG_COUNTS_RANGES_AT, "header too large");
_Static_assert(sizeof(struct rig_counts_range) == 32, "padding in a range");
#endif
