// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/count_plugin.h"

#include "rig/hypervisor/domain_xml.h"
#include "rig/hypervisor/qemu_hypervisor.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace rig {
namespace {

constexpr const char* kQemu7 = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)";
constexpr const char* kQemu10 = "QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2), opensbi 1.5";

TEST(CountPlugin, ApiFollowsTheVersionOfQemu) {
    EXPECT_EQ(plugin_api(kQemu7), 1u);
    EXPECT_EQ(plugin_api(kQemu10), 2u);
    EXPECT_EQ(plugin_api("QEMU emulator version 8.2.1"), 1u);
    EXPECT_EQ(plugin_api("QEMU emulator version 9.0.0"), 2u);
    EXPECT_EQ(plugin_api("QEMU 7.2.22 of libvirt"), 1u);
    EXPECT_EQ(plugin_api("QEMU 10.0.2 of libvirt"), 2u);
    EXPECT_EQ(plugin_api("QEMU emulator version 5.2.0"), 0u);
    EXPECT_EQ(plugin_api("QEMU of libvirt"), 0u);
    EXPECT_EQ(plugin_api("something else"), 0u);
}

TEST(CountPlugin, ChoiceIsAModuleOrAReason) {
    const testing::TempTree tree;
    EXPECT_NE(choose_plugin(Accelerator::Tcg, kQemu7, tree.path()).why_not.find("RIG_PLUGINS"),
              std::string::npos);
    const auto module = tree.put("libcount_ranges-api1.so", "");
    const auto chosen = choose_plugin(Accelerator::Tcg, kQemu7, tree.path());
    EXPECT_EQ(chosen.module, module);
    EXPECT_EQ(chosen.why_not, "");
    EXPECT_TRUE(choose_plugin(Accelerator::Tcg, kQemu10, tree.path()).module.empty())
        << "that build is not there";
    EXPECT_NE(choose_plugin(Accelerator::Kvm, kQemu7, tree.path()).why_not.find("KVM"),
              std::string::npos);
    EXPECT_NE(choose_plugin(Accelerator::Tcg, "", tree.path()).why_not, "");
    EXPECT_TRUE(choose_plugin(Accelerator::Tcg, kQemu7, tree.path(), "profile").module.empty());
    const auto profile = tree.put("libprofile-api2.so", "");
    EXPECT_EQ(choose_plugin(Accelerator::Tcg, kQemu10, tree.path(), "profile").module, profile);
}

TEST(CountPlugin, CommasInPathsAreDoubled) {
    EXPECT_EQ(plugin_option({"/a,b/p.so", "/c,d/counts"}), "/a,,b/p.so,counts=/c,,d/counts");
}

TEST(CountPlugin, IsOnTheCommandLineOfBothAdaptersOnlyIfAskedFor) {
    BootRequest request;
    request.kernel = "vmlinux";
    request.console_log = "console.log";
    request.channel = "channel";
    const auto has = [](const BootRequest& r) {
        const auto argv = qemu_argv(r, "qemu");
        const auto at = std::find(argv.begin(), argv.end(), "-plugin");
        return at != argv.end() && at + 1 != argv.end() ? *(at + 1) : std::string();
    };
    EXPECT_EQ(has(request), "");
    EXPECT_EQ(domain_xml(request, {"name", "qemu"}).find("-plugin"), std::string::npos);
    request.plugin = CountPlugin{"/p.so", "/counts"};
    EXPECT_EQ(has(request), "/p.so,counts=/counts");
    EXPECT_NE(domain_xml(request, {"name", "qemu"}).find("/p.so,counts=/counts"),
              std::string::npos);
    request.profiler = CountPlugin{"/profile.so", "/profile"};
    const auto argv = qemu_argv(request, "qemu");
    EXPECT_EQ(std::count(argv.begin(), argv.end(), "-plugin"), 2);
    EXPECT_EQ(std::count(argv.begin(), argv.end(), "/profile.so,counts=/profile"), 1);
    EXPECT_NE(domain_xml(request, {"name", "qemu"}).find("/profile.so,counts=/profile"),
              std::string::npos);
    request.plugin.reset();
    EXPECT_EQ(has(request), "/profile.so,counts=/profile");
}

} // namespace
} // namespace rig
