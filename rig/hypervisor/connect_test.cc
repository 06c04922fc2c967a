// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/connect.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace rig {
namespace {

class ChooseTest : public ::testing::Test {
 protected:
    void SetUp() override { file_ = std::filesystem::path(::testing::TempDir()) / "rig-host.toml"; }
    void TearDown() override { std::filesystem::remove(file_); }
    Result<std::string> with(const std::string& text) {
        std::ofstream(file_) << text;
        return connect_of(file_);
    }
    std::filesystem::path file_;
};

TEST_F(ChooseTest, TheHostsFileNamesTheConnection) {
    EXPECT_EQ(connect_of(file_).value(), "none");
    EXPECT_EQ(with("").value(), "none");
    EXPECT_EQ(with("connect = \"qemu:///system\"\n").value(), "qemu:///system");
    for (const char* bad :
         {"connect = 1\n", "connect = \"\"\n", "conect = \"none\"\n", "connect =\n"}) {
        const auto result = with(bad);
        ASSERT_FALSE(result) << bad;
        EXPECT_EQ(result.error().fault_domain, FaultDomain::Spec);
        EXPECT_NE(result.error().message.find("rig-host.toml:1: "), std::string::npos)
            << result.error().message;
    }
}

TEST_F(ChooseTest, AHostsFileThatCannotBeLookedForIsAnErrorOfTheHost) {
    std::filesystem::create_symlink(file_, file_); // a symlink loop
    const auto result = connect_of(file_ / "rig/host.toml");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(result.error().message.find("rig-host.toml/rig/host.toml: Too many levels"),
              std::string::npos)
        << result.error().message;
}

TEST_F(ChooseTest, WhoeverNamesADaemonGetsItOrAnError) {
    EXPECT_EQ(choose_libvirt("none").value(), nullptr);
    const auto result = choose_libvirt("qemu:///system?socket=/nonexistent/libvirt-sock");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(result.error().message.find("/nonexistent/libvirt-sock"), std::string::npos)
        << result.error().message;
}

} // namespace
} // namespace rig
