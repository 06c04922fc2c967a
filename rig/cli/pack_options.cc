// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/history_options.h"
#include "rig/cli/pack_command.h"
#include "rig/cli/submit_command.h"

#include <CLI/CLI.hpp>

namespace rig {
namespace {

constexpr const char* kPackHelp = R"(Examples:
  rig pack latest                                      writes RUN-ID.rigpack
  rig pack latest --out fix.rigpack
  rig pack latest --without-kernels                    what a build needs, not what it gives

The file has the experiment, kernels, initramfs, samples, consoles and reports of the run, with
the SHA-256 of each and of QEMU, its firmware and the plugin. Without kernels it has the patches,
the final configurations and all hashes. The run must have been emulated with the virtual clock.

Exit codes:
  0  written
  2  wrong command line, no such run, or a run that cannot be replayed
  3  a kernel is no longer in the cache, another QEMU is installed, or another host fault)";

constexpr const char* kReplayHelp = R"(Examples:
  rig replay fix.rigpack                               boots all of it again
  rig replay fix.rigpack --boots 2                     only the first two boots
  rig show fix.rigpack                                 what is in it; boots nothing

Checks every hash, boots again and compares the samples byte for byte. Only times of the host's
clock may differ. Before the first boot it ends with the reasons if this machine cannot give the
same bytes: another QEMU or firmware, no TCG, a rig that gives QEMU or the guest something else.
A pack is data: its members have fixed names, and rig composes QEMU's command line itself.

Exit codes:
  0  the same bytes in every boot
  1  other bytes, or a kernel fault
  2  wrong command line, a damaged pack, or one without kernels
  3  it cannot be replayed on this machine, or another host fault
  4  guest fault: the agent, perf or the workload failed)";

constexpr const char* kSubmitHelp = R"(Examples:
  rig submit latest --kcidb https://HOST/submit        prints what would be sent
  RIG_KCIDB_TOKEN=... rig submit latest --kcidb https://HOST/submit --send --origin mylab
  rig submit latest --kcidb https://HOST/submit --send --token-file ~/.kcidb-token

Sends the JSON of rig export --format kcidb, with the commit and the Message-ID of each checkout
where the run knows them. Without --send it only prints it. The token is never printed, and is no
option, because command lines are visible to every user of a machine.

Exit codes:
  0  printed, or sent and accepted
  2  wrong command line, no such run, or http to another host
  3  no token, no answer, or the server refused it)";

} // namespace

CLI::App* declare_submit(CLI::App& app, SubmitOptions& options) {
    auto* submit = app.add_subcommand("submit", "Send a run to a KCIDB server; --send sends it");
    submit->footer(kSubmitHelp);
    submit->group("Runs");
    submit->add_option("RUN", options.run, kRun)->required();
    submit->add_option("--kcidb", options.url, "URL that takes submissions, https://HOST/PATH")
        ->required()
        ->type_name("URL");
    submit->add_flag("--send", options.send, "Really send it");
    submit->add_option("--origin", options.origin,
                       "Name of this CI system: lower-case letters, digits and _\n(default: rig)");
    auto* file = submit->add_option("--token-file", options.token_file,
                                    "File whose first line is the token");
    submit->add_option("--token-env", options.token_env, "Environment variable with the token")
        ->capture_default_str()
        ->excludes(file);
    submit->add_option("--ca-file", options.ca_file,
                       "Trust only the certificates in this file (default: those of the host)");
    return submit;
}

PackCommands declare_pack(CLI::App& app, PackCommandOptions& options) {
    PackCommands commands;
    auto* pack = app.add_subcommand("pack", "Pack a run into one file, for somebody else");
    pack->footer(kPackHelp);
    pack->add_option("RUN", options.run, kRun)->required();
    pack->add_option("--out", options.out, "The file to write (default: RUN-ID.rigpack)");
    pack->add_flag("--without-kernels", options.without_kernels,
                   "Leave out kernels and initramfs; the file cannot be replayed then");
    auto* replay = app.add_subcommand("replay", "Boot a pack again and compare every byte");
    replay->footer(kReplayHelp);
    replay->add_option("FILE", options.file, "A file of rig pack")->required();
    replay->add_option("--boots", options.boots, "Only the first so many boots (default: all)")
        ->check(CLI::Range(1u, 200000u));
    for (auto* one : {pack, replay})
        one->group("Runs");
    commands.pack = pack;
    commands.replay = replay;
    return commands;
}

} // namespace rig
