// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/systemd_units.h"

#include "rig/testing/golden.h"

namespace rig {
namespace {

UnitOptions options_of(bool system) {
    UnitOptions options;
    options.system = system;
    options.rig = "/opt/rig/build/rig/rig";
    options.top = "/opt/rig";
    options.results = "/opt/rig/results";
    options.cache = "/var/cache/rig";
    options.arguments = {"--results", "/opt/rig/results",    "--cache", "/var/cache/rig", "--quiet",
                         "nightly",   "configs/nightly.toml"};
    return options;
}

// `systemd-analyze verify` accepted these texts (docs/how-to/run-nightly.md).
TEST(SystemdUnits, AreAsCommitted) {
    for (const bool system : {false, true}) {
        const auto units = systemd_units(options_of(system));
        ASSERT_TRUE(units) << units.error().message;
        ASSERT_EQ(units->size(), 2u);
        for (const auto& [name, text] : *units)
            testing::expect_golden(std::string("nightly/") + (system ? "system/" : "user/") + name,
                                   text);
    }
}

// It accepted these, too. systemd takes WorkingDirectory= to the end of its line, including quotes,
// and splits Documentation= at blanks.
TEST(SystemdUnits, OfAProjectWithABlankInItsPathAreAsCommitted) {
    auto options = options_of(false);
    options.rig = "/opt/my rigs 100%/build/rig/rig";
    options.top = "/opt/my rigs 100%";
    options.results = "/opt/my rigs 100%/results";
    options.arguments[1] = options.results.string();
    options.writable = {"/srv/it's \"here\""};
    const auto units = systemd_units(options);
    ASSERT_TRUE(units) << units.error().message;
    testing::expect_golden(std::string("nightly/blank/") + kServiceUnit, units->at(kServiceUnit));
    for (const char* line :
         {"\nWorkingDirectory=/opt/my rigs 100%%\n",
          "\nDocumentation=file:/opt/my%%20rigs%%20100%%25/docs/how-to/run-nightly.md\n",
          "\nExecStart=\"/opt/my rigs 100%%/build/rig/rig\" --results \"/opt/my "
          "rigs 100%%/results\" "})
        EXPECT_NE(units->at(kServiceUnit).find(line), std::string::npos) << line;
    // A blank at the end would be lost. A backslash would continue into the next line.
    for (const char* wrong : {"/opt/rig ", "/opt/rig\\"}) {
        options.top = wrong;
        EXPECT_FALSE(systemd_units(options)) << wrong;
    }
}

TEST(SystemdUnits, LimitsFollowTheBudgetAndMailItsQueue) {
    auto options = options_of(true);
    options.budget_minutes = 60;
    options.email = true;
    options.writable = {"/srv/messages"};
    const auto text = systemd_units(options)->at(kServiceUnit);
    EXPECT_NE(text.find("TimeoutStartSec=180min"), std::string::npos);
    EXPECT_NE(text.find("ReadWritePaths=/opt/rig/results /var/cache/rig /srv/messages -/var/spool "
                        "-/var/log/exim4\n"),
              std::string::npos)
        << text;
    // The sendmail of a user is set-group-ID. If it were confined, it could not queue a mail.
    options.system = false;
    const auto user = systemd_units(options)->at(kServiceUnit);
    EXPECT_EQ(user.find("NoNewPrivileges=yes"), std::string::npos);
    EXPECT_NE(user.find("Not confined"), std::string::npos);
    options.email = false;
    EXPECT_NE(systemd_units(options)->at(kServiceUnit).find("NoNewPrivileges=yes"),
              std::string::npos);
}

// What the boot of a guest needs (rig/host/cpu_binding.h, rig/hypervisor/qemu_hypervisor.cc) and a
// stricter unit would forbid.
TEST(SystemdUnits, LeaveWhatGuestsNeed) {
    for (const bool system : {false, true}) {
        const auto text = systemd_units(options_of(system))->at(kServiceUnit);
        for (const char* taken : {"RestrictRealtime=", "MemoryDenyWriteExecute=", "PrivateDevices=",
                                  "PrivateNetwork=", "RestrictNamespaces="})
            EXPECT_EQ(text.find(taken), std::string::npos) << taken;
        EXPECT_NE(text.find("NoNewPrivileges="),
                  std::string::npos); // the control: it is a text with such lines
    }
    const auto text = systemd_units(options_of(true))->at(kServiceUnit);
    for (const char* needed :
         {"DeviceAllow=/dev/kvm rw", "CAP_SYS_NICE", "CAP_SETPCAP", "CAP_DAC_READ_SEARCH"})
        EXPECT_NE(text.find(needed), std::string::npos) << needed;
}

TEST(SystemdUnits, WordsAreTakenLiterally) {
    EXPECT_EQ(unit_word("plain", true), "plain");
    EXPECT_EQ(unit_word("two words", true), "\"two words\"");
    EXPECT_EQ(unit_word("50%$HOME", true), "50%%$$HOME");
    EXPECT_EQ(unit_word("50%$HOME", false), "50%%$HOME");
    EXPECT_EQ(unit_word("a\"b\\", true), "\"a\\\"b\\\\\"");
    EXPECT_EQ(unit_word("", true), "\"\"");
}

TEST(SystemdUnits, NothingBecomesALineOfItsOwn) {
    auto options = options_of(false);
    options.on_calendar = "daily\n[Service]\nExecStart=/bin/false";
    auto units = systemd_units(options);
    ASSERT_FALSE(units);
    EXPECT_NE(units.error().message.find("--on-calendar 'daily'"), std::string::npos)
        << units.error().message;
    options = options_of(false);
    options.results = "/opt/x\nExecStartPre=/bin/false";
    EXPECT_FALSE(systemd_units(options));
    options = options_of(false);
    options.arguments.emplace_back("a\nb");
    EXPECT_FALSE(systemd_units(options));
    options = options_of(false);
    options.top = "relative";
    EXPECT_FALSE(systemd_units(options));
}

} // namespace
} // namespace rig
