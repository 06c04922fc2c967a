// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/cpu_claim.h"

#include "rig/testing/temp_tree.h"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rig {
namespace {

using rig::testing::TempTree;
using Cpus = std::vector<int>;

class CpuClaimTest : public ::testing::Test {
 protected:
    Cpus take(CpuClaim& into, std::size_t wanted, std::size_t least, Company company,
              const Cpus& of = {0, 1, 2, 3}) {
        auto claim = CpuClaim::take(tree_ / "claims", of, wanted, least, company);
        EXPECT_TRUE(claim) << claim.error().message;
        into = std::move(*claim);
        return into.cpus();
    }
    TempTree tree_;
};

TEST_F(CpuClaimTest, WhoWantsToBeAloneIsAlone) {
    CpuClaim one, two, three;
    EXPECT_EQ(take(one, 2, 2, Company::Alone), (Cpus{0, 1}));
    EXPECT_EQ(take(two, 3, 1, Company::Alone), (Cpus{2, 3})) << "what is left";
    EXPECT_EQ(take(three, 1, 1, Company::Alone), Cpus{});
    EXPECT_EQ(take(three, 1, 1, Company::Beside), Cpus{}) << "he did not agree";
    two = CpuClaim();
    EXPECT_EQ(take(three, 3, 3, Company::Alone), Cpus{}) << "less than the least: none is kept";
    EXPECT_EQ(take(two, 2, 2, Company::Alone), (Cpus{2, 3}));
}

TEST_F(CpuClaimTest, CompanyIsKeptWithThoseWhoKeepIt) {
    CpuClaim one, two, alone;
    EXPECT_EQ(take(one, 2, 1, Company::Beside), (Cpus{0, 1}));
    const auto shared = take(two, 3, 1, Company::Beside);
    EXPECT_TRUE(shared == (Cpus{0, 2, 3}) || shared == (Cpus{1, 2, 3}))
        << "free ones first, then one of the others";
    EXPECT_EQ(take(alone, 1, 1, Company::Alone), Cpus{});
    two = CpuClaim();
    EXPECT_EQ(take(alone, 4, 1, Company::Alone), (Cpus{2, 3}));
}

// A flock belongs to its process: its death, however it happens, releases the CPUs.
TEST_F(CpuClaimTest, AnotherProcessHoldsThemUntilItDies) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto held = CpuClaim::take(tree_ / "claims", {0, 1, 2, 3}, 3, 3, Company::Alone);
        const char fine = held && held->cpus().size() == 3 ? 'y' : 'n';
        [[maybe_unused]] const auto n = ::write(ready[1], &fine, 1);
        for (;;)
            ::pause();
    }
    char fine = 'n';
    ASSERT_EQ(::read(ready[0], &fine, 1), 1);
    EXPECT_EQ(fine, 'y');
    CpuClaim mine;
    EXPECT_EQ(take(mine, 4, 1, Company::Alone), Cpus{3});
    mine = CpuClaim();
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(take(mine, 4, 4, Company::Alone), (Cpus{0, 1, 2, 3}));
    ::close(ready[0]), ::close(ready[1]);
}

TEST_F(CpuClaimTest, OtherUsersCanReadAndNobodyCanReplace) {
    CpuClaim one;
    const auto old = ::umask(077);
    take(one, 1, 1, Company::Alone);
    ::umask(old);
    struct stat about {};
    ASSERT_EQ(::stat((tree_ / "claims").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777, 01777u);
}

TEST_F(CpuClaimTest, AFolderThatCannotBeOneIsTheHostsFault) {
    tree_.put("claims", "a file");
    const auto claim = CpuClaim::take(tree_ / "claims", {0}, 1, 1, Company::Alone);
    ASSERT_FALSE(claim);
    EXPECT_EQ(claim.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(claim.error().message.find((tree_ / "claims").string()), std::string::npos);
    std::filesystem::remove(tree_ / "claims");
    std::filesystem::create_directory_symlink(tree_.path(), tree_ / "claims");
    EXPECT_FALSE(CpuClaim::take(tree_ / "claims", {0}, 1, 1, Company::Alone))
        << "another user's link";
}

} // namespace
} // namespace rig
