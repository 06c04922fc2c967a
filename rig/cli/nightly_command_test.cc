// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/nightly_command.h"

#include "rig/base/files.h"
#include "rig/base/home.h"
#include "rig/host/artifact_cache.h"
#include "rig/host/boost_command_runner.h"
#include "rig/testing/as_user.h"
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
        cache_ = top_ / "cache";
        std::ofstream(file()) << fixture::night_config;
    }
    Result<CommandOutput> run(const NightlyOptions& line) {
        ArtifactCache cache(cache_);
        testing::FakeHypervisor hypervisor({});
        CommonOptions common;
        common.results = top_ / "results";
        return nightly_command(line, common, {cache, runner_, hypervisor, Progress::silent()}, {},
                               {});
    }
    NightlyOptions line() const {
        NightlyOptions line;
        line.config = file();
        return line;
    }
    BoostCommandRunner runner_;
    fs::path cache_; // in the project, unless a test changes it
};

TEST_F(NightlyCommandTest, UnitsAreWrittenUnderTheRootAndSayWhatIsNext) {
    auto units = line();
    units.install_units = true, units.system = true, units.root = top_ / "root";
    const auto output = run(units);
    ASSERT_TRUE(output) << output.error().message;
    const auto folder = top_ / "root/etc/systemd/system";
    EXPECT_NE(slurp(folder / "rig-nightly.service").find("WorkingDirectory=" + top_.string()),
              std::string::npos);
    EXPECT_NE(slurp(folder / "rig-nightly.service").find("nightly configs/test.toml"),
              std::string::npos);
    EXPECT_NE(slurp(folder / "rig-nightly.timer").find("OnCalendar=*-*-* 01:00\n"),
              std::string::npos);
    EXPECT_NE(output->text.find("systemctl enable --now rig-nightly.timer"), std::string::npos)
        << output->text;
    units.on_calendar = "a\nb";
    fs::remove_all(top_ / "root");
    EXPECT_FALSE(run(units));
    EXPECT_FALSE(fs::exists(folder)); // nothing was written
    auto wrong = line();
    wrong.system = true;
    EXPECT_NE(run(wrong).error().message.find("only with --install-units"), std::string::npos);
}

// The home folder is that of HOME, else that of the passwd entry, as for the cache and host.toml.
// Without both, rig refuses.
TEST_F(NightlyCommandTest, UnitsOfAUserWithoutHomeGoToThatOfThePasswdEntryOrNowhere) {
    auto units = line();
    units.install_units = true, units.root = top_ / "root";
    const auto said = [&](uid_t user) {
        return testing::as_user(user, [&] {
            for (const char* name : {"XDG_CONFIG_HOME", "HOME"})
                ::unsetenv(name);
            const auto output = run(units);
            return (output ? output->text : output.error().message) + "\nhome " +
                   home_folder().string();
        });
    };
    const auto own = said(::geteuid());
    const auto home = own.substr(own.rfind(' ') + 1);
    if (!home.empty()) {
        const auto unit = top_ / "root" / fs::path(home).relative_path() /
                          ".config/systemd/user/rig-nightly.service";
        EXPECT_NE(own.find("written: " + unit.string()), std::string::npos) << own;
        EXPECT_TRUE(fs::exists(unit));
    }
    const auto relative = testing::as_user(::geteuid(), [&] {
        ::setenv("XDG_CONFIG_HOME", "conf", 1);
        const auto output = run(units);
        return output ? output->text : output.error().message;
    });
    EXPECT_EQ(relative, "--install-units: systemd does not look in conf/systemd/user: want an "
                        "absolute path in XDG_CONFIG_HOME");
    const auto refused = run([&] { // no folder for the cache of the night
        cache_ = "";
        return units;
    }());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("set RIG_CACHE_DIR"), std::string::npos)
        << refused.error().message;
    cache_ = top_ / "cache";
    if (::geteuid() != 0) GTEST_SKIP() << "wants to be a user without an entry";
    fs::permissions(top_, fs::perms(0755));
    fs::remove_all(top_ / "root");
    EXPECT_EQ(said(testing::kNoOne),
              "--install-units: there is no place for a user's units: neither XDG_CONFIG_HOME nor "
              "HOME is set, and the passwd database has no home for the user; set one of them, or "
              "use --system\nhome ");
    EXPECT_FALSE(fs::exists(top_ / "root"));
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
    EXPECT_NE(slurp(top_ / "results/nightly/messages.jsonl")
                  .find("\"id\":\"1-20260223-010000-0123456789abcdef-closed\""),
              std::string::npos);
    EXPECT_FALSE(load_book(top_ / "results")->regression_open());
    EXPECT_EQ(run(close).error().fault_domain, FaultDomain::Spec);
}

TEST_F(NightlyCommandTest, MetricsAreWrittenWhereTheyAreWanted) {
    // No cell can run: the followed tree is no repository. That is a night, too.
    const auto config =
        replaced(fixture::night_config, "[[experiment]]\nspec = \"configs/b.toml\"\n", "");
    std::ofstream(file()) << "metrics_file = \"out/rig.prom\"\n" << config;
    fs::create_directories(top_ / "out");
    ASSERT_TRUE(run(line()));
    const auto text = slurp(top_ / "out/rig.prom");
    EXPECT_NE(text.find("rig_night_cells{config=\"configs/test.toml\""), text.npos) << text;
    auto elsewhere = line();
    elsewhere.metrics_file = top_ / "other.prom";
    ASSERT_TRUE(run(elsewhere));
    EXPECT_TRUE(fs::exists(top_ / "other.prom"));
    // A night counts although nobody can watch it.
    elsewhere.metrics_file = top_ / "missing/other.prom";
    EXPECT_TRUE(run(elsewhere));
    auto units = line();
    units.install_units = true, units.system = true, units.root = top_ / "root";
    ASSERT_TRUE(run(units));
    EXPECT_NE(
        slurp(top_ / "root/etc/systemd/system/rig-nightly.service").find((top_ / "out").string()),
        std::string::npos);
    auto wrong = line();
    wrong.metrics_file = top_ / "rig.txt";
    EXPECT_NE(run(wrong).error().message.find("ends in .prom"), std::string::npos);
    std::ofstream(file()) << "metrics_file = \"rig.txt\"\n" << config;
    EXPECT_NE(run(line()).error().message.find("bad metrics_file"), std::string::npos);
}

TEST_F(NightlyCommandTest, MistakesAreFoundBeforeAnythingRuns) {
    std::ofstream(file()) << replaced(fixture::night_config, "\"sync_ipis\", ", "\"sink_ipis\", ");
    auto output = run(line());
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().fault_domain, FaultDomain::Spec);
    EXPECT_FALSE(fs::exists(top_ / "results/nightly"));
    auto none = line();
    none.config = top_ / "none.toml";
    EXPECT_NE(run(none).error().message.find("no such file"), std::string::npos);
}

} // namespace
} // namespace rig
