// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/try_command.h"

#include "rig/workloads/workload.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {
namespace {

constexpr const char* kTryHelp = R"(Examples:
  rig try fix.mbox                                     as b4, lore or a mail client saved it
  rig try v7.3..HEAD --run './bench'                   commits of the tree in this folder
  rig try --worktree -C ~/linux                        what is not committed there
  rig try series/ --base linux-source-6.12 --prerequisites patches/enable \
          --workload munmap --fault tlb_remove_table
  rig try fix.mbox --plan                              what would be built, and no more

rig reads the series, finds the tree it is for, derives the kernel options that compile it, builds
the kernel with and without it, finds the functions whose machine code differs, and boots both
kernels with the workload. The report says which changed lines ran and how often, and what changed
in the calls, latencies and instructions of these functions, in IPIs, TLB flushes, context
switches and page faults.

Without --run and --workload rig takes a shipped workload that leads to a changed function. If no
changed line ran, it prints which system calls lead there.

The guests are emulated, under a virtual clock: a latency is the time of one instruction per
nanosecond plus waits. It shows what one kernel does more than the other, and repeats exactly. It is
not the time on hardware, which has caches and CPUs that run at once.

Metrics of --not-worse: latency (of the target, see --target), duration (of one iteration of the
workload), ipis (all call-function IPIs), tlb_flushes, page_faults, context_switches,
bystander_wakeup, bystander_work_time; and of each changed function F calls_F, instructions_F and
latency_F.

The guest has busybox: its shell and tools run what --run says. Programs that the command names by
their paths go into the guest, with their libraries.

The patches, the kernel fragments and the experiment file go into rig-try/NAME, the results into
results/. `rig compare` with that file makes the same run again; edit it to declare what you expect.
Where the current folder cannot be written in, both go to ~/.local/share/rig.

Exit codes:
  0  every validity check passed; with --not-worse: and the bounds hold
  1  fail: a bound is broken, or the patched kernel splatted, panicked or does not build
  2  wrong command line or series, or the tree does not build without it
  3  host fault, or interrupted
  4  inconclusive: no changed line ran, or nothing was decided)";

} // namespace

CLI::App* declare_try(CLI::App& app, TryOptions& options) {
    auto* command = app.add_subcommand(
        "try", "Take a patch, a series, commits or a work tree, and compare with and without it");
    command->footer(kTryHelp);
    command->group("Experiments");
    auto* series = command->add_option("SERIES", options.series,
                                       "Mbox, patch, folder of patches, - for standard input, or\n"
                                       "commits A..B of a git repository");
    auto* worktree =
        command->add_flag("--worktree", options.worktree,
                          "Take the changes that are not committed: staged, unstaged and\n"
                          "untracked, against HEAD");
    series->excludes(worktree);
    command
        ->add_option("-C", options.directory,
                     "Folder of the git repository for A..B and --worktree (default:\n"
                     "the current one)")
        ->type_name("DIR");
    command
        ->add_option("--base", options.base,
                     "Tree without the series: a package such as linux-source-6.12, a\n"
                     "git repository, or REPOSITORY:REVISION (default: of A..B and\n"
                     "--worktree their own; else the kernel tree in the current\n"
                     "folder; else linux-source-6.12)")
        ->type_name("TREE");
    command
        ->add_option("--prerequisites", options.prerequisites,
                     "Quilt folder of patches for both kernels; may be given several\n"
                     "times")
        ->type_name("DIR")
        ->check(CLI::ExistingDirectory);
    command
        ->add_option("--run", options.run,
                     "Shell command that is the workload. Programs that it names by\n"
                     "their paths go into the guest, with their libraries")
        ->type_name("COMMAND");
    command
        ->add_option("--workload", options.workload,
                     fmt::format("Shipped workload: {}", fmt::join(workload_names(), ", ")))
        ->type_name("NAME");
    command
        ->add_option("--fault", options.fault,
                     "Make every page allocation of the workload below this function\n"
                     "fail")
        ->type_name("FUNCTION");
    command
        ->add_option("--target", options.target,
                     "Function whose latency is measured (default: the first changed\n"
                     "one)")
        ->type_name("FUNCTION");
    command->add_option("--arch", options.arch, "Architecture of the guests (default: x86_64)");
    command
        ->add_option("--option", options.options,
                     "Kernel option for both kernels: NAME=VALUE; may be given several\n"
                     "times")
        ->type_name("NAME=VALUE");
    command->add_option("--vcpus", options.vcpus, "vCPUs of each guest (default: 4)");
    command->add_option("--boots", options.boots,
                        "Boots of each kernel (default: as many as the number of metrics\n"
                        "needs)");
    command->add_option("--iterations", options.iterations,
                        "Iterations of the workload in each pass (default: 20)");
    command
        ->add_option("--not-worse", options.not_worse,
                     "Bound: METRIC=PERCENT%, such as latency=1%, on one of the metrics\n"
                     "below; may be given several times")
        ->type_name("METRIC=PERCENT%");
    command->add_option("--name", options.name,
                        "Name of the experiment (default: from the series' subject)");
    command
        ->add_option("--folder", options.folder,
                     "Folder that gets the experiment's folder (default: rig-try)")
        ->type_name("DIR");
    command->add_flag("--plan", options.plan_only,
                      "Only print what was derived; build and boot nothing");
    return command;
}

} // namespace rig
