// SPDX-License-Identifier: GPL-2.0-or-later
// The QEMU that the plugins' tests stand in for: it defines what the plugins call, loads both
// builds of one and lets invented instructions be translated and executed. Each test program
// includes it once.
#pragma once

#include "guest/protocol/window_marks.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include "plugin/qemu_plugin_abi.h"

struct qemu_plugin_insn {
    std::uint64_t address;
    void* bytes = nullptr; // in "QEMU's" memory
    std::vector<std::pair<qemu_plugin_vcpu_udata_cb_t, void*>> callbacks{};
    // Inline counters: gets the vCPU.
    std::vector<std::function<void(unsigned)>> adds{};
};
struct qemu_plugin_tb {
    std::vector<qemu_plugin_insn> insns;
};
struct qemu_plugin_scoreboard {
    std::size_t size;
    std::array<char, 256> bytes;
    std::uint64_t* of_vcpu(unsigned vcpu) {
        return reinterpret_cast<std::uint64_t*>(bytes.data() + vcpu * size);
    }
};

static qemu_plugin_vcpu_tb_trans_cb_t translate;
static qemu_plugin_scoreboard scoreboard;

QEMU_PLUGIN_EXPORT void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t,
                                                              qemu_plugin_vcpu_tb_trans_cb_t cb) {
    translate = cb;
}
QEMU_PLUGIN_EXPORT void qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_insn* insn,
                                                               qemu_plugin_vcpu_udata_cb_t cb,
                                                               qemu_plugin_cb_flags, void* data) {
    insn->callbacks.emplace_back(cb, data);
}
// API 1: one counter at any address.
QEMU_PLUGIN_EXPORT void qemu_plugin_register_vcpu_insn_exec_inline(qemu_plugin_insn* insn,
                                                                   qemu_plugin_op, void* number,
                                                                   std::uint64_t add) {
    insn->adds.emplace_back([=](unsigned) { *static_cast<std::uint64_t*>(number) += add; });
}
// API 2: one counter for each vCPU.
QEMU_PLUGIN_EXPORT qemu_plugin_scoreboard* qemu_plugin_scoreboard_new(std::size_t size) {
    // With another size QEMU 10.0.2 crashes (profile.c).
    EXPECT_EQ(size, 1u);
    scoreboard = {};
    scoreboard.size = size;
    return &scoreboard;
}
QEMU_PLUGIN_EXPORT void* qemu_plugin_scoreboard_find(qemu_plugin_scoreboard* score, unsigned vcpu) {
    return score->of_vcpu(vcpu);
}
QEMU_PLUGIN_EXPORT void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(qemu_plugin_insn* insn,
                                                                            qemu_plugin_op,
                                                                            qemu_plugin_u64 entry,
                                                                            std::uint64_t add) {
    EXPECT_EQ(entry.offset, 0u);
    insn->adds.emplace_back([=](unsigned vcpu) {
        std::uint64_t number = 0; // it need not be aligned
        std::memcpy(&number, entry.score->of_vcpu(vcpu), sizeof number);
        number += add;
        std::memcpy(entry.score->of_vcpu(vcpu), &number, sizeof number);
    });
}
QEMU_PLUGIN_EXPORT size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb* tb) {
    return tb->insns.size();
}
QEMU_PLUGIN_EXPORT qemu_plugin_insn* qemu_plugin_tb_get_insn(const qemu_plugin_tb* tb, size_t i) {
    return const_cast<qemu_plugin_insn*>(&tb->insns[i]);
}
QEMU_PLUGIN_EXPORT uint64_t qemu_plugin_insn_vaddr(const qemu_plugin_insn* insn) {
    return insn->address;
}
QEMU_PLUGIN_EXPORT void* qemu_plugin_insn_haddr(const qemu_plugin_insn* insn) {
    return insn->bytes;
}
}

namespace rig::testing {

// One loaded build of a plugin. Each has its state once per load, so they are unloaded again.
class Plugin {
 public:
    Plugin(const std::string& name, int api)
        : module_(::dlopen(
              (std::string(RIG_BUILD) + "/plugin/lib" + name + "-api" + std::to_string(api) + ".so")
                  .c_str(),
              RTLD_NOW | RTLD_LOCAL)) {
        EXPECT_NE(module_, nullptr) << ::dlerror();
        translate = nullptr;
    }
    ~Plugin() {
        if (module_) ::dlclose(module_);
    }
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    int version() const { return *static_cast<int*>(::dlsym(module_, "qemu_plugin_version")); }
    // As QEMU 7.2 (min 0, cur 1) or 10.0 (min 2, cur 4) does it; its messages are on stderr.
    int install(std::string argument, int min, int cur, const char* target = "x86_64",
                int vcpus = 2) const {
        qemu_info_t info{};
        info.target_name = target;
        info.version = {min, cur};
        info.system_emulation = true;
        info.system = {vcpus, vcpus};
        char* argv[] = {argument.data()};
        const auto function =
            reinterpret_cast<int (*)(qemu_plugin_id_t, const qemu_info_t*, int, char**)>(
                ::dlsym(module_, "qemu_plugin_install"));
        return function(1, &info, 1, argv);
    }

 private:
    void* module_;
};

inline qemu_plugin_tb translated(std::initializer_list<std::uint64_t> addresses,
                                 void* bytes = nullptr) {
    qemu_plugin_tb tb;
    for (const auto address : addresses)
        tb.insns.push_back({address, bytes});
    translate(1, &tb);
    return tb;
}
// Begins the first `begun` instructions of the block: what leaves it early is the last of them.
inline void execute_some(const qemu_plugin_tb& tb, unsigned vcpu, std::size_t begun) {
    for (std::size_t i = 0; i < begun; ++i) {
        for (const auto& [callback, data] : tb.insns[i].callbacks)
            callback(vcpu, data);
        for (const auto& add : tb.insns[i].adds)
            add(vcpu);
    }
}
inline void execute(const qemu_plugin_tb& tb, unsigned vcpu, int times = 1) {
    for (int i = 0; i < times; ++i)
        execute_some(tb, vcpu, tb.insns.size());
}
inline void mark(unsigned window) {
    execute(translated({RIG_MARK_PAGE + window * RIG_MARK_STRIDE}), 0);
}

} // namespace rig::testing
