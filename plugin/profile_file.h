/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The profile file: how many instructions the guest executed in each kernel function and in each
 * user program. rig creates it at its full size before QEMU starts (rig/boot/profile_boot.h), the
 * TCG plugin maps it shared and counts in it (plugin/profile.c), and rig reads it after QEMU has
 * ended (rig/profile/profile_file.h). A mapped file keeps its counters when QEMU is killed.
 *
 * Plain C, because the plugin includes it. It includes nothing of rig but the window marks.
 *
 *   offset                  content
 *   0                       struct rig_profile_header
 *   RIG_PROFILE_TABLES_AT   struct rig_profile_function[functions], ascending, not overlapping
 *                           struct rig_profile_page[pages], ascending by hash, each hash once
 *   counters_at             uint64_t[windows][RIG_PROFILE_KINDS][cells], a multiple of 4096 from
 *                           the start; then uint64_t[stamps]
 *   file_bytes              end of the file
 *
 * All numbers are in the byte order of the host. The cells are, in this order: the functions, the
 * programs, and RIG_PROFILE_OTHERS for all other instructions.
 */
#pragma once

#include "guest/protocol/window_marks.h"

#include <stdint.h>
#include <string.h>

#define RIG_PROFILE_MAGIC 0x6c69666f72706772ull /* "rgprofil" in a little-endian file */
#define RIG_PROFILE_VERSION 1u
#define RIG_PROFILE_TABLES_AT 512ull
#define RIG_PROFILE_PAGE 4096ull

/* What rig and the plugin accept at most. */
#define RIG_PROFILE_MAX_FUNCTIONS (1u << 20)
#define RIG_PROFILE_MAX_PAGES (1u << 20)
#define RIG_PROFILE_MAX_PROGRAMS 4096u
#define RIG_PROFILE_MAX_STAMPS (1u << 22)
#define RIG_PROFILE_MAX_BYTES (256ull << 20)
/* Of a guest of QEMU 9.0 or later; profile.c says why. Others have no limit. */
#define RIG_PROFILE_MAX_VCPUS_API2 8u

/* Cells behind those of the functions and the programs. */
enum {
    RIG_PROFILE_OTHER_KERNEL = 0, /* kernel addresses in no function: trampolines, kprobes' slots */
    RIG_PROFILE_OTHER_USER = 1,   /* user addresses in no page of a program, or of several */
    RIG_PROFILE_BEFORE = 2, /* before the first instruction of a kernel function: firmware, and
                             * the kernel's own start at physical addresses */
    RIG_PROFILE_OTHERS = 3
};

/* What is counted for each cell. */
enum {
    RIG_PROFILE_INSTRUCTIONS = 0, /* executions begun */
    RIG_PROFILE_CALLS = 1,        /* executions begun of the function's first instruction */
    RIG_PROFILE_KINDS = 2
};

/* A page of a program that several programs have. */
#define RIG_PROFILE_SHARED UINT32_MAX

struct rig_profile_header {
    /* Written by rig. */
    uint64_t magic;
    uint32_t version;
    uint32_t functions;
    uint32_t pages;
    uint32_t programs;
    uint32_t windows; /* RIG_WINDOWS */
    uint32_t stamps;  /* room for so many */
    uint64_t
        stamp_at; /* each execution of the instruction at this address leaves a stamp; 0: none */
    uint64_t counters_at;
    uint64_t file_bytes;

    /* Written by the plugin. */
    uint32_t plugin_api; /* API version of the plugin that mapped the file; 0: none did */
    uint32_t threads;    /* host threads that executed the guest: 0, 1, or 2 for more than one.
                          * Counts are exact with 1. */
    uint32_t window;     /* that is open now */
    uint32_t reserved;
    uint64_t marks[RIG_WINDOWS];    /* how often each window was begun by a mark */
    uint64_t began_at[RIG_WINDOWS]; /* `total` when the window was begun last */
    uint64_t ended_at[RIG_WINDOWS]; /* `total` when the window was ended last */
    uint64_t blocks;                /* translation blocks seen */
    uint64_t total;                 /* instructions counted so far, in all cells and windows */
    uint64_t stamped;               /* executions at stamp_at; the first `stamps` are kept */
};

struct rig_profile_function {
    uint64_t start;  /* guest virtual address */
    uint64_t length; /* bytes, > 0 */
};

struct rig_profile_page {
    uint64_t hash;    /* rig_profile_hash() of its RIG_PROFILE_PAGE bytes */
    uint32_t program; /* below `programs`, or RIG_PROFILE_SHARED */
    uint32_t reserved;
};

/* Of a page of a program's file, as the guest maps it: zeros behind the end of the file. */
static inline uint64_t rig_profile_hash(const void* page) {
    uint64_t hash = 0x243f6a8885a308d3ull;
    for (unsigned i = 0; i < RIG_PROFILE_PAGE / sizeof(uint64_t); ++i) {
        uint64_t word;
        memcpy(&word, (const char*)page + i * sizeof word, sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
        hash ^= hash >> 32;
    }
    return hash;
}

#ifdef __cplusplus
static_assert(sizeof(rig_profile_header) <= RIG_PROFILE_TABLES_AT);
static_assert(sizeof(rig_profile_function) == 16 && sizeof(rig_profile_page) == 16);
#else
_Static_assert(sizeof(struct rig_profile_header) <= RIG_PROFILE_TABLES_AT, "header too large");
_Static_assert(sizeof(struct rig_profile_function) == 16, "padding in a function");
_Static_assert(sizeof(struct rig_profile_page) == 16, "padding in a page");
#endif
