// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/nightly_config.h"

#include "rig/spec/spec_parser.h"
#include "rig/testing/night_fixture.h"

namespace rig {
namespace {

using fixture::night_config;

class NightConfigTest : public fixture::NightProject {
 protected:
    std::string error_of(std::string_view from, std::string_view to) {
        return error_of(replaced(night_config, from, to));
    }
    std::string error_of(const std::string& text) {
        const auto config = parse_night_config(text, file());
        return config ? "" : config.error().message;
    }
    std::string with(const std::string& more) { return std::string(night_config) + more; }
};

TEST_F(NightConfigTest, CellsAreExperimentsTimesVcpusTimesVariants) {
    const auto config = parse_night_config(night_config, file());
    ASSERT_TRUE(config) << config.error().message;
    ASSERT_EQ(config->cells.size(), 5u);
    EXPECT_EQ(config->cells[0].name, "a@mm/v2/plain");
    EXPECT_EQ(config->cells[3].name, "a@mm/v4/debug");
    EXPECT_EQ(config->cells[3].overrides,
              (std::vector<SpecOverride>{{"guest.vcpus", "4"}, {"kernel.options.DEBUG_VM", "y"}}));
    EXPECT_EQ(config->cells[4].name, "b");
    EXPECT_FALSE(config->cells[4].follow);
    EXPECT_EQ(config->notify.channels(), std::vector<std::string>{"file"});
    const auto short_night = parse_night_config(
        replaced(replaced(night_config, "budget_minutes = 240", "budget_minutes = 10"),
                 "first_run_minutes = 30\n", ""),
        file());
    ASSERT_TRUE(short_night);
    EXPECT_EQ(short_night->first_run_minutes, 10u);
    EXPECT_TRUE(is_night_config(night_config));
    EXPECT_FALSE(is_night_config(good_spec));
    EXPECT_FALSE(is_night_config("not TOML ["));
}

// The followed tree replaces the source of the experiment, and rig accepts the result.
TEST_F(NightConfigTest, AFollowedTreeIsAnOverrideOfTheSource) {
    auto config = *parse_night_config(night_config, file());
    const auto& cell = config.cells[0];
    const auto overrides = overrides_of(cell, std::string(40, 'a'));
    ASSERT_EQ(overrides.size(), 2u); // cell 0: vCPUs and the source
    EXPECT_EQ(overrides.back(), (SpecOverride{"kernel.source", "{ git = \"linux\", revision = \"" +
                                                                   std::string(40, 'a') + "\" }"}));
    const auto spec = load_spec(top_ / cell.spec, overrides);
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(std::get<GitSource>(spec->kernel.source).revision, std::string(40, 'a'));
    EXPECT_TRUE(check_night_files(config));
    config.cells[0].follow->base = "v6.12";
    EXPECT_NE(overrides_of(config.cells[0], "x").back().value.find(", base = \"v6.12\" }"),
              std::string::npos);
    EXPECT_EQ(overrides_of(config.cells[4], "").size(), 0u);
}

TEST_F(NightConfigTest, MistakesAreNamedWithTheirPlaceAndWhatIsAccepted) {
    const auto expect = [&](const std::string& message, std::string_view part) {
        EXPECT_NE(message.find(part), std::string::npos) << message << "\nwant " << part;
    };
    expect(error_of("configs/b.toml", "configs/c.toml"), ":13:");
    expect(error_of("configs/b.toml", "configs/c.toml"), "does not exist");
    expect(error_of("vcpus = [2, 4]", "vcpus = [2, 2]"), "an array of different numbers 2..64");
    expect(error_of("vcpus = [2, 4]", "vcpus = [1]"), ":7:");
    expect(error_of("vcpus = [2, 4]", "vcpus = 2"), "an array");
    expect(error_of("name = \"debug\"", "name = \"plain\""), "no other variant");
    expect(error_of("DEBUG_VM=y", "DEBUG_VM"), "KEY=VALUE");
    expect(error_of("watch =", "wach ="), "did you mean \"watch\"");
    expect(error_of("git = { repository = \"linux\", branch = \"master\" }\n", ""),
           "without commits there is nothing to bisect");
    expect(error_of("branch = \"master\"", "branch = \"--all\""), "a git revision");
    expect(error_of("repository = \"linux\"", "repository = \"lunix\""), "does not exist");
    expect(error_of("spec = \"configs/b.toml\"", "spec = \"configs/a.toml\"\ntree = \"mm\"\nvcpus "
                                                 "= [4]\nvariant = [{ name = \"debug\" }]"),
           "a second cell a@mm/v4/debug");
    expect(error_of("budget_minutes = 240", "budget_minutes = 0"), "budget_minutes");
    expect(error_of("budget_minutes = 240", "budget_minutes = 20"), "first_run_minutes: 30, want");
    expect(error_of("budget_minutes = 240", "significance = 0.001"), "significance");
    expect(error_of(std::string("name = \"x\"\n")), "missing experiment");
}

TEST_F(NightConfigTest, ChannelsAreReadAndHoldNoSecret) {
    const auto config =
        parse_night_config(with("[notify.email]\nto = [\"a@b.example\"]\nfrom = "
                                "\"rig@b.example\"\n[notify.webhook]\nurl = "
                                "\"https://ci.example:8443/hook?x=1\"\ntoken_env = \"TOKEN\"\n"),
                           file());
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->notify.channels(), (std::vector<std::string>{"file", "email", "webhook"}));
    const auto& hook = *config->notify.webhook;
    EXPECT_TRUE(hook.tls);
    EXPECT_EQ(hook.host, "ci.example");
    EXPECT_EQ(hook.port, 8443);
    EXPECT_EQ(hook.target, "/hook?x=1");
    const auto v6 =
        parse_night_config(with("[notify.webhook]\nurl = \"http://[::1]:80\"\n"), file());
    ASSERT_TRUE(v6) << v6.error().message;
    EXPECT_EQ(v6->notify.webhook->host, "::1");
    EXPECT_EQ(v6->notify.webhook->target, "/");

    const auto expect = [&](const std::string& more, std::string_view part) {
        const auto message = error_of(with(more));
        EXPECT_NE(message.find(part), std::string::npos) << message << "\nwant " << part;
    };
    expect("[notify.webhook]\nurl = \"http://ci.example/\"\ntoken_env = \"TOKEN\"\n",
           "anybody on the way could read the token");
    expect("[notify.webhook]\nurl = \"https://user:secret@ci.example/\"\n",
           "without user, password");
    expect("[notify.webhook]\nurl = \"ftp://ci.example/\"\n", "http://HOST");
    expect("[notify.webhook]\nurl = \"https://ci.example/\"\ntoken = \"geheim\"\n", "token_env");
    expect("[notify.webhook]\nurl = \"https://ci.example/\"\ntoken_env = \"gehe im\"\n",
           "never the token itself");
    expect(
        "[notify.webhook]\nurl = \"https://ci.example/\"\ntoken_env = \"A\"\ntoken_file = \"b\"\n",
        "there is one token");
    expect("[notify.email]\nto = [\"a@b, c@d\"]\nfrom = \"rig@b\"\n", "an address such as");
    expect("[notify.email]\nto = [\"a@b\"]\nfrom = \"-rig@b\"\n", "an address such as");
    expect("[notify.email]\nto = []\nfrom = \"rig@b\"\n", "one address or more");
    expect("[notify.email]\nto = [\"a@b\"]\nfrom = \"rig@b\"\nsendmail = \"sendmail\"\n",
           "an absolute path");
}

TEST_F(NightConfigTest, ExperimentsAreCheckedBeforeTheFirstRun) {
    const auto error_in = [&](std::string_view from, std::string_view to) {
        const auto config = parse_night_config(replaced(night_config, from, to), file());
        EXPECT_TRUE(config) << config.error().message;
        const auto status = check_night_files(*config);
        return status ? "" : status.error().message;
    };
    EXPECT_NE(error_in("\"sync_ipis\", ", "\"sink_ipis\", ").find("watches 'sink_ipis'"),
              std::string::npos);
    EXPECT_NE(error_in("bisect = true", "arms = [\"other\"]").find("watches arm 'other'"),
              std::string::npos);
    EXPECT_NE(error_in("DEBUG_VM=y", "DEBUG_VM=maybe").find("DEBUG_VM"), std::string::npos);
    std::ofstream(top_ / "configs/b.toml") << minimal_spec;
    EXPECT_NE(error_in("budget_minutes = 240", "budget_minutes = 60").find("one arm"),
              std::string::npos);
}

// The key that min_effect was: it is read, one line names it, and both at once are refused.
TEST_F(NightConfigTest, AnOlderKeyIsRead) {
    const auto with = [&](const char* keys) {
        return parse_night_config(replaced(night_config, "budget_minutes = 240",
                                           std::string("budget_minutes = 240\n") + keys),
                                  file());
    };
    const auto before = with("least_effect = 0.25");
    ASSERT_TRUE(before) << before.error().message;
    EXPECT_EQ(before->min_effect, 0.25);
    EXPECT_NE(before->deprecation.find("least_effect is now min_effect"), std::string::npos)
        << before->deprecation;
    const auto now = with("min_effect = 0.25");
    ASSERT_TRUE(now) << now.error().message;
    EXPECT_EQ(now->min_effect, 0.25);
    EXPECT_EQ(now->deprecation, "");
    const auto both = with("min_effect = 0.25\nleast_effect = 0.25");
    ASSERT_FALSE(both);
    EXPECT_NE(both.error().message.find("bad least_effect: it is the older name of min_effect"),
              std::string::npos)
        << both.error().message;
}

} // namespace
} // namespace rig
