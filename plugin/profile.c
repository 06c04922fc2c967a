/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCG plugin for QEMU: counts the instructions that the guest executes in each kernel function
 * and in each user program, and the calls of each function, separately for the count pass, the
 * latency pass and the rest of the boot.
 *
 *   -plugin libprofile-api1.so,counts=FILE      QEMU 6.0 to 8.2 (Debian 12: 7.2)
 *   -plugin libprofile-api2.so,counts=FILE      QEMU 9.0 and later
 *
 * FILE was prepared by rig and names functions and programs (profile_file.h). What count_ranges.c
 * says about the two builds holds here, too.
 *
 * How it counts. A translation block is cut into runs: consecutive instructions of one cell, cut
 * again at the first instruction of a function. A counter that QEMU increments inline at each
 * instruction is the clock; the callback of a run adds what the clock has gained since the callback
 * before to the run that was open, and opens its own. A block that is left early (a page fault, an
 * I/O instruction that QEMU restarts) therefore counts what it executed and no more. A callback for
 * each instruction would say the same, and cost several times as much.
 *
 * Under icount QEMU's clock leaves out an instruction that faults and counts it when it is
 * restarted; this plugin counts both, as count_ranges.c does. It is the only difference.
 *
 * One thread of QEMU must execute all vCPUs (icount, thread=single): then the runs follow each
 * other, whichever vCPU executes them. With several threads the counts mean nothing, and
 * header.threads tells the reader.
 *
 * QEMU 10 increments the counter of the vCPU for which the block was translated (count_ranges.c).
 * A callback gets the same wrong vCPU, so that each run's increments are found where they are.
 *
 * QEMU 10.0.2 has another fault there. It multiplies the number of the vCPU by the size of a
 * counter, in place, for each inline counter of a block (gen_plugin_u64_ptr() in
 * accel/tcg/plugin-gen.c), so that the second counter of a block on any vCPU but 0 is at a wild
 * address, and QEMU crashes. A size of 1 leaves the number as it is. The counters then overlap,
 * which is no harm with one thread: all are 0 but that of the open run. QEMU allocates 16 elements
 * at least, which is room for the counters of vCPUs 0 to 8.
 */
#include "plugin/profile_file.h"
#include "plugin/qemu_plugin_abi.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if RIG_PLUGIN_API != 1 && RIG_PLUGIN_API != 2
#error "define RIG_PLUGIN_API as 1 (QEMU 6.0 to 8.2) or 2 (QEMU 9.0 and later)"
#endif

QEMU_PLUGIN_EXPORT int qemu_plugin_version = RIG_PLUGIN_API;

#define MAX_VCPUS RIG_PROFILE_MAX_VCPUS_API2
#define KERNEL_HALF (1ull << 63) /* user space is below it on all architectures that rig knows */

static struct rig_profile_header* header;
static const struct rig_profile_function* functions;
static const struct rig_profile_page* pages;
static uint32_t n_functions, n_pages, n_programs;
static uint64_t cells, others;
static uint64_t* counters;  /* of all windows */
static uint64_t* in_window; /* those of the open window */
static uint64_t* stamps;
static pthread_t first_thread;
static bool kernel_runs;   /* an instruction of a function was translated */
static uint64_t open_cell; /* of the run that executes now */
static void* open_clock;   /* that it increments */

#if RIG_PLUGIN_API == 1
static uint64_t the_clock;

static void* clock_of(unsigned int vcpu) {
    (void)vcpu;
    return &the_clock;
}
static void tick_at(struct qemu_plugin_insn* insn) {
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &the_clock, 1);
}
#else
static struct qemu_plugin_scoreboard* scoreboard;
static void* clocks[MAX_VCPUS];

/* All vCPUs exist before the first executes, and the scoreboard does not move after that. */
static void* clock_of(unsigned int vcpu) {
    if (vcpu >= MAX_VCPUS) vcpu = MAX_VCPUS - 1;
    if (!clocks[vcpu]) clocks[vcpu] = qemu_plugin_scoreboard_find(scoreboard, vcpu);
    return clocks[vcpu];
}
static void tick_at(struct qemu_plugin_insn* insn) {
    const qemu_plugin_u64 entry = {scoreboard, 0};

    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_ADD_U64, entry, 1);
}
#endif

/* Adds what was executed since the last call to the open run. rig may read the file at any time:
 * it sees whole numbers, and of a killed guest all but the run that was open. */
static void settle(void) {
    if (open_clock) {
        const uint64_t none = 0;
        uint64_t n;

        memcpy(&n, open_clock, sizeof n); /* not aligned */
        memcpy(open_clock, &none, sizeof none);
        in_window[open_cell] += n;
        header->total += n;
    }
}

/* `what`: twice the cell, and 1 for the first instruction of a function. */
static void begin_run(unsigned int vcpu, void* what) {
    const uint64_t cell = (uintptr_t)what / 2;

    settle();
    open_cell = cell;
    open_clock = clock_of(vcpu);
    in_window[cells + cell] += (uintptr_t)what & 1;
}

static void begin_window(unsigned int vcpu, void* number) {
    const uintptr_t window = (uintptr_t)number;

    settle();
    open_cell = others + RIG_PROFILE_OTHER_USER;
    open_clock = clock_of(vcpu);
    header->ended_at[header->window] = header->total;
    header->began_at[window] = header->total;
    ++header->marks[window];
    header->window = window;
    in_window = counters + window * RIG_PROFILE_KINDS * cells;
}

static void stamp(unsigned int vcpu, void* nothing) {
    (void)vcpu;
    (void)nothing;
    settle();
    if (header->stamped < header->stamps) stamps[header->stamped] = header->total;
    ++header->stamped;
}

static const struct rig_profile_function* function_of(uint64_t address) {
    uint32_t low = 0, high = n_functions;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (address < functions[middle].start)
            high = middle;
        else if (address - functions[middle].start >= functions[middle].length)
            low = middle + 1;
        else
            return &functions[middle];
    }
    return NULL;
}

/* The guest's page that contains the byte at `bytes`, which QEMU maps at the same offset. */
static uint64_t program_of(const void* bytes) {
    const uintptr_t at = (uintptr_t)bytes;
    uint32_t low = 0, high = n_pages;
    uint64_t hash;

    if (at == 0 || at == UINTPTR_MAX) return others + RIG_PROFILE_OTHER_USER; /* not in memory */
    hash = rig_profile_hash((const void*)(at & ~(RIG_PROFILE_PAGE - 1)));
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (hash < pages[middle].hash)
            high = middle;
        else if (hash > pages[middle].hash)
            low = middle + 1;
        else if (pages[middle].program == RIG_PROFILE_SHARED)
            break;
        else
            return (uint64_t)n_functions + pages[middle].program;
    }
    return others + RIG_PROFILE_OTHER_USER;
}

/* Called once for each block that QEMU translates, which is rare against executions. */
static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb* tb) {
    const size_t n = qemu_plugin_tb_n_insns(tb);
    uint64_t last_cell = UINT64_MAX, user_page = UINT64_MAX, user_cell = 0;

    (void)id;
    if (header->threads == 0) {
        first_thread = pthread_self();
        header->threads = 1;
    } else if (!pthread_equal(first_thread, pthread_self())) {
        header->threads = 2;
    }
    ++header->blocks;
    for (size_t i = 0; i < n; ++i) {
        struct qemu_plugin_insn* insn = qemu_plugin_tb_get_insn(tb, i);
        const uint64_t address = qemu_plugin_insn_vaddr(insn);
        const uint64_t mark = address - RIG_MARK_PAGE;
        const struct rig_profile_function* function = NULL;
        uint64_t cell;
        bool entry = false;

        if (mark % RIG_MARK_STRIDE == 0 && mark / RIG_MARK_STRIDE < RIG_WINDOWS) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, begin_window, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void*)(uintptr_t)(mark / RIG_MARK_STRIDE));
            tick_at(insn);
            last_cell = UINT64_MAX;
            continue;
        }
        if (address >= KERNEL_HALF) function = function_of(address);
        if (function) {
            kernel_runs = true;
            cell = (uint64_t)(function - functions);
            entry = address == function->start;
        } else if (!kernel_runs) {
            cell = others + RIG_PROFILE_BEFORE;
        } else if (address >= KERNEL_HALF) {
            cell = others + RIG_PROFILE_OTHER_KERNEL;
        } else {
            if (address / RIG_PROFILE_PAGE != user_page) {
                user_page = address / RIG_PROFILE_PAGE;
                user_cell = program_of(qemu_plugin_insn_haddr(insn));
            }
            cell = user_cell;
        }
        if (cell != last_cell || entry)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, begin_run, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void*)(uintptr_t)(cell * 2 + entry));
        last_cell = cell;
        if (header->stamp_at && address == header->stamp_at)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, stamp, QEMU_PLUGIN_CB_NO_REGS, NULL);
        tick_at(insn);
    }
}

static int refuse(const char* file, const char* why) {
    fprintf(stderr, "rig's plugin profile: %s: %s\n", file, why);
    return 1;
}

/* The file is rig's, but a wrong one must not crash QEMU or make it write elsewhere. NULL: fine. */
static const char* wrong_with(const struct rig_profile_header* h, uint64_t bytes) {
    const struct rig_profile_function* f;
    const struct rig_profile_page* p;
    uint64_t tables, sum;

    if (h->magic != RIG_PROFILE_MAGIC || h->version != RIG_PROFILE_VERSION)
        return "not a profile file of this version of rig";
    if (h->windows != RIG_WINDOWS || h->file_bytes != bytes || h->plugin_api != 0 ||
        h->functions > RIG_PROFILE_MAX_FUNCTIONS || h->pages > RIG_PROFILE_MAX_PAGES ||
        h->programs > RIG_PROFILE_MAX_PROGRAMS || h->stamps > RIG_PROFILE_MAX_STAMPS)
        return "its header is damaged, or another QEMU used it";
    tables = RIG_PROFILE_TABLES_AT + h->functions * sizeof *f + h->pages * sizeof *p;
    sum = (uint64_t)h->functions + h->programs + RIG_PROFILE_OTHERS;
    if (h->counters_at < tables || h->counters_at > bytes || h->counters_at % RIG_PROFILE_PAGE ||
        h->counters_at + (RIG_WINDOWS * RIG_PROFILE_KINDS * sum + h->stamps) * sizeof(uint64_t) !=
            bytes)
        return "its size is not that of its tables";
    f = (const struct rig_profile_function*)((const char*)h + RIG_PROFILE_TABLES_AT);
    for (uint32_t i = 0; i < h->functions; ++i)
        if (f[i].length == 0 || f[i].start + f[i].length < f[i].start || f[i].start < KERNEL_HALF ||
            (i > 0 && f[i].start < f[i - 1].start + f[i - 1].length))
            return "its functions are damaged";
    p = (const struct rig_profile_page*)(f + h->functions);
    for (uint32_t i = 0; i < h->pages; ++i)
        if ((p[i].program >= h->programs && p[i].program != RIG_PROFILE_SHARED) ||
            (i > 0 && p[i].hash <= p[i - 1].hash))
            return "its pages are damaged";
    return NULL;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc,
                                           char** argv) {
    const char *file, *wrong;
    struct stat about;
    void* map;
    int fd;

    if (argc != 1 || strncmp(argv[0], "counts=", 7) != 0)
        return refuse("arguments", "want counts=FILE and nothing else");
    file = argv[0] + 7;
    if (info->version.min > RIG_PLUGIN_API || info->version.cur < RIG_PLUGIN_API)
        return refuse(file, "this build of the plugin is for another version of QEMU");
    if (!info->system_emulation) return refuse(file, "want a QEMU that emulates a whole machine");
    if (RIG_PLUGIN_API == 2 && (unsigned int)info->system.max_vcpus > MAX_VCPUS)
        return refuse(file, "this build profiles at most 8 vCPUs");
    fd = open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0) return refuse(file, strerror(errno));
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) ||
        (uint64_t)about.st_size < RIG_PROFILE_TABLES_AT ||
        (uint64_t)about.st_size > RIG_PROFILE_MAX_BYTES) {
        close(fd);
        return refuse(file, "not a profile file: not regular, too short, or too long");
    }
    map = mmap(NULL, about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return refuse(file, strerror(errno));
    wrong = wrong_with(map, about.st_size);
    if (wrong) {
        munmap(map, about.st_size);
        return refuse(file, wrong);
    }
    header = map;
    n_functions = header->functions;
    n_pages = header->pages;
    n_programs = header->programs;
    functions = (const struct rig_profile_function*)((char*)map + RIG_PROFILE_TABLES_AT);
    pages = (const struct rig_profile_page*)(functions + n_functions);
    others = (uint64_t)n_functions + n_programs;
    cells = others + RIG_PROFILE_OTHERS;
    counters = in_window = (uint64_t*)((char*)map + header->counters_at);
    stamps = counters + RIG_WINDOWS * RIG_PROFILE_KINDS * cells;
    open_cell = others + RIG_PROFILE_BEFORE;
    header->plugin_api = RIG_PLUGIN_API;
#if RIG_PLUGIN_API == 2
    scoreboard = qemu_plugin_scoreboard_new(1);
#endif
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    return 0;
}
