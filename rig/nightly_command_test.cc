#include "rig/nightly_command.h"

#include "rig/artifact_cache.h"
#include "rig/files.h"
#include "rig/host/boost_command_runner.h"
#include "rig/testing/fake_command_runner.h"
#include "rig/testing/fake_hypervisor.h"
#include "rig/testing/night_fixture.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;

class NightlyCommandTest : public fixture::NightProject {
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
        ASSERT_TRUE(result && result->ok()) << words << (result ? result->out : result.error().message);
    }
    void commit(const fs::path& where, const std::string& content) {
        std::ofstream(where / "Makefile") << content;
        git(where, "add -A");
        git(where, "commit -q -m '" + content + "'");
    }
    CellFacts facts(std::size_t cell) { return facts_of(config_, config_.cells[cell], "program", runner_); }
    Result<CommandOutput> run(const NightlyLine& line) {
        ArtifactCache cache(top_ / "cache");
        testing::FakeHypervisor hypervisor({});
        CommonOptions common;
        common.results = top_ / "results";
        return nightly_command(line, common, {cache, runner_, hypervisor, Progress::silent()}, {}, {});
    }
    NightlyLine line() const {
        NightlyLine line;
        line.config = file();
        return line;
    }
    BoostCommandRunner runner_;
    NightConfig config_;
};

TEST_F(NightlyCommandTest, FactsFollowWhatARunDependsOn) {
    const auto before = facts(0);
    ASSERT_EQ(before.why_not, "");
    EXPECT_EQ(before.commit.size(), 40u);
    EXPECT_EQ(before.parts.source, "git:" + before.commit);
    EXPECT_EQ(before.experiment, "batch-alloc-fail");
    EXPECT_FALSE(before.parts.kernel.empty());
    EXPECT_EQ(facts(0).parts, before.parts);
    commit(top_ / "linux", "two");
    EXPECT_EQ(changed_parts(before.parts, facts(0).parts), std::vector<std::string>{"kernel source"});
    std::ofstream(top_ / "configs/kernel/more.config") << "CONFIG_X=y\n";
    EXPECT_EQ(changed_parts(before.parts, facts(0).parts), (std::vector<std::string>{"kernel source", "patches or configuration"}));
    config_.cells[0].follow->branch = "no-such-branch";
    EXPECT_NE(facts(0).why_not.find("no commit 'no-such-branch'"), std::string::npos) << facts(0).why_not;
}

TEST_F(NightlyCommandTest, SinceARevisionLooksIntoTheRepositoryOfEachCell) {
    // The project is a repository of its own, with b.toml in it.
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
    EXPECT_NE((*filter)(config_.cells[4], facts(4), nullptr).find("no commit 'only-here'"), std::string::npos);
    for (const char* wrong : {"nowhere", "2026-02-30", "--all", "a b"}) {
        const auto none = since_filter(config_, wrong, runner_);
        ASSERT_FALSE(none) << wrong;
        EXPECT_EQ(none.error().blame, Blame::Spec);
    }
    EXPECT_FALSE(*since_filter(config_, "", runner_));
    EXPECT_TRUE(*since_filter(config_, "2026-02-23", runner_));
}

TEST_F(NightlyCommandTest, UnitsAreWrittenUnderTheRootAndSayWhatIsNext) {
    auto units = line();
    units.install_units = true, units.system = true, units.root = top_ / "root";
    const auto output = run(units);
    ASSERT_TRUE(output) << output.error().message;
    const auto folder = top_ / "root/etc/systemd/system";
    EXPECT_NE(slurp(folder / "rig-nightly.service").find("WorkingDirectory=" + top_.string()), std::string::npos);
    EXPECT_NE(slurp(folder / "rig-nightly.service").find("nightly configs/test.toml"), std::string::npos);
    EXPECT_NE(slurp(folder / "rig-nightly.timer").find("OnCalendar=*-*-* 01:00\n"), std::string::npos);
    EXPECT_NE(output->text.find("systemctl enable --now rig-nightly.timer"), std::string::npos) << output->text;
    units.on_calendar = "a\nb";
    fs::remove_all(top_ / "root");
    EXPECT_FALSE(run(units));
    EXPECT_FALSE(fs::exists(folder)); // nothing half-written
    auto wrong = line();
    wrong.system = true;
    EXPECT_NE(run(wrong).error().message.find("only with --install-units"), std::string::npos);
}

TEST_F(NightlyCommandTest, AnIncidentIsClosedByHandAndToldOnce) {
    IncidentBook book;
    Incident incident;
    incident.cell = "a", incident.direction = "broken";
    book.token = "0123456789abcdef";
    open_incident(book, incident, "20260223-010000");
    book.incidents[0].told = std::exchange(book.incidents[0].untold, {});
    fs::create_directories(top_ / "results/nightly");
    ASSERT_TRUE(save_book(top_ / "results", book));
    auto close = line();
    close.close = 1;
    EXPECT_NE(run(close).error().message.find("--why"), std::string::npos);
    close.why = "accepted";
    const auto output = run(close);
    ASSERT_TRUE(output) << output.error().message;
    EXPECT_NE(output->text.find("accepted"), std::string::npos);
    EXPECT_NE(slurp(top_ / "results/nightly/messages.jsonl").find("\"id\":\"1-20260223-010000-0123456789abcdef-closed\""), std::string::npos);
    EXPECT_FALSE(load_book(top_ / "results")->regression_open());
    EXPECT_EQ(run(close).error().blame, Blame::Spec);
}

TEST_F(NightlyCommandTest, MistakesAreFoundBeforeAnythingRuns) {
    std::ofstream(file()) << replaced(fixture::night_config, "\"sync_ipis\", ", "\"sink_ipis\", ");
    auto output = run(line());
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().blame, Blame::Spec);
    EXPECT_FALSE(fs::exists(top_ / "results/nightly"));
    auto none = line();
    none.config = top_ / "none.toml";
    EXPECT_NE(run(none).error().message.find("no such file"), std::string::npos);
}

} // namespace
} // namespace rig
