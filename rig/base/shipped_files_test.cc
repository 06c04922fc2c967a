// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/shipped_files.h"

#include "rig/testing/temp_tree.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

class ShippedFilesTest : public ::testing::Test {
 protected:
    void SetUp() override {
        auto pattern = (fs::temp_directory_path() / "rig-shipped-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        dir_ = fs::canonical(pattern);
    }
    void TearDown() override {
        ::unsetenv("RIG_DATA_DIR");
        fs::remove_all(dir_);
    }
    fs::path with_data(const fs::path& folder) const {
        fs::create_directories(dir_ / folder / "configs");
        fs::create_directories(dir_ / folder / "kernel-patches");
        return dir_ / folder;
    }
    fs::path dir_;
};

TEST_F(ShippedFilesTest, ABuildFolderIsInACheckout) {
    const auto checkout = with_data("checkout");
    fs::create_directories(checkout / "build/meson-info");
    const auto found = shipped_files(checkout / "build/rig/rig", nullptr);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->data, checkout);
    EXPECT_TRUE(found->checkout);
    EXPECT_EQ(shipped_programs("guest", checkout / "build/rig/rig"), checkout / "build/guest");
}

TEST_F(ShippedFilesTest, AnInstallationMayBeMovedAndMayBeInsideACheckout) {
    with_data("checkout");
    const auto data = with_data("checkout/inst/share/rig");
    const auto program = dir_ / "checkout/inst/bin/rig";
    const auto found = shipped_files(program, nullptr);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->data, data);
    EXPECT_FALSE(found->checkout);
    const auto programs = shipped_programs("guest", program);
    EXPECT_EQ(programs.filename(), "rig");
    EXPECT_EQ(programs.lexically_relative(dir_ / "checkout/inst").begin()->string(), "lib");
    fs::rename(dir_ / "checkout/inst", dir_ / "moved");
    const auto moved = shipped_files(dir_ / "moved/bin/rig", nullptr);
    ASSERT_TRUE(moved) << moved.error().message;
    EXPECT_EQ(moved->data, dir_ / "moved/share/rig");
}

TEST_F(ShippedFilesTest, TheVariableComesFirstAndMustBeRight) {
    const auto data = with_data("mine");
    with_data("share/rig");
    const auto found = shipped_files(dir_ / "bin/rig", data.c_str());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->data, data);
    const auto wrong = shipped_files(dir_ / "bin/rig", dir_.c_str());
    ASSERT_FALSE(wrong) << "the installation would have hidden the mistake";
    EXPECT_NE(wrong.error().message.find("RIG_DATA_DIR=" + dir_.string()), std::string::npos);
    EXPECT_EQ(wrong.error().fault_domain, FaultDomain::Host);
    EXPECT_TRUE(shipped_files(dir_ / "bin/rig", "")) << "an empty variable is as none";
}

TEST_F(ShippedFilesTest, WithoutDataTheErrorNamesThePlaces) {
    fs::create_directories(dir_ / "share/rig/configs"); // and no kernel-patches/
    const auto found = shipped_files(dir_ / "bin/rig", nullptr);
    ASSERT_FALSE(found);
    for (const auto& part :
         {(dir_ / "share/rig").string(), (dir_ / "bin/rig").string(), std::string("RIG_DATA_DIR")})
        EXPECT_NE(found.error().message.find(part), std::string::npos) << found.error().message;
}

TEST_F(ShippedFilesTest, AProjectsOwnFilesComeBeforeTheShippedOnes) {
    const auto data = with_data("share/rig");
    const auto own = with_data("own");
    for (const auto& folder : {data, own})
        fs::create_directory(folder / "configs/both");
    fs::create_directory(data / "configs/shipped");
    ASSERT_EQ(::setenv("RIG_DATA_DIR", data.c_str(), 1), 0);
    EXPECT_EQ(or_shipped(own, "configs/both"), "configs/both");
    EXPECT_EQ(or_shipped(own, "configs/shipped"), data / "configs/shipped");
    EXPECT_EQ(or_shipped(own, "configs/neither"), "configs/neither");
    EXPECT_EQ(or_shipped(own, "/configs/shipped"), "/configs/shipped");
    EXPECT_EQ(own_command(), "rig");
    EXPECT_EQ(own_argument(own / "x.toml", own), (own / "x.toml").string());
}

TEST(ShippedFiles, TheTestsRunFromACheckout) {
    const auto found = shipped_files();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_TRUE(found->checkout);
    EXPECT_EQ(own_command(), "./bootstrap");
    EXPECT_EQ(own_argument(found->data / "configs/x.toml", found->data), "configs/x.toml");
}

} // namespace
} // namespace rig
