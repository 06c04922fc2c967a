// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/experiment/profile_setup.h"

#include "rig/kernel/initramfs.h"
#include "rig/testing/experiment_fixture.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

class Qemu : public testing::FakeHypervisor {
 public:
    Qemu() : FakeHypervisor({}) {}
    Result<std::string> version(const Arch&) override { return version_; }
    std::string version_ = "QEMU emulator version 7.2.22";
};

class ProfileSetup : public ::testing::Test {
 protected:
    ProfileSetup() {
        kernel_.system_map = tree_.put("System.map", testing::kMap);
        image_ = tree_.put("initramfs.cpio", make_cpio({}).value());
        module_ = tree_.put("plugin/libprofile-api1.so", "");
        machine_.clock = GuestClock::Virtual;
        machine_.accelerator = Accelerator::Tcg;
    }
    Result<Profiling> setup() {
        return profiling_of(kernel_, image_, machine_, arch_named(kDefaultArch), vcpus_,
                            {cache_, runner_, qemu_, Progress::silent()}, tree_ / "plugin");
    }
    std::string refusal() {
        const auto profiling = setup();
        if (profiling) return {};
        EXPECT_EQ(profiling.error().fault_domain, FaultDomain::Spec);
        return profiling.error().message;
    }

    const testing::TempTree tree_{};
    ArtifactCache cache_{tree_ / "cache"};
    testing::PerfRunner runner_{};
    Qemu qemu_{};
    Kernel kernel_{};
    Machine machine_{};
    std::filesystem::path image_{}, module_{};
    unsigned vcpus_ = 16;
};

TEST_F(ProfileSetup, FunctionsAreThoseOfTheArmsKernel) {
    const auto profiling = setup();
    ASSERT_TRUE(profiling) << profiling.error().message;
    EXPECT_EQ(profiling->module, module_);
    ASSERT_EQ(profiling->layout->functions.size(), 5u) << "the last symbol has no known end";
    EXPECT_EQ(profiling->layout->functions[0].name, "synchronize_rcu");
}

TEST_F(ProfileSetup, WhatCannotBeProfiledIsTheUsersFault) {
    EXPECT_EQ(refusal(), "") << "the control";
    qemu_.version_ = "QEMU emulator version 10.0.2";
    EXPECT_NE(refusal().find("--profile: there is no "), std::string::npos) << refusal();
    tree_.put("plugin/libprofile-api2.so", "");
    EXPECT_EQ(refusal(), "--profile with 16 vCPUs: with this QEMU (QEMU emulator version 10.0.2) "
                         "want at most 8");
    vcpus_ = 8;
    EXPECT_EQ(refusal(), "");
    qemu_.version_ = "QEMU emulator version 7.2.22";
    machine_.clock = GuestClock::Wall;
    EXPECT_NE(refusal().find("--profile needs the virtual clock"), std::string::npos);
}

TEST_F(ProfileSetup, DamagedSystemMapIsTheHostsFault) {
    kernel_.system_map = tree_.put("System.map", "nonsense\n");
    EXPECT_EQ(setup().error().fault_domain, FaultDomain::Host);
}

} // namespace
} // namespace rig
