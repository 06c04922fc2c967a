// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/history_options.h"

#include <CLI/CLI.hpp>

namespace rig {

HistoryCommands declare_history_options(CLI::App& app, HistoryOptions& history, SiteOptions& site) {
    HistoryCommands commands;
    auto* list = app.add_subcommand(
        "list", "the runs there are, newest first: what was run, how, and how it came out\n\n"
                "  rig list --experiment batch-alloc-fail --since 2026-02-01\n"
                "  rig list --verdict fail --limit 10");
    list->add_option("--experiment", history.filter.experiment,
                     "only runs of this experiment (its `name`)");
    list->add_option("--verdict", history.filter.verdict,
                     "only runs that came out, or stand, like this")
        ->check(CLI::IsMember({"pass", "fail", "inconclusive", "unknown", "running", "interrupted",
                               "ended", "failed", "unreadable"}));
    list->add_option(
        "--since", history.filter.since,
        "only runs that started then or later: 2026-02-23 or 2026-02-23T10:32:48Z, UTC");
    list->add_option("--limit", history.filter.limit, "at most this many")
        ->check(CLI::Range(1u, 1000000u));
    auto* show = app.add_subcommand(
        "show",
        "what is known of one run: how it was made, its kernels, its verdict, its figures by arm");
    show->add_option("RUN", history.run, kRun)->required();
    auto* diff = app.add_subcommand(
        "diff", "how two runs differ: in what was set up, and in what came out\n\n"
                "Under the virtual clock boots of the same number are compared byte for byte. "
                "Figures of different clocks, units or\n"
                "definitions are shown and not compared. Nothing here is a verdict: that takes "
                "arms of one run.\n\n"
                "  rig diff 20260223-1032 latest");
    diff->add_option("LEFT", history.run, kRun)->required();
    diff->add_option("RIGHT", history.other, kRun)->required();
    auto* prune = app.add_subcommand(
        "prune",
        "remove old runs, or their boots only; shows what would go; --yes removes it\n\n"
        "Never a run that is being written; the newest of each experiment only with --force.\n\n"
        "  rig prune --keep 10 --older-than 30            what would go\n"
        "  rig prune --older-than 7 --boots-only --yes    consoles and perf's output go, samples "
        "and reports stay");
    prune->add_option("--keep", history.prune.keep,
                      "of each experiment keep this many of the newest");
    prune
        ->add_option(
            "--older-than", history.prune.older_than_days,
            "only runs that started so many days ago or more (with --keep: both must hold)")
        ->check(CLI::Range(0u, 36500u));
    prune->add_flag("--boots-only", history.prune.boots_only,
                    "only boots/: what is reported can still be recomputed, raw consoles are gone");
    prune->add_flag("--force", history.prune.force, "the newest of an experiment, too");
    auto* dry = prune->add_flag("--dry-run", history.dry_run,
                                "only show what would go (that is what happens without --yes)");
    prune->add_flag("--yes", history.yes, "really remove")->excludes(dry);
    auto* index = app.add_subcommand(
        "index", "bring results/index.sqlite up to date with the runs' folders: new, changed and "
                 "vanished ones\n\n"
                 "`compare`, `list` and `prune` do so by themselves. After an update of rig that "
                 "judges otherwise, or when the file\n"
                 "is damaged: --rebuild. Nothing is lost with it; the folders are the truth.");
    index->add_flag("--rebuild", history.rebuild,
                    "rebuild it from all runs, next to the old one, and replace that");
    auto* dashboard = app.add_subcommand(
        "dashboard", "a static site over all runs: status by night, trends with change points, any "
                     "two runs side by side\n\n"
                     "  rig dashboard --out site      then open site/index.html; it needs no "
                     "server and asks for nothing elsewhere");
    dashboard
        ->add_option("--out", site.out,
                     "folder of the site; one that rig dashboard made is replaced as a whole")
        ->required();
    dashboard
        ->add_option("--pages", site.pages,
                     "of the newest runs that have no page of their own, make so many")
        ->capture_default_str()
        ->check(CLI::Range(0u, 100000u));
    auto* serve =
        app.add_subcommand("serve", "a live view of the run that is being made, on this machine "
                                    "only, until Ctrl-C: boots so far, consoles, reports");
    serve->add_option("--port", site.port, "port on 127.0.0.1; 0: any free one")
        ->capture_default_str();
    commands.list = list;
    commands.show = show;
    commands.diff = diff;
    commands.prune = prune;
    commands.index = index;
    commands.dashboard = dashboard;
    commands.serve = serve;
    return commands;
}

} // namespace rig
