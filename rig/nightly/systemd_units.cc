// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/systemd_units.h"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <fmt/format.h>

namespace rig {
namespace {

// The time limit of the service: twice the budget, plus a margin. The night ends itself, but may
// exceed its budget by a re-run for each cell with a candidate and by one search for a commit.
unsigned limit_minutes(unsigned budget) {
    return 2 * budget + 60;
}

bool one_line(const std::string& text) {
    return std::none_of(text.begin(), text.end(),
                        [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// For WorkingDirectory= and Documentation=. The first takes its value to the end of the line,
// including quotes.
std::string specifiers_escaped(const std::string& text) {
    std::string out;
    for (const char c : text)
        out += c == '%' ? "%%" : std::string(1, c);
    return out;
}

// A file: URL without characters that would end or quote a word of a unit.
std::string page_url(const std::filesystem::path& top) {
    static constexpr auto kept = boost::urls::pchars + '/' - '\'' - ';' - '\\' - '"';
    return "file:" + boost::urls::encode((top / "docs/how-to/run-nightly.md").string(), kept);
}

} // namespace

std::string unit_word(const std::string& word, bool command) {
    std::string out;
    bool quote = word.empty();
    for (const char c : word) {
        if (c == '%')
            out += "%%";
        else if (c == '$' && command)
            out += "$$";
        else if (c == '"' || c == '\\')
            out += std::string{'\\', c}, quote = true;
        else
            out += c, quote |= c == ' ' || c == '\'' || c == ';';
    }
    return quote ? "\"" + out + "\"" : out;
}

Result<std::map<std::string, std::string>> systemd_units(const UnitOptions& options) {
    if (options.on_calendar.empty() || !one_line(options.on_calendar))
        return fail(
            FaultDomain::Spec,
            fmt::format("--on-calendar '{}': want one line as in systemd.time(7), e.g. \"*-*-* "
                        "01:00\" or \"Mon..Fri 23:30\"",
                        options.on_calendar.substr(0, options.on_calendar.find_first_of("\r\n"))));
    auto paths = options.writable;
    paths.insert(paths.end(), {options.rig, options.top, options.results, options.cache});
    for (const auto& path : paths)
        if (!path.is_absolute() || !one_line(path.string()))
            return fail(
                FaultDomain::Spec,
                fmt::format("{}: want an absolute path without control characters for a unit",
                            path.string()));
    // systemd removes blanks at the end of a line, and takes a backslash there for a continuation.
    if (const auto top = options.top.string(); top.find_last_not_of(" \\") + 1 != top.size())
        return fail(
            FaultDomain::Spec,
            fmt::format(
                "{}: want a project whose path does not end with a blank or a backslash for a unit",
                top));
    std::string command = unit_word(options.rig.string(), true);
    for (const auto& word : options.arguments) {
        if (!one_line(word))
            return fail(FaultDomain::Spec, "a unit's command cannot hold control characters");
        command += " " + unit_word(word, true);
    }
    std::string writable =
        unit_word(options.results.string(), false) + " " + unit_word(options.cache.string(), false);
    for (const auto& path : options.writable)
        writable += " " + unit_word(path.string(), false);
    if (options.email) writable += " -/var/spool -/var/log/exim4"; // '-': only if it exists
    auto service = fmt::format(R"([Unit]
Description=rig: unattended regression runs of kernel patches
Documentation={page}

[Service]
Type=oneshot
WorkingDirectory={top}
ExecStart={command}
# A night that is stopped goes on when the same command is started again: SIGTERM, then time to write down what is measured.
TimeoutStartSec={limit}min
TimeoutStopSec=60
KillMode=mixed
# 1, 3 and 4 are answers (a regression, faults of the host, inconclusive). The unit is failed then, which is how monitors see it.
Restart=no

# A night leaves the machine usable: guests and compilers get what others do not need.
Nice=10
CPUWeight=20
IOWeight=20
MemoryHigh=75%
MemoryMax=85%
TasksMax=4096
UMask=0022
)",
                               fmt::arg("top", specifiers_escaped(options.top.string())),
                               fmt::arg("page", specifiers_escaped(page_url(options.top))),
                               fmt::arg("command", command),
                               fmt::arg("limit", limit_minutes(options.budget_minutes)));
    if (options.email && !options.system)
        service += R"(
# Not confined: sendmail is set-group-ID, which every confinement of a user's service takes from it. With [notify.webhook] or [notify.file] in place of
# [notify.email], or with --system, the unit is confined.
)";
    else
        service += fmt::format(
            R"(
# Only what QEMU with /dev/kvm, apt downloads and kernel builds survive: they need the network, programs that write and run code (TCG), /dev/kvm, and under
# the virtual clock a real-time priority where rig may have one (or replays differ on a busy host).
NoNewPrivileges=yes
{}ProtectSystem=strict
ReadWritePaths={}
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
)",
            options.system ? ""
                           : "# What a user's systemd needs for the next ones; groups that open "
                             "/dev/kvm stay in force.\nPrivateUsers=yes\n",
            writable);
    // Only the system manager can restrict devices and capabilities. SYS_NICE: for the priority
    // above. SETPCAP: rig uses it to take the other capabilities from QEMU.
    if (options.system)
        service += "DevicePolicy=closed\nDeviceAllow=/dev/kvm "
                   "rw\nProtectHome=read-only\nProtectProc=invisible\n"
                   "CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_CHOWN "
                   "CAP_FOWNER CAP_SETUID CAP_SETGID CAP_SYS_NICE CAP_SETPCAP\n";
    const auto timer = fmt::format(R"([Unit]
Description=rig: the nightly regression runs

[Timer]
OnCalendar={}
# A machine that was off at the time makes up for it when it is on again.
Persistent=true
RandomizedDelaySec=5min
AccuracySec=1min

[Install]
WantedBy=timers.target
)",
                                   options.on_calendar);
    return std::map<std::string, std::string>{{kServiceUnit, service}, {kTimerUnit, timer}};
}

} // namespace rig
