/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCG plugin for QEMU: counts how often the guest executes each instruction of given address
 * ranges, per vCPU, separately for the count pass, the latency pass and the rest of the boot.
 *
 *   -plugin libcount_ranges-api1.so,counts=FILE      QEMU 6.0 to 8.2 (Debian 12: 7.2)
 *   -plugin libcount_ranges-api2.so,counts=FILE      QEMU 9.0 and later
 *
 * FILE was prepared by rig and names the ranges (counts_file.h). The folder `plugin/` stands beside
 * `guest/`: its code runs inside QEMU and links nothing of rig. Only counts_file.h is shared with
 * rig, which may include it like guest/protocol/ (tests/layers.py).
 *
 * Built twice from this source, by RIG_PLUGIN_API. QEMU 7.2 refuses the build for API 2 ("plugin
 * requires API version 2, but this QEMU supports only up to version 1"), QEMU 9 and later the build
 * for API 1 ("supports only a minimum version of 2"). qemu_plugin_install() checks it again.
 *
 * Are the counts exact? Each vCPU has counters of its own, and one thread of QEMU writes them, so
 * that no increment is lost, whether QEMU runs the vCPUs by turns (icount, thread=single) or at
 * the same time (thread=multi). That is why this is a callback and not QEMU's inline counter, which
 * all vCPUs share and which is not atomic (API 1), or which lies in QEMU's own memory and is gone
 * when QEMU is killed (API 2). With one thread the counts are exact. With several they are not, for
 * two reasons, and header.threads tells the reader:
 *  - A vCPU may execute some more instructions after another one switched the window; they count
 *    for the old or the new window.
 *  - QEMU may start an atomic instruction, give up, and restart it with all other vCPUs stopped: it
 *    counts twice.
 * Instructions that QEMU restarts for I/O under icount do not count twice: QEMU translates the
 * second attempt without callbacks.
 *
 * Are the counts per vCPU? With QEMU 7.2 yes. QEMU 10 passes the true vCPU to a callback only with
 * thread=multi. With thread=single, and so under icount, it passes the vCPU for which the block was
 * translated, whichever executes it (gen_cpu_index() in accel/tcg/plugin-gen.c; seen with 10.0.2).
 * The sum over the vCPUs is right in both cases; header.vcpus_apart tells the reader.
 *
 * An address is a virtual one. Kernel text has the same addresses in all address spaces. What runs
 * before the kernel turns on its page tables is not seen.
 */
#include "plugin/counts_file.h"
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

static struct rig_counts_header* header;
static const struct rig_counts_range* ranges;
static uint32_t n_ranges, vcpus;
static uint64_t cells;
static uint64_t* counters;       /* of all windows */
static uint64_t* in_window;      /* those of the open window */
static uint64_t lowest, highest; /* of all ranges: first address, and behind the last */
static pthread_t first_thread;

/* Other threads of QEMU, and rig, read these while they change. */
static void add(uint64_t* number, uint64_t n) {
    __atomic_fetch_add(number, n, __ATOMIC_RELAXED);
}

static void count(unsigned int vcpu, void* cell) {
    uint64_t* counter;

    if (vcpu >= vcpus) {
        add(&header->foreign_vcpu, 1);
        return;
    }
    counter = __atomic_load_n(&in_window, __ATOMIC_RELAXED) + vcpu * cells + (uintptr_t)cell;
    /* One writer; the atomic store keeps the compiler from tearing it. */
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

static void begin_window(unsigned int vcpu, void* number) {
    const uintptr_t window = (uintptr_t)number;

    (void)vcpu;
    add(&header->marks[window], 1);
    __atomic_store_n(&header->window, (uint32_t)window, __ATOMIC_RELAXED);
    __atomic_store_n(&in_window, counters + window * vcpus * cells, __ATOMIC_RELAXED);
}

static const struct rig_counts_range* range_of(uint64_t address) {
    uint32_t low = 0, high = n_ranges;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (address < ranges[middle].start)
            high = middle;
        else if (address - ranges[middle].start >= ranges[middle].length)
            low = middle + 1;
        else
            return &ranges[middle];
    }
    return NULL;
}

static void instrument(struct qemu_plugin_insn* insn) {
    const uint64_t address = qemu_plugin_insn_vaddr(insn);
    const uint64_t mark = address - RIG_MARK_PAGE;
    const struct rig_counts_range* range;

    if (mark % RIG_MARK_STRIDE == 0 && mark / RIG_MARK_STRIDE < RIG_WINDOWS) {
        qemu_plugin_register_vcpu_insn_exec_cb(insn, begin_window, QEMU_PLUGIN_CB_NO_REGS,
                                               (void*)(uintptr_t)(mark / RIG_MARK_STRIDE));
        return;
    }
    range = range_of(address);
    if (!range) return;
    add(&header->instrumented, 1);
    qemu_plugin_register_vcpu_insn_exec_cb(
        insn, count, QEMU_PLUGIN_CB_NO_REGS,
        (void*)(uintptr_t)(range->first_cell + (address - range->start) / header->step));
}

static bool overlaps(uint64_t first, uint64_t last, uint64_t start, uint64_t end) {
    return first < end && last >= start;
}

/* Called once for each block that QEMU translates, which is rare against executions. */
static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb* tb) {
    const size_t n = qemu_plugin_tb_n_insns(tb);
    uint64_t first, last;

    (void)id;
    /* Whoever translates executes next: with several threads each vCPU has its own. */
    if (__atomic_load_n(&header->threads, __ATOMIC_RELAXED) == 0) {
        first_thread = pthread_self();
        __atomic_store_n(&header->threads, 1, __ATOMIC_RELEASE);
    } else if (!pthread_equal(first_thread, pthread_self())) {
        __atomic_store_n(&header->threads, 2, __ATOMIC_RELAXED);
        __atomic_store_n(&header->vcpus_apart, 1, __ATOMIC_RELAXED);
    }
    add(&header->blocks, 1);
    if (n == 0) return;
    first = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
    last = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, n - 1));
    if (!overlaps(first, last, lowest, highest) &&
        !overlaps(first, last, RIG_MARK_PAGE, RIG_MARK_PAGE + RIG_WINDOWS * RIG_MARK_STRIDE))
        return;
    for (size_t i = 0; i < n; ++i)
        instrument(qemu_plugin_tb_get_insn(tb, i));
}

static int refuse(const char* file, const char* why) {
    fprintf(stderr, "rig's plugin count_ranges: %s: %s\n", file, why);
    return 1;
}

static uint32_t step_of(const char* target) {
    return !strcmp(target, "x86_64")    ? 1
           : !strcmp(target, "riscv64") ? 2
           : !strcmp(target, "aarch64") ? 4
                                        : 0;
}

/* The file is rig's, but a wrong one must not crash QEMU or make it write elsewhere. NULL: fine. */
static const char* wrong_with(const struct rig_counts_header* h, const struct rig_counts_range* r,
                              uint64_t bytes, const qemu_info_t* info) {
    uint64_t sum = 0;

    if (h->magic != RIG_COUNTS_MAGIC || h->version != RIG_COUNTS_VERSION)
        return "not a counters file of this version of rig";
    if (h->windows != RIG_WINDOWS || h->file_bytes != bytes || h->plugin_api != 0 ||
        h->ranges > RIG_COUNTS_MAX_RANGES || h->vcpus == 0 || h->vcpus > RIG_COUNTS_MAX_VCPUS ||
        h->counters_at % RIG_COUNTS_PAGE != 0 || h->counters_at > bytes ||
        h->counters_at < RIG_COUNTS_RANGES_AT + h->ranges * sizeof *r)
        return "its header is damaged, or another QEMU used it";
    if (h->step == 0 || h->step != step_of(info->target_name))
        return "made for another architecture than this QEMU's";
    if ((uint32_t)info->system.max_vcpus > h->vcpus)
        return "made for fewer vCPUs than this QEMU has";
    for (uint32_t i = 0; i < h->ranges; ++i) {
        if (r[i].length == 0 || r[i].start % h->step || r[i].length % h->step ||
            r[i].start + r[i].length < r[i].start || r[i].first_cell != sum ||
            (i > 0 && r[i].start < r[i - 1].start + r[i - 1].length) ||
            r[i].length > RIG_COUNTS_MAX_BYTES)
            return "its ranges are damaged";
        sum += r[i].length / h->step;
    }
    if (h->cells != sum || sum > RIG_COUNTS_MAX_BYTES ||
        h->counters_at + sum * h->vcpus * RIG_WINDOWS * sizeof(uint64_t) != bytes)
        return "its size is not that of its ranges";
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
    fd = open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0) return refuse(file, strerror(errno));
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) ||
        (uint64_t)about.st_size < RIG_COUNTS_RANGES_AT ||
        (uint64_t)about.st_size > RIG_COUNTS_MAX_BYTES) {
        close(fd);
        return refuse(file, "not a counters file: not regular, too short, or too long");
    }
    map = mmap(NULL, about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return refuse(file, strerror(errno));
    header = map;
    ranges = (const struct rig_counts_range*)((char*)map + RIG_COUNTS_RANGES_AT);
    wrong = wrong_with(header, ranges, about.st_size, info);
    if (wrong) {
        munmap(map, about.st_size);
        return refuse(file, wrong);
    }
    n_ranges = header->ranges;
    vcpus = header->vcpus;
    cells = header->cells;
    counters = in_window = (uint64_t*)((char*)map + header->counters_at);
    if (n_ranges > 0) {
        lowest = ranges[0].start;
        highest = ranges[n_ranges - 1].start + ranges[n_ranges - 1].length;
    }
    header->plugin_api = RIG_PLUGIN_API;
    header->vcpus_apart = RIG_PLUGIN_API == 1 || info->system.max_vcpus == 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    return 0;
}
