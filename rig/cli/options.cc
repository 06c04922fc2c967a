// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/options.h"

#include "rig/cli/export_command.h"

#include <CLI/CLI.hpp>
#include <cstdint>

namespace rig {
namespace {

void add_overrides(CLI::App* command, Overrides& o) {
    command->add_option("--boots", o.boots, "boots per arm, in place of the experiment's")
        ->check(CLI::Range(1u, 1000u));
    command->add_option("--seed", o.seed, "seed of the schedule, in place of the experiment's");
    command->add_option("--vcpus", o.vcpus, "vCPUs of the guests")->check(CLI::Range(2u, 16u));
    command->add_option("--clock", o.clock, "auto, virtual or wall")
        ->check(CLI::IsMember({"auto", "virtual", "wall"}));
    command
        ->add_option("--set", o.set,
                     "KEY=VALUE in place of the experiment's, e.g. workload.tables=8 (more than "
                     "one may be given)")
        ->take_all();
}

void add_common(CLI::App& app, ProgramOptions& options) {
    auto& common = options.common;
    auto& share = options.share;
    app.add_flag("--json", common.json, "print the result as JSON on stdout");
    app.add_flag("--quiet,-q", common.quiet, "no progress on stderr, only warnings and errors");
    app.add_option("--color", options.colour, "auto, always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}));
    app.add_option("--cache", options.cache_dir,
                   "artefact cache (default: $RIG_CACHE_DIR, else the XDG cache folder)");
    app.add_option("--results", common.results, "folder for runs")->capture_default_str();
    app.add_option("--parallel,--jobs,-j", common.jobs,
                   "boots at once. Default: under the virtual clock, whose figures do not depend "
                   "on it, as many as the host's CPUs and memory hold;\n"
                   "under the wall clock one. There it is at most as many as have host CPUs of "
                   "their own: one per vCPU and one more")
        ->check(CLI::Range(1u, 1024u));
    app.add_flag("--share-cpus", share.share_cpus,
                 "wall clock: let boots share host CPUs with each other and with other rigs' boots "
                 "that may be shared with. The report says so,\n"
                 "and no bound on a time then counts as held. Without it such boots never share, "
                 "and wait for other rigs to leave CPUs free");
    app.add_option("--disk-budget-mib", common.disk_budget_mib,
                   "of one run's folder: no boot is begun beyond it")
        ->capture_default_str()
        ->check(CLI::Range(std::uintmax_t{1}, std::uintmax_t{1} << 30));
    app.add_option("--connect", options.connect,
                   "who runs the guests: none (QEMU directly, the default), auto (qemu:///system "
                   "if it answers), or a libvirt URI such as qemu:///system\n"
                   "or qemu+ssh://root@lab/system: files then go through that host's libvirt "
                   "storage (pool `rig`), and only the virtual clock is for it\n"
                   "(default: `connect` in $XDG_CONFIG_HOME/rig/host.toml)");
}

void add_experiments(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& line = options.line;
    auto& engine_line = options.engine_line;
    const auto spec_argument = [&](CLI::App* command) {
        command->add_option("SPEC", line.spec, "experiment file (configs/*.toml)")->required();
    };
    const auto arm_option = [&](CLI::App* command, bool required) {
        auto* option = command->add_option("--arm", line.arm, "arm of the experiment");
        if (required) option->required();
    };
    auto* compare = app.add_subcommand("compare", "build and boot all arms, print the comparison");
    spec_argument(compare);
    add_overrides(compare, line.overrides);
    const auto fresh_flag = [&](CLI::App* command) {
        command->add_flag(
            "--fresh", line.fresh,
            "begin anew: without it the same command goes on with a run that was interrupted");
    };
    fresh_flag(compare);
    compare
        ->add_option("--point", line.points,
                     "of a suite, only this point (more than one may be given)")
        ->take_all();
    compare
        ->add_option("--engine", engine_line.engine,
                     "who builds and boots: local (this host), or slurm: one job builds, arrays of "
                     "jobs boot, this rig collects; needs results,\n"
                     "cache and project in folders that all nodes share, and the virtual clock: "
                     "docs/slurm.md")
        ->capture_default_str()
        ->check(CLI::IsMember({"local", "slurm"}));
    compare
        ->add_option("--slurm-partition", engine_line.partition,
                     "partition of the jobs (default: Slurm's)")
        ->type_name("NAME");
    compare
        ->add_option(
            "--slurm-args", engine_line.slurm_args,
            "more options for sbatch, separated by blanks: \"--account=kernels --constraint=amd\"")
        ->type_name("WORDS");
    auto* build =
        app.add_subcommand("build", "build the kernels (all arms, or one) and the guest image");
    spec_argument(build);
    arm_option(build, false);
    add_overrides(build, line.overrides);
    auto* boot = app.add_subcommand("boot", "boot one arm once and print its raw sample");
    spec_argument(boot);
    arm_option(boot, true);
    add_overrides(boot, line.overrides);
    boot->add_option("--index", line.index, "which boot of the schedule (its perturbation seed)");
    boot->add_flag(
        "--dump-memory", line.dump_memory,
        "of a guest that hangs, keep its memory as well (memory.elf, for drgn, crash and "
        "gdb)");
    boot->add_option("--count", line.count,
                     "count the instructions of this kernel function, from outside the guest "
                     "(more than one may be given); needs emulation")
        ->type_name("FUNCTION");
    boot->add_flag("--print", line.print_only,
                   "print the QEMU command line and the guest's plan, boot nothing");
    auto* shell = app.add_subcommand(
        "shell", "interactive busybox shell in a guest (leave with 'exit' or Ctrl-A X)");
    spec_argument(shell);
    arm_option(shell, true);
    add_overrides(shell, line.overrides);
    shell->add_flag("--gdb", line.gdb,
                    "open QEMU's gdb stub on loopback and wait for gdb; prints the line to attach");
    shell->add_option("--gdb-port", line.gdb_port, "port of the stub")
        ->capture_default_str()
        ->check(CLI::Range(1024u, 65535u));
    auto* report =
        app.add_subcommand("report", "recompute the comparison of a run from its raw samples");
    report->add_option("RUN", line.run, kRun)->required();
    report
        ->add_option("--html", line.html,
                     "write the report as a page as well: one file with tables, distributions and "
                     "consoles, which needs nothing else and asks\n"
                     "for nothing (rig compare leaves one as report.html in the run's folder)")
        ->type_name("FILE")
        ->check([](const std::string& file) {
            return file.empty() ? std::string("an empty name, want that of a file") : std::string();
        });
    auto* explain = app.add_subcommand(
        "explain", "how the verdicts on one metric of a run came about, step by step");
    explain->add_option("RUN", line.run, kRun)->required();
    explain->add_option("METRIC", line.metric, "e.g. target_latency")->required();
    auto* exporting = app.add_subcommand(
        "export",
        "a run in a format that other tools read: KTAP, JUnit XML, KCIDB, CSV, benchstat\n\n"
        "  rig export results/<run-id> --format ktap | kunit.py parse      the kernel's own "
        "parser\n"
        "  rig export results/<run-id> --format junit --out rig.xml        what CI servers show\n"
        "  rig export results/<run-id> --format kcidb --origin mylab       reports of kernel CI "
        "systems, JSON\n"
        "  rig export results/<run-id> --format csv --raw                  every single latency\n"
        "  rig export results/<run-id> --format benchstat                  for benchstat -col "
        "/arm\n\n"
        "Only what was shown to hold counts as passed: what is undecided or was not proven to run "
        "is a skip or an error.\n"
        "The exit code is 0 once it is written, whatever the verdict; the format decides the "
        "output, --json does not.");
    exporting->add_option("RUN", line.run, kRun)->required();
    exporting->add_option("--format", line.format, "ktap, junit, kcidb, csv or benchstat")
        ->required()
        ->check(CLI::IsMember(export_formats()));
    exporting->add_option("--out", line.out,
                          "file to write, replaced as a whole (default: stdout)");
    exporting->add_flag("--raw", line.raw,
                        "csv: one row per single latency, in place of one per boot and metric");
    exporting->add_option("--origin", line.origin,
                          "kcidb: name of the CI system that submits, [a-z0-9_]+ (default: rig)");
    auto* calibrate = app.add_subcommand(
        "calibrate", "how often rig cries wolf, and which planted effects it finds");
    calibrate
        ->add_option("SPEC", line.spec,
                     "experiment whose arms plant effects (configs/calibrate.toml), or the folder "
                     "of a run of it")
        ->required();
    add_overrides(calibrate, line.overrides);
    fresh_flag(calibrate);
    calibrate->add_option("--side", line.calibration.boots, "boots on each side of a comparison")
        ->capture_default_str()
        ->check(CLI::Range(5u, 500u));
    calibrate
        ->add_option("--comparisons", line.calibration.comparisons,
                     "comparisons of each kind, resampled from the boots")
        ->capture_default_str()
        ->check(CLI::Range(20u, 100000u));
    commands.compare = compare;
    commands.build = build;
    commands.boot = boot;
    commands.shell = shell;
    commands.report = report;
    commands.explain = explain;
    commands.exporting = exporting;
    commands.calibrate = calibrate;
}

void add_bisections(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& bisection = options.bisection;
    auto& verdict_line = options.verdict_line;
    auto* bisect = app.add_subcommand(
        "bisect",
        "which patch of a series, or which commit, changed a metric\n\n"
        "  rig bisect configs/batch-alloc-fail.toml --series DIR --metric total_ipis\n"
        "  rig bisect configs/batch-alloc-fail.toml --repository linux --good v6.12 --bad HEAD "
        "--metric target_latency\n"
        "  rig bisect --log results/bisections/ID          derive the answer again from the log\n\n"
        "Measures both ends first and refuses if they do not differ. A revision that does not "
        "build, does not boot, panics, complains\n"
        "or does not run the target is skipped and named. The same command goes on with one that "
        "was interrupted.\n"
        "Exit code 0: one revision is named; 4: several cannot be told apart, or the ends do not "
        "differ.");
    bisect->add_option(
        "SPEC", bisection.spec,
        "experiment file: its guest, workload and instruments; nothing it declares is judged");
    bisect->add_option("--metric", bisection.metric,
                       "what is hunted: sync_ipis, total_ipis, target_latency, ... (as in the "
                       "report); of commits also verdict, how the whole experiment comes out");
    auto* of_series = bisect->add_option("--series", bisection.series,
                                         "folder of a quilt series, on top of the arm's");
    auto* good = bisect
                     ->add_option("--good", bisection.good,
                                  "a git revision without the change, an ancestor of --bad")
                     ->excludes(of_series);
    bisect->add_option("--bad", bisection.bad, "a git revision with the change")->needs(good);
    bisect
        ->add_option("--repository", bisection.repository,
                     "git repository of both (default: the experiment's kernel.source)")
        ->needs(good);
    bisect
        ->add_option("--base", bisection.base,
                     "revision on whose tree the others are built as patches (default: that of the "
                     "experiment's kernel.source, else --good)")
        ->needs(good);
    bisect->add_option(
        "--arm", bisection.arm,
        "arm whose series, command line and options revisions start from (default: the baseline)");
    bisect
        ->add_option("--most-boots", bisection.most_boots,
                     "virtual clock: boots of the ends, and of a revision that fewer leave unclear "
                     "(default 4); wall clock: of a revision (48)")
        ->check(CLI::Range(2u, 1000u));
    bisect->add_option("--confidence", bisection.confidence, "wall clock: of the whole answer")
        ->capture_default_str()
        ->check(CLI::Range(0.5, 0.9999));
    bisect
        ->add_option("--least-effect", bisection.least_effect,
                     "by how much of the good end's the ends must differ")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 1e6));
    bisect->add_flag(
        "--no-look", bisection.no_look,
        "do not look at revisions on both sides of the answer for changes that came and went");
    bisect->add_flag("--fresh", bisection.fresh, "begin anew");
    bisect->add_option("--resume", bisection.resume,
                       "go on with the bisection in this folder, or fail");
    bisect->add_option(
        "--log", bisection.log,
        "print the bisection in this folder, its answer derived again from the log; boots nothing");
    add_overrides(bisect, bisection.overrides);
    auto* verdict = app.add_subcommand(
        "verdict",
        "how a run came out, in one line and an exit code; for scripts\n\n"
        "  rig verdict latest\n"
        "  git bisect run rig verdict /path/to/my.toml --git-bisect     in a kernel tree; my.toml "
        "has kernel.source = { git = \"/path/to/linux\", revision = \"HEAD\" }");
    verdict
        ->add_option("RUN", verdict_line.run,
                     "a run as in rig report, or an experiment file, which is run")
        ->required();
    verdict->add_flag("--git-bisect", verdict_line.git_bisect,
                      "exit as git bisect run wants it: 0 as expected, 1 broken, 125 for what says "
                      "nothing of the commit, 128 to stop");
    add_overrides(verdict, verdict_line.overrides);
    commands.bisect = bisect;
    commands.verdict = verdict;
}

void add_nights(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& nightly_line = options.nightly_line;
    auto* nightly = app.add_subcommand(
        "nightly", "unattended: all cells of a configuration within a time budget, regressions "
                   "confirmed, searched for and told\n\n"
                   "  rig nightly                                    configs/nightly.toml; after a "
                   "kill the same command goes on with the night\n"
                   "  rig nightly --since v6.12                      only what changed since a "
                   "revision, or since a day (2026-02-23)\n"
                   "  rig nightly --close 3 --why \"accepted, see ...\"  ends an incident by hand\n"
                   "  rig nightly --install-units                    a service and a timer for "
                   "your systemd (--system: the machine's)\n\n"
                   "First what never ran, then what changed, then what is stalest. A cell that "
                   "broke, and a change point in the history of\n"
                   "a watched metric, are run once more before anybody is told; each incident is "
                   "told once when it opens, when its commit is\n"
                   "found, and when it is fixed. docs/nightly.md has the configuration, the "
                   "messages and snippets for Jenkins and GitLab CI.\n\n"
                   "Exit codes: 0 all as expected, 1 a confirmed regression is open, 2 a mistake "
                   "in the configuration, 3 faults of the host\n"
                   "            only (or another night is going on), 4 a cell was inconclusive.");
    nightly->add_option("CONFIG", nightly_line.config, "the night's configuration")
        ->capture_default_str();
    nightly
        ->add_option("--since", nightly_line.since,
                     "only cells with changes since then: a day, a moment (UTC) or a git revision")
        ->type_name("DATE|REV");
    nightly->add_flag("--fresh", nightly_line.fresh,
                      "begin anew: without it the same command goes on with a night that was "
                      "interrupted less than a day ago");
    nightly
        ->add_option("--close", nightly_line.close,
                     "end the open incident of this number by hand, and tell so")
        ->type_name("N");
    nightly->add_option("--why", nightly_line.why, "the reason, with --close");
    nightly->add_flag("--install-units", nightly_line.install_units,
                      "write rig-nightly.service and rig-nightly.timer, run nothing");
    nightly->add_flag("--system", nightly_line.system,
                      "with --install-units: in /etc/systemd/system, in place of your own "
                      "~/.config/systemd/user");
    nightly
        ->add_option("--on-calendar", nightly_line.on_calendar,
                     "with --install-units: when, as in systemd.time(7)")
        ->capture_default_str();
    nightly->add_option("--root", nightly_line.root,
                        "with --install-units: prefix of the units' folder, for packages");
    commands.nightly = nightly;
}

void add_triage(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& line = options.triage_line;
    auto* triage = app.add_subcommand(
        "triage", "what the kernel complains of in consoles, or in the output of dmesg");
    triage->footer("Each complaint has its kind, its title, the function that the kernel names, "
                   "and the guilty one: the first that belongs neither\n"
                   "to the detector nor to a generic helper, such as a lock or memcpy(). With "
                   "--json one object per file, each on a line.\n"
                   "A console does not tell what a program wrote to /dev/kmsg from the kernel's "
                   "words: such lines count as the kernel's.\n"
                   "Exit codes: 0 whatever was found, 2 a file cannot be read.");
    triage->add_option("FILE", line.files, "consoles; none, or -: standard input");
    triage
        ->add_option("--vmlinux", line.vmlinux,
                     "the kernel with its debug information: file and line of the guilty function "
                     "are told as well (nm and addr2line find them)")
        ->type_name("FILE");
    commands.triage = triage;
}

void add_tasks(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& task = options.task;
    // Of Slurm's jobs, see docs/slurm.md: not in the list of commands.
    auto* build_task =
        app.add_subcommand(
               "build-task",
               "what --engine slurm has a node do first: build everything that is booted")
            ->group("");
    auto* boot_task =
        app.add_subcommand(
               "boot-task",
               "what --engine slurm has a node do: make one boot and leave its result in the spool")
            ->group("");
    for (auto* one : {build_task, boot_task})
        one->add_option("SPOOL", task.spool, "folder that rig compare --engine slurm made")
            ->required();
    boot_task->add_option("--list", task.list, "number of the list of boots");
    boot_task->add_option("--index", task.index,
                          "0-based line of the list (default: $SLURM_ARRAY_TASK_ID)");
    commands.build_task = build_task;
    commands.boot_task = boot_task;
}

void add_upkeep(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& line = options.line;
    auto* doctor =
        app.add_subcommand("doctor", "what works here, what is missing, and the mend for each");
    auto* cache = app.add_subcommand("cache", "list, size and prune the artefact cache");
    cache->add_flag("--prune", line.prune,
                    "remove what the limits below say (default: unused for 30 days)");
    cache->add_option("--max-gib", line.max_gib,
                      "with --prune: keep at most this much, least recently used go first");
    cache->add_option("--max-age-days", line.max_age_days,
                      "with --prune: remove what was not used for so long");
    commands.doctor = doctor;
    commands.cache = cache;
}

} // namespace

Subcommands declare_options(CLI::App& app, ProgramOptions& options) {
    Subcommands commands;
    add_common(app, options);
    // In the order in which --help lists them.
    add_experiments(app, options, commands);
    add_bisections(app, options, commands);
    commands.history = declare_history_options(app, options.history, options.site);
    add_nights(app, options, commands);
    add_triage(app, options, commands);
    add_tasks(app, options, commands);
    add_upkeep(app, options, commands);
    return commands;
}

} // namespace rig
