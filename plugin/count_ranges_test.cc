// SPDX-License-Identifier: GPL-2.0-or-later
// The plugin inside a QEMU that is this test: it defines what the plugin calls, loads both builds
// and lets invented instructions be translated and executed.
#include "plugin/counts_file.h"
#include "rig/boot/counts_file.h"
#include "rig/testing/temp_tree.h"

#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

extern "C" {
#include "plugin/qemu_plugin_abi.h"

struct qemu_plugin_insn {
    std::uint64_t address;
    qemu_plugin_vcpu_udata_cb_t callback;
    void* data;
};
struct qemu_plugin_tb {
    std::vector<qemu_plugin_insn> insns;
};

static qemu_plugin_vcpu_tb_trans_cb_t translate;

QEMU_PLUGIN_EXPORT void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t,
                                                              qemu_plugin_vcpu_tb_trans_cb_t cb) {
    translate = cb;
}
QEMU_PLUGIN_EXPORT void qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_insn* insn,
                                                               qemu_plugin_vcpu_udata_cb_t cb,
                                                               qemu_plugin_cb_flags, void* data) {
    insn->callback = cb;
    insn->data = data;
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
}

namespace rig {
namespace {

constexpr std::uint64_t kText = 0xffffffff81000000, kOther = 0xffffffff82000000;

// One loaded build of the plugin. Each has its state once per load, so they are unloaded again.
class Plugin {
 public:
    explicit Plugin(int api)
        : module_(::dlopen(
              (std::string(RIG_BUILD) + "/plugin/libcount_ranges-api" + std::to_string(api) + ".so")
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

qemu_plugin_tb translated(std::initializer_list<std::uint64_t> addresses) {
    qemu_plugin_tb tb;
    for (const auto address : addresses)
        tb.insns.push_back({address, nullptr, nullptr});
    translate(1, &tb);
    return tb;
}
void execute(const qemu_plugin_tb& tb, unsigned vcpu, int times = 1) {
    for (int i = 0; i < times; ++i)
        for (const auto& insn : tb.insns)
            if (insn.callback) insn.callback(vcpu, insn.data);
}
void mark(unsigned window) {
    execute(translated({RIG_MARK_PAGE + window * RIG_MARK_STRIDE}), 0);
}

class CountRanges : public ::testing::TestWithParam<int> {
 protected:
    CountRanges() { EXPECT_TRUE(create_counts_file(file_, layout_)); }
    int min() const { return GetParam() == 1 ? 0 : 2; }
    int cur() const { return GetParam() == 1 ? 1 : 4; }
    InstructionCounts counts() const {
        auto read = read_counts_file(file_, layout_);
        EXPECT_TRUE(read) << read.error().message;
        return read ? *read : InstructionCounts();
    }

    const testing::TempTree tree_{};
    const CountsLayout layout_ = counts_layout({{kText, 64}, {kOther, 8}}, 2, "x86_64");
    const std::filesystem::path file_ = tree_ / kCountsFile;
    const std::string argument_ = "counts=" + file_.string();
};

TEST_P(CountRanges, CountsByInstructionVcpuAndWindow) {
    const Plugin plugin(GetParam());
    EXPECT_EQ(plugin.version(), GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    const auto body = translated({kText - 1, kText, kText + 3, kText + 63, kText + 64});
    EXPECT_EQ(body.insns[0].callback, nullptr) << "before the range";
    EXPECT_EQ(body.insns[4].callback, nullptr) << "behind the range";
    const auto other = translated({kOther + 7});
    execute(body, 0, 5);
    mark(RIG_WINDOW_COUNT_PASS);
    execute(body, 0, 80);
    execute(body, 1, 3);
    mark(RIG_WINDOW_REST);
    execute(other, 1, 2);
    mark(RIG_WINDOW_LATENCY_PASS);
    execute(other, 0, 240);
    mark(RIG_WINDOW_REST);
    const auto read = counts();
    EXPECT_TRUE(read.exact());
    EXPECT_TRUE(read.windows_complete());
    EXPECT_EQ(read.plugin_api(), static_cast<unsigned>(GetParam()));
    // With one thread QEMU 10 does not tell the vCPUs apart.
    const auto split = [&](std::uint64_t count) {
        return GetParam() == 1 ? std::optional(count) : std::nullopt;
    };
    EXPECT_EQ(read.on(0, CountWindow::Rest, kText), split(5));
    EXPECT_EQ(read.on(0, CountWindow::CountPass, kText + 63), split(80));
    EXPECT_EQ(read.on(1, CountWindow::CountPass, kText + 3), split(3));
    EXPECT_EQ(read.total(CountWindow::CountPass, kText + 3), 83u);
    EXPECT_EQ(read.total(CountWindow::CountPass, kText + 4), 0u) << "no instruction begins there";
    EXPECT_EQ(read.on(1, CountWindow::Rest, kOther + 7), split(2));
    EXPECT_EQ(read.total(CountWindow::LatencyPass, kOther + 7), 240u);
    EXPECT_EQ(read.total(CountWindow::LatencyPass, kText), 0u);
}

TEST_P(CountRanges, CodeElsewhereIsLeftAlone) {
    const Plugin plugin(GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    for (const auto address : std::vector<std::uint64_t>{
             0x400000, kText + 64, kText - 1, kOther + 8, RIG_MARK_PAGE - 1, RIG_MARK_PAGE + 1,
             RIG_MARK_PAGE + RIG_WINDOWS * RIG_MARK_STRIDE})
        EXPECT_EQ(translated({address}).insns[0].callback, nullptr) << std::hex << address;
    EXPECT_TRUE(counts().counted()) << "blocks were seen";
}

TEST_P(CountRanges, SeveralThreadsLoseNothingAndAreNotCalledExact) {
    const Plugin plugin(GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    const auto vcpu = [](unsigned number) { execute(translated({kText}), number, 200000); };
    std::thread first(vcpu, 0), second(vcpu, 1);
    first.join();
    second.join();
    const auto read = counts();
    EXPECT_EQ(read.on(0, CountWindow::Rest, kText), 200000u);
    EXPECT_EQ(read.on(1, CountWindow::Rest, kText), 200000u);
    EXPECT_TRUE(read.counted());
    EXPECT_FALSE(read.exact());
}

TEST_P(CountRanges, UnknownVcpuIsReportedNotCounted) {
    const Plugin plugin(GetParam());
    ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    execute(translated({kText}), 2);
    EXPECT_TRUE(counts().counted());
    EXPECT_FALSE(counts().exact());
    EXPECT_EQ(counts().total(CountWindow::Rest, kText), 0u);
}

TEST_P(CountRanges, RefusesTheOtherQemu) {
    const Plugin plugin(GetParam());
    EXPECT_NE(GetParam() == 1 ? plugin.install(argument_, 2, 4) : plugin.install(argument_, 0, 1),
              0);
    EXPECT_EQ(translate, nullptr);
    EXPECT_FALSE(counts().counted());
}

TEST_P(CountRanges, RefusesAnotherMachineThanTheFileIsFor) {
    const Plugin plugin(GetParam());
    EXPECT_NE(plugin.install(argument_, min(), cur(), "aarch64"), 0);
    EXPECT_NE(plugin.install(argument_, min(), cur(), "sparc64"), 0);
    EXPECT_NE(plugin.install(argument_, min(), cur(), "x86_64", 3), 0) << "a vCPU too many";
    EXPECT_EQ(translate, nullptr);
}

TEST_P(CountRanges, RefusesADamagedFile) {
    const Plugin plugin(GetParam());
    EXPECT_NE(plugin.install("counts=" + (tree_ / "none").string(), min(), cur()), 0);
    EXPECT_NE(plugin.install("counts=/dev/null", min(), cur()), 0);
    EXPECT_NE(plugin.install("other=" + file_.string(), min(), cur()), 0);
    const auto whole = testing::read_text(file_);
    EXPECT_NE(
        plugin.install("counts=" + tree_.put("short", whole.substr(0, 300)).string(), min(), cur()),
        0);
    // Each byte of rig's part of the header and of the ranges matters, but for the reserved ones.
    const auto damaged = [&](std::size_t at) {
        auto bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] + 1);
        return plugin.install("counts=" + tree_.put("damaged", bytes).string(), min(), cur());
    };
    for (std::size_t at = 0; at < offsetof(rig_counts_header, plugin_api); ++at)
        if (at < offsetof(rig_counts_header, reserved) ||
            at >= offsetof(rig_counts_header, cells)) {
            EXPECT_NE(damaged(at), 0) << at;
        }
    for (std::size_t range = 0; range < 2; ++range)
        for (std::size_t at = offsetof(rig_counts_range, length);
             at < offsetof(rig_counts_range, reserved); ++at)
            EXPECT_NE(damaged(RIG_COUNTS_RANGES_AT + range * sizeof(rig_counts_range) + at), 0)
                << range << " " << at;
    EXPECT_EQ(translate, nullptr);
    EXPECT_EQ(plugin.install(argument_, min(), cur()), 0)
        << "the control: the file itself is taken";
}

TEST_P(CountRanges, UsedFileIsNotUsedAgain) {
    {
        const Plugin plugin(GetParam());
        ASSERT_EQ(plugin.install(argument_, min(), cur()), 0);
    }
    const Plugin plugin(GetParam());
    EXPECT_NE(plugin.install(argument_, min(), cur()), 0);
}

INSTANTIATE_TEST_SUITE_P(Api, CountRanges, ::testing::Values(1, 2));

} // namespace
} // namespace rig
