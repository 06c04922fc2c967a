// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/history_options.h"

#include <CLI/CLI.hpp>

namespace rig {

namespace {

// What --help prints below the options of each command: examples, details, exit codes. At most 100
// columns.
constexpr const char* kListHelp = R"(Examples:
  rig list
  rig list --experiment batch-alloc-fail --since 2026-02-01
  rig list --verdict fail --limit 10

Each run has one line: its id, how it was made, and how it came out.

Exit codes: 0 done, whatever the runs; 2 wrong command line; 3 host fault.)";

constexpr const char* kShowHelp = R"(Examples:
  rig show latest
  rig show 20260223-1032                               the run whose id begins like this
  rig show fix.rigpack                                 a file of rig pack

Prints how the run was made (with the command that repeats it), its kernels, its verdict, and the
figures of each arm. It reads the folder of the run and needs no index. Of a pack it checks and
prints the hashes, too, and leaves nothing unpacked.

Exit codes: 0 done, whatever the verdict; 2 no such run; 3 host fault.)";

constexpr const char* kDiffHelp = R"(Example:
  rig diff 20260223-1032 latest

Compares first the set-up, then the results. With the virtual clock it compares boots of the same
number byte for byte. Figures with different clocks, units or definitions are shown and not
compared. Nothing here is a verdict: a verdict needs arms of one run.

Exit codes: 0 done, whatever differs; 2 no such run; 3 host fault.)";

constexpr const char* kPruneHelp = R"(Examples:
  rig prune --keep 10 --older-than 30                  show what would be removed
  rig prune --keep 10 --older-than 30 --yes            remove it
  rig prune --older-than 7 --boots-only --yes          keep the samples and reports

Needs --keep, --older-than or both; then both must hold. It never removes a run that is being
written, and removes the newest run of an experiment only with --force.

Exit codes:
  0  done, or shown
  2  wrong command line
  3  a run could not be removed, or another host fault)";

constexpr const char* kIndexHelp = R"(Examples:
  rig index
  rig index --rebuild                                  if the file is damaged

compare, list and prune update the index by themselves. Use --rebuild if the file is damaged, or
after an update of rig that judges runs differently. The index is derived from the folders of the
runs, so nothing is lost with it.

Exit codes: 0 done, 2 wrong command line, 3 host fault.)";

constexpr const char* kDashboardHelp = R"(Example:
  rig dashboard --out site                             then open site/index.html

The site shows the status by day, trends with change points, and any two runs side by side. It needs
no server and loads nothing from elsewhere.

Exit codes:
  0  written, whatever the runs
  2  wrong command line, or the folder has something else in it
  3  host fault)";

constexpr const char* kServeHelp = R"(Examples:
  rig serve                                            prints the address; end it with Ctrl-C
  rig serve --port 0                                   on any free port
  ssh -L 8642:127.0.0.1:8642 HOST                      to see it from another machine

Shows the boots so far, the consoles as they grow, and the reports of the newest runs. It changes
nothing and listens on 127.0.0.1 only.

Exit codes: 0 ended with Ctrl-C, 2 wrong command line, 3 host fault.)";

} // namespace

HistoryCommands declare_history_options(CLI::App& app, HistoryOptions& history, SiteOptions& site) {
    HistoryCommands commands;
    auto* list = app.add_subcommand("list", "List the runs, newest first, with their verdicts");
    list->footer(kListHelp);
    list->add_option("--experiment", history.filter.experiment,
                     "Only runs of this experiment (its `name`)");
    list->add_option("--verdict", history.filter.verdict, "Only runs with this verdict or state")
        ->check(CLI::IsMember({"pass", "fail", "inconclusive", "unknown", "running", "interrupted",
                               "ended", "failed", "unreadable"}));
    list->add_option("--since", history.filter.since,
                     "Only runs that started at this time or later: 2026-02-23 or\n"
                     "2026-02-23T10:32:48Z, UTC");
    list->add_option("--limit", history.filter.limit, "Print at most so many runs")
        ->check(CLI::Range(1u, 1000000u));
    auto* show =
        app.add_subcommand("show", "Show one run: set-up, kernels, verdict, figures by arm");
    show->footer(kShowHelp);
    show->add_option("RUN", history.run, std::string(kRun) + ",\nor a file of rig pack")
        ->required();
    auto* diff = app.add_subcommand("diff", "Show how two runs differ in set-up and results");
    diff->footer(kDiffHelp);
    diff->add_option("LEFT", history.run, kRun)->required();
    diff->add_option("RIGHT", history.other, kRun)->required();
    auto* prune =
        app.add_subcommand("prune", "Show which old runs would be removed; --yes removes them");
    prune->footer(kPruneHelp);
    prune->add_option("--keep", history.prune.keep,
                      "Keep so many of the newest runs of each experiment and set-up");
    prune
        ->add_option("--older-than", history.prune.older_than_days,
                     "Only runs that started at least so many days ago")
        ->check(CLI::Range(0u, 36500u));
    prune->add_flag("--boots-only", history.prune.boots_only,
                    "Remove only boots/ (consoles, output of perf). Samples and reports\n"
                    "stay, so that everything that is reported can still be recomputed");
    prune->add_flag("--force", history.prune.force, "Remove the newest run of an experiment, too");
    auto* dry = prune->add_flag("--dry-run", history.dry_run,
                                "Only show what would be removed, as without --yes");
    prune->add_flag("--yes", history.yes, "Really remove")->excludes(dry);
    auto* index =
        app.add_subcommand("index", "Update results/index.sqlite: new, changed and removed runs");
    index->footer(kIndexHelp);
    index->add_flag("--rebuild", history.rebuild,
                    "Build a new index from all runs, and replace the old one with it");
    auto* dashboard = app.add_subcommand("dashboard", "Write a static web site about all runs");
    dashboard->footer(kDashboardHelp);
    dashboard
        ->add_option("--out", site.out,
                     "Folder of the site: a new or empty one, or an older site of\n"
                     "rig dashboard, which is replaced as a whole")
        ->required();
    dashboard
        ->add_option("--pages", site.pages,
                     "Make report pages for so many of the newest runs that have none")
        ->capture_default_str()
        ->check(CLI::Range(0u, 100000u));
    auto* serve =
        app.add_subcommand("serve", "Show the run in progress in a browser, on this machine only");
    serve->footer(kServeHelp);
    serve->add_option("--port", site.port, "Port on 127.0.0.1; 0: any free port")
        ->capture_default_str();
    for (auto* one : {list, show, diff, prune, index, dashboard, serve})
        one->group("Runs");
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
