// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/cell_identity.h"

#include "rig/host/boost_command_runner.h"
#include "rig/testing/night_fixture.h"

namespace rig {
namespace {

namespace fs = std::filesystem;

class CellIdentityTest : public fixture::NightProject {
 protected:
    void SetUp() override {
        NightProject::SetUp();
        std::ofstream(file()) << fixture::night_config;
        config_ = *load_night_config(file());
        git(top_ / "linux", "init -q -b master .");
        commit(top_ / "linux", "one");
    }
    void git(const fs::path& where, const std::string& words) {
        Command command;
        command.argv = {"sh", "-c", "git -c user.name=t -c user.email=t@example.org " + words};
        command.cwd = where;
        command.env = {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_CONFIG_SYSTEM", "/dev/null"}};
        const auto result = runner_.run(command);
        ASSERT_TRUE(result && result->ok())
            << words << (result ? result->out : result.error().message);
    }
    void commit(const fs::path& where, const std::string& content) {
        std::ofstream(where / "Makefile") << content;
        git(where, "add -A");
        git(where, "commit -q -m '" + content + "'");
    }
    CellFacts facts(std::size_t cell) {
        return facts_of(config_, config_.cells[cell], "program", runner_);
    }
    BoostCommandRunner runner_;
    NightConfig config_;
};

TEST_F(CellIdentityTest, FactsFollowWhatARunDependsOn) {
    const auto before = facts(0);
    ASSERT_EQ(before.why_not, "");
    EXPECT_EQ(before.commit.size(), 40u);
    EXPECT_EQ(before.parts.source, "git:" + before.commit);
    EXPECT_EQ(before.experiment, "batch-alloc-fail");
    EXPECT_FALSE(before.parts.kernel.empty());
    EXPECT_EQ(facts(0).parts, before.parts);
    commit(top_ / "linux", "two");
    EXPECT_EQ(changed_parts(before.parts, facts(0).parts),
              std::vector<std::string>{"kernel source"});
    std::ofstream(top_ / "configs/kernel/more.config") << "CONFIG_X=y\n";
    EXPECT_EQ(changed_parts(before.parts, facts(0).parts),
              (std::vector<std::string>{"kernel source", "patches or configuration"}));
    config_.cells[0].follow->branch = "no-such-branch";
    EXPECT_NE(facts(0).why_not.find("no commit 'no-such-branch'"), std::string::npos)
        << facts(0).why_not;
}

TEST_F(CellIdentityTest, SinceARevisionLooksIntoTheRepositoryOfEachCell) {
    // The project is in a git repository of its own, with b.toml in it.
    git(top_, "init -q -b main .");
    git(top_, "add configs kernel-patches");
    git(top_, "commit -q -m start");
    git(top_, "tag start");
    git(top_ / "linux", "tag start");
    const auto excluded = [&](std::size_t cell) {
        const auto filter = since_filter(config_, "start", runner_);
        EXPECT_TRUE(filter) << filter.error().message;
        return (*filter)(config_.cells[cell], facts(cell), nullptr);
    };
    EXPECT_EQ(excluded(0), "no commit on master since start");
    EXPECT_EQ(excluded(4), "its experiment file, patches and fragments are as in start");
    commit(top_ / "linux", "two");
    EXPECT_EQ(excluded(0), "");
    EXPECT_NE(excluded(4), "");
    std::ofstream(top_ / "configs/b.toml", std::ios::app) << "# changed\n";
    EXPECT_EQ(excluded(4), "");
    git(top_ / "linux", "tag only-here");
    const auto filter = since_filter(config_, "only-here", runner_);
    ASSERT_TRUE(filter);
    EXPECT_NE((*filter)(config_.cells[4], facts(4), nullptr).find("no commit 'only-here'"),
              std::string::npos);
    for (const char* wrong : {"nowhere", "2026-02-30", "--all", "a b"}) {
        const auto none = since_filter(config_, wrong, runner_);
        ASSERT_FALSE(none) << wrong;
        EXPECT_EQ(none.error().fault_domain, FaultDomain::Spec);
    }
    EXPECT_FALSE(*since_filter(config_, "", runner_));
    EXPECT_TRUE(*since_filter(config_, "2026-02-23", runner_));
}

} // namespace
} // namespace rig
