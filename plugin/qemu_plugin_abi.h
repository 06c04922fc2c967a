/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of QEMU's TCG plugin interface that rig's plugins use, declared by rig itself: Debian
 * builds QEMU with plugins, but no binary package of Debian 12 contains qemu-plugin.h
 * (the source package qemu has it, in include/qemu/, which needs deb-src and a whole tarball).
 *
 * Source: QEMU's documentation of the interface,
 * https://www.qemu.org/docs/master/devel/tcg-plugins.html, section "API", and the same section of
 * version 7.2. These functions have the same types in API 1 (QEMU 6.0 to 8.2) and API 2 and later
 * (QEMU 9.0 and later, whose oldest accepted version is 2), but for those below RIG_PLUGIN_API.
 * QEMU resolves them when it loads the plugin, so a missing one fails the load.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef struct {
    const char* target_name; /* "x86_64", "aarch64", "riscv64" */
    struct {
        int min; /* the oldest API version that this QEMU accepts */
        int cur; /* the newest */
    } version;
    bool system_emulation;
    union {
        struct {
            int smp_vcpus;
            int max_vcpus;
        } system; /* if system_emulation */
    };
} qemu_info_t;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS = 0 };

typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id, struct qemu_plugin_tb* tb);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu_index, void* userdata);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn* insn,
                                            qemu_plugin_vcpu_udata_cb_t cb,
                                            enum qemu_plugin_cb_flags flags, void* userdata);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* tb);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb* tb, size_t idx);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn* insn);
/* Where QEMU has the instruction's bytes in its own memory; NULL or -1 if it is not in memory. */
void* qemu_plugin_insn_haddr(const struct qemu_plugin_insn* insn);

enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };
/* Inline counters: in API 1 one for all vCPUs at any address, in API 2 one for each vCPU in a
 * scoreboard, which QEMU allocates. */
#if defined(RIG_PLUGIN_API) && RIG_PLUGIN_API == 1
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn* insn,
                                                enum qemu_plugin_op op, void* number, uint64_t add);
#else
struct qemu_plugin_scoreboard;
typedef struct {
    struct qemu_plugin_scoreboard* score;
    size_t offset;
} qemu_plugin_u64;
struct qemu_plugin_scoreboard* qemu_plugin_scoreboard_new(size_t element_size);
void* qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard* score, unsigned int vcpu_index);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn* insn,
                                                         enum qemu_plugin_op op,
                                                         qemu_plugin_u64 entry, uint64_t add);
#endif

/* What QEMU looks up in the plugin. */
#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))
extern QEMU_PLUGIN_EXPORT int qemu_plugin_version;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc,
                                           char** argv);
