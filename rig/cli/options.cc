// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/options.h"

#include "rig/cli/export_command.h"

#include <CLI/CLI.hpp>
#include <cstdint>

namespace rig {
namespace {

// What --help prints below the options of each command: examples, details, exit codes. At most 100
// columns.
constexpr const char* kCompareHelp = R"(Examples:
  rig compare configs/batch-alloc-fail.toml
  rig compare my.toml --boots 16 --seed 7              with more boots and another seed
  rig compare my.toml --set workload.tables=8          with one key of the experiment changed
  rig compare configs/review.toml --point no-stub      one point of a suite
  rig compare my.toml --engine slurm                   on the nodes of a Slurm cluster
  rig compare my.toml --profile                        which functions explain the difference?

A file with [[point]] is a suite: rig runs its experiments and answers point by point.
Each run gets a folder results/<run-id> with its samples, consoles and report.html. The same
command resumes a run that was interrupted.

Exit codes:
  0  pass: every check passed, an expectation holds and none failed
  1  fail: an expectation failed, a kernel splatted, panicked or does not build
  2  wrong command line, experiment or suite file
  3  host fault, or interrupted
  4  inconclusive: a validity check failed, nothing was decided, or a guest fault)";

constexpr const char* kBuildHelp = R"(Examples:
  rig build configs/batch-alloc-fail.toml
  rig build configs/batch-alloc-fail.toml --arm reviewed

Prints version, hash and path of each kernel, and the path of the initramfs. All of it stays in
the cache, so that a later command does not build it again.

Exit codes:
  0  built
  1  the kernel does not build
  2  wrong command line or experiment file
  3  host fault, or interrupted)";

constexpr const char* kBootHelp = R"(Examples:
  rig boot my.toml --arm reviewed                      boot 0, once
  rig boot my.toml --arm reviewed --index 3            the boot with the fourth seed
  rig boot my.toml --arm reviewed --print              QEMU's command line and the plan, no boot
  rig boot my.toml --arm reviewed --count-lines        did the changed lines run?
  rig boot my.toml --arm reviewed --dump-memory        keep the memory of a guest that hangs

Prints the counts and splats of this boot and leaves its files in results/<time>-boot-<arm>-<index>.
It never retries. To repeat a boot of a run, give the --seed, --vcpus, --clock and --set of that run
(rig show RUN prints its command).

Exit codes:
  0  the boot was measured, with the declared splats or none
  1  kernel fault, a splat that is not declared, or a declared one that did not appear
  2  wrong command line or experiment file
  3  host fault, or interrupted
  4  guest fault: the agent, perf or the workload failed)";

constexpr const char* kShellHelp = R"(Examples:
  rig shell my.toml --arm reviewed                     leave it with exit or Ctrl-A X
  rig shell my.toml --arm reviewed --gdb               stops before the first instruction

The guest has the arm's kernel and the vCPUs, memory and command line of the experiment. It always
runs with the wall clock. Nothing is measured or kept, and rig ends it after 24 hours.

Exit codes:
  0  you left the guest
  1  the kernel does not build
  2  wrong command line or experiment file
  3  host fault, or the guest was ended from outside)";

constexpr const char* kLinesHelp = R"(Examples:
  rig lines configs/batch-alloc-fail.toml --arm reviewed     the lines that the series adds
  rig lines configs/batch-alloc-fail.toml --arm ipi          the lines that it removes

Prints for each line the addresses of its instructions in all inlined copies, or the reason why it
has none: comment, #ifdef, macro definition, declaration, not compiled in this configuration,
optimised away and others. Where a change leaves this arm no line, it prints the lines next to it.
rig compiles the objects of the changed files once more with debug information, in a copy of the
object tree. If the kernel then loads other bytes than the one that is booted, nothing is mapped.

Exit codes:
  0  mapped
  1  the kernel does not build
  2  wrong command line or experiment file
  3  host fault, or interrupted
  4  not mapped)";

constexpr const char* kReportHelp = R"(Examples:
  rig report latest
  rig report 20260223-1032                             the run whose id begins like this
  rig report latest --html page.html                   as a web page, too
  rig report latest --mail                             72 columns, for a reply on a mailing list

Boots nothing: everything is computed from the raw samples in the folder of the run.

Exit codes:
  0  pass
  1  fail: an expectation failed, or a kernel splatted
  2  wrong command line, or no such run
  3  host fault
  4  inconclusive: a validity check failed, or nothing was decided)";

constexpr const char* kExplainHelp = R"(Examples:
  rig explain latest target_latency
  rig explain latest sync_ipis
  rig explain latest profile                           of a run of rig compare --profile

Metrics have the names that experiment files use, such as sync_ipis, total_ipis, target_latency
and call_latency.

Exit codes:
  0  explained, whatever the verdict
  2  wrong command line, no such run, or no such metric)";

constexpr const char* kExportHelp = R"(Examples:
  rig export latest --format ktap | kunit.py parse     for the kernel's own parser
  rig export latest --format junit --out rig.xml       for CI servers
  rig export latest --format kcidb --origin mylab      JSON for kernel CI systems
  rig export latest --format csv                       one row per boot and metric
  rig export latest --format csv --raw                 one row per single latency
  rig export latest --format benchstat                 for benchstat -col /arm
  rig export latest --format folded                    a profile, for flame-graph tools
  rig export latest --format lcov > rig.info           changed lines, for genhtml and editors

Only what was shown to hold counts as passed. What is undecided, or was not shown to run, is a skip
or an error. --json does not change the format.

Exit codes:
  0  written, whatever the verdict (rig verdict RUN exits with the verdict)
  2  wrong command line, no such run, or the file cannot be written
  3  host fault)";

constexpr const char* kCalibrateHelp = R"(Examples:
  rig calibrate configs/calibrate.toml --boots 50
  rig calibrate RUN-FOLDER --boots-per-side 8          evaluate its boots again, without a boot

Boots the unpatched kernel twice with every seed, and kernels with injected regressions of known
size. Then it resamples many comparisons from these boots and counts the reported changes.

Exit codes:
  0  the false-positive rate is not above its nominal value
  1  it is above, or two boots with the same seed differ (virtual clock)
  2  wrong command line or experiment file, or too few boots
  3  host fault, or interrupted
  4  a validity check failed, or a guest fault)";

constexpr const char* kBisectHelp = R"(Examples:
  rig bisect configs/batch-alloc-fail.toml --series DIR --metric total_ipis
  rig bisect configs/batch-alloc-fail.toml --metric target_latency \
      --repository linux --good v6.12 --bad HEAD
  rig bisect --log results/bisections/ID               print an earlier answer again

rig measures both ends first, and refuses to search if they do not differ. It skips and names each
revision that does not build or boot, panics, splats, or does not run the code under test. The same
command resumes a bisection that was interrupted.

Exit codes:
  0  one revision is named
  2  wrong command line or experiment file
  3  host fault, or interrupted
  4  several revisions cannot be distinguished, or the ends do not differ or cannot be tested)";

constexpr const char* kVerdictHelp = R"(Examples:
  rig verdict latest                                   of a stored run
  rig verdict my.toml                                  runs the experiment first
  git bisect run rig --results /path/to/results verdict /path/to/my.toml --git-bisect

The last one runs in a kernel tree. my.toml then needs
  kernel.source = { git = "/path/to/linux", revision = "HEAD" }

Exit codes:
  0  pass
  1  fail
  2  wrong command line or experiment file, or no such run
  3  host fault, or interrupted
  4  inconclusive, or the stored run ended with a fault

With --git-bisect: 0 pass, 1 fail, 125 skip this commit (inconclusive, or a fault), 128 stop (the
experiment or run cannot be read, or interrupted).)";

constexpr const char* kNightlyHelp = R"(Examples:
  rig nightly                                          the night of configs/nightly.toml
  rig nightly --since v6.12                            only what changed since a revision
  rig nightly --since 2026-02-23                       only what changed since a day
  rig nightly --close 3 --why "accepted, see ..."      close an incident by hand
  rig nightly --install-units                          write a systemd service and timer

A cell is one experiment of the configuration with one number of vCPUs. Cells that never ran come
first, then those that changed, then those that ran longest ago. If an expectation fails, or the
history of a watched metric has a change point, rig runs the cell once more to confirm it. Each
incident is reported once when it opens, when its commit is found, and when it is fixed. The same
command resumes a night that was interrupted less than a day ago.

docs/how-to/run-nightly.md has the configuration, the messages, and snippets for Jenkins and
GitLab CI.

Exit codes:
  0  all cells passed, or nothing changed
  1  a confirmed regression is open
  2  mistake in the command line, configuration or an experiment
  3  host faults only, interrupted, or another night is running
  4  a cell was inconclusive, or could not run)";

constexpr const char* kTriageHelp = R"(Examples:
  rig triage results/<run-id>/boots/*/console.log
  dmesg | rig triage
  rig triage console.log --vmlinux build/vmlinux       with file and line

For each splat it prints kind, title, the function that the kernel names, and the guilty function:
the first one that belongs neither to the detector nor to a generic helper, such as a lock or
memcpy(). With --json it prints one object per file, each on one line.

A console does not distinguish lines that a program wrote to /dev/kmsg from the kernel's own lines.
All of them count as the kernel's.

Exit codes:
  0  done, whatever was found
  2  wrong command line, or a file cannot be read)";

constexpr const char* kBuildTaskHelp =
    R"(rig compare --engine slurm starts this in a job; you do not need to.

Exit codes: 0 everything is built, else the code of the error.)";

constexpr const char* kBootTaskHelp =
    R"(rig compare --engine slurm starts this in a job; you do not need to.

Exit codes: 0 the result is in the spool, also that of a fault; else the code of the error.)";

constexpr const char* kDoctorHelp = R"(Example:
  rig doctor                                           then run the commands that it prints

Checks programs, libraries, KVM, CPUs, memory and free disk space.

Exit codes:
  0  rig can work here, perhaps with restrictions that it lists
  3  something that rig needs is missing)";

constexpr const char* kCacheHelp = R"(Examples:
  rig cache                                            what is in it, and its size
  rig cache --prune                                    remove what was unused for 30 days
  rig cache --prune --max-age-days 7
  rig cache --prune --max-gib 5                        keep the most recently used 5 GiB

The cache has sources, kernels, perf, initramfs images and packages. Everything in it can be built
or downloaded again. --prune does not ask, and never removes what another rig is using.

Exit codes: 0 done, 3 host fault.)";

constexpr const char* kInitHelp = R"(Examples:
  rig init my-patch                                    writes my-patch.toml
  rig init configs/my-patch                            writes configs/my-patch.toml

The file has two arms, a comment on every key that it uses, and the other common keys as comments
with their defaults. rig accepts it as it is. An existing file is never changed.

Exit codes: 0 written, 2 the file exists or its name is no name of an experiment, 3 host fault.)";

constexpr const char* kSchemaHelp = R"(Example:
  rig schema > experiment.schema.json                  for editors and other programs

Prints a JSON schema (draft 2020-12) of experiment files: keys, types, ranges, choices. rig itself
checks more: that files exist, and what the keys mean together.

Exit codes: 0 printed, 3 host fault.)";

void add_overrides(CLI::App* command, Overrides& o) {
    command->add_option("--boots", o.boots, "Boots per arm, instead of guest.boots")
        ->check(CLI::Range(1u, 1000u));
    command->add_option("--seed", o.seed,
                        "Seed of the perturbations and of the order of the boots,\n"
                        "instead of guest.seed");
    command->add_option("--vcpus", o.vcpus, "vCPUs of each guest, instead of guest.vcpus")
        ->check(CLI::Range(2u, 16u));
    command
        ->add_option("--clock", o.clock,
                     "Clock of the guests, instead of guest.clock:\n"
                     "  virtual  deterministic, the same seed gives the same bytes\n"
                     "  wall     real time\n"
                     "  auto     wall if KVM boots this kernel here, else virtual")
        ->check(CLI::IsMember({"auto", "virtual", "wall"}));
    command
        ->add_option("--set", o.set,
                     "KEY=VALUE: replace a key of the experiment, such as\n"
                     "workload.tables=8. May be given more than once")
        ->take_all();
}

void add_common(CLI::App& app, ProgramOptions& options) {
    auto& common = options.common;
    auto& share = options.share;
    app.add_flag("--json", common.json, "Print the result as JSON on stdout");
    app.add_flag("--quiet,-q", common.quiet, "No progress on stderr, only warnings and errors");
    app.add_option("--color", options.colour,
                   "Colours on stdout: always, never, or auto (the default): on a\n"
                   "terminal, unless $NO_COLOR is set")
        ->check(CLI::IsMember({"auto", "always", "never"}));
    app.add_option("--cache", options.cache_dir,
                   "Folder of the cache: sources, kernels, perf, initramfs images.\n"
                   "Default: $RIG_CACHE_DIR, else $XDG_CACHE_HOME/rig, else ~/.cache/rig");
    app.add_option("--read-only-cache", options.read_only_cache,
                   "Folders of caches, separated by colons, such as a team's. What is\n"
                   "there is used without being copied or locked; what is not there is\n"
                   "made in the cache of --cache. Default: $RIG_CACHE_RO, else none");
    app.add_option("--results", common.results, "Folder of the runs")->capture_default_str();
    app.add_option("--parallel,--jobs,-j", common.jobs,
                   "Number of concurrent boots. Default with the virtual clock: as many\n"
                   "as fit into the host's CPUs and memory; the figures do not depend on\n"
                   "it. Default with the wall clock: one. There it is at most as many as\n"
                   "get host CPUs of their own, one per vCPU and one more per boot")
        ->check(CLI::Range(1u, 1024u));
    app.add_flag("--share-cpus", share.share_cpus,
                 "Wall clock: let boots share host CPUs with each other, and with boots\n"
                 "of other rigs that allow it. The report says so, and no bound on a\n"
                 "time then counts as held. Without it boots never share host CPUs,\n"
                 "and wait until other rigs leave enough of them free");
    app.add_option("--disk-budget-mib", common.disk_budget_mib,
                   "Limit of the folder of one run, in MiB; no boot starts beyond it")
        ->capture_default_str()
        ->check(CLI::Range(std::uintmax_t{1}, std::uintmax_t{1} << 30));
    app.add_option("--connect", options.connect,
                   "Who runs the guests:\n"
                   "  none  QEMU directly, as a child of rig\n"
                   "  auto  qemu:///system if it answers, else QEMU directly\n"
                   "  URI   this libvirt daemon, such as qemu:///system or\n"
                   "        qemu+ssh://root@lab/system. On another host, files go through\n"
                   "        its libvirt storage (pool rig), and the clock is virtual\n"
                   "Default: `connect` in $XDG_CONFIG_HOME/rig/host.toml, else none");
}

void add_experiments(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& line = options.line;
    auto& engine_line = options.engine_line;
    const auto spec_argument = [&](CLI::App* command) {
        command->add_option("SPEC", line.spec, "Experiment file (configs/*.toml)")->required();
    };
    const auto arm_option = [&](CLI::App* command, bool required) {
        auto* option = command->add_option("--arm", line.arm,
                                           required ? "Arm of the experiment"
                                                    : "Only this arm (default: all arms)");
        if (required) option->required();
    };
    auto* compare = app.add_subcommand(
        "compare", "Build and boot all arms of an experiment, print the comparison");
    compare->footer(kCompareHelp);
    compare->add_option("SPEC", line.spec, "Experiment or suite file (configs/*.toml)")->required();
    add_overrides(compare, line.overrides);
    const auto fresh_flag = [&](CLI::App* command) {
        command->add_flag("--no-resume", line.fresh,
                          "Start from scratch. Without it, the same command resumes a run that\n"
                          "was interrupted");
    };
    fresh_flag(compare);
    const auto profile_flag = [&](CLI::App* command) {
        command->add_flag("--profile", line.profile,
                          "Count the instructions of each kernel function and each program, from\n"
                          "outside the guest; the samples stay the same. Needs the virtual clock\n"
                          "and about 1.4 times the CPU time");
    };
    profile_flag(compare);
    compare
        ->add_option("--point", line.points, "Suites: only this point. May be given more than once")
        ->take_all();
    compare
        ->add_option("--engine", engine_line.engine,
                     "Who builds and boots:\n"
                     "  local  this host\n"
                     "  slurm  jobs of a Slurm cluster; this rig collects the results. Needs\n"
                     "         the virtual clock, and results, cache and project in folders\n"
                     "         that all nodes share: docs/how-to/boot-on-slurm.md")
        ->capture_default_str()
        ->check(CLI::IsMember({"local", "slurm"}));
    compare
        ->add_option("--slurm-partition", engine_line.partition,
                     "Partition of the jobs (default: that of Slurm)")
        ->type_name("NAME");
    compare
        ->add_option("--slurm-args", engine_line.slurm_args,
                     "More options for sbatch, separated by blanks, such as\n"
                     "\"--account=kernels --constraint=amd\"")
        ->type_name("WORDS");
    auto* build =
        app.add_subcommand("build", "Build the kernels of an experiment, and the initramfs");
    build->footer(kBuildHelp);
    spec_argument(build);
    arm_option(build, false);
    add_overrides(build, line.overrides);
    auto* boot = app.add_subcommand("boot", "Boot one arm once and print its raw sample");
    boot->footer(kBootHelp);
    spec_argument(boot);
    arm_option(boot, true);
    add_overrides(boot, line.overrides);
    boot->add_option("--index", line.index,
                     "Number of the boot, from 0; it selects the perturbation seed\n"
                     "(default: 0)");
    boot->add_flag("--dump-memory", line.dump_memory,
                   "If the guest hangs, keep its memory: memory.elf, for drgn, crash\n"
                   "and gdb");
    boot->add_option("--count", line.count,
                     "Count the executed instructions of this kernel function, from\n"
                     "outside the guest; may be given several times; needs emulation")
        ->type_name("FUNCTION");
    boot->add_flag("--count-lines", line.count_lines,
                   "Count how often the changed lines of this arm run, from outside the\n"
                   "guest (rig lines shows where they are); needs emulation");
    profile_flag(boot);
    boot->add_flag("--print", line.print_only,
                   "Only print the QEMU command line and the guest's plan, boot nothing");
    auto* shell = app.add_subcommand("shell", "Open an interactive busybox shell in a guest");
    shell->footer(kShellHelp);
    spec_argument(shell);
    arm_option(shell, true);
    add_overrides(shell, line.overrides);
    shell->add_flag("--gdb", line.gdb,
                    "Wait for gdb on loopback, and print the command that attaches it");
    shell->add_option("--gdb-port", line.gdb_port, "Port for gdb")
        ->capture_default_str()
        ->check(CLI::Range(1024u, 65535u));
    auto& lines_line = options.lines;
    auto* lines = app.add_subcommand(
        "lines", "Show where the changed lines of an arm are in its kernel, or why they are not");
    lines->footer(kLinesHelp);
    lines->add_option("SPEC", lines_line.spec, "Experiment file (configs/*.toml)")->required();
    lines->add_option("--arm", lines_line.arm, "Arm of the experiment")->required();
    lines
        ->add_option("--against", lines_line.against,
                     "Arm to compare with (default: the baseline; for the baseline\n"
                     "the second arm)")
        ->type_name("ARM");
    add_overrides(lines, lines_line.overrides);
    auto* report =
        app.add_subcommand("report", "Print the comparison of a run again, from its raw samples");
    report->footer(kReportHelp);
    report->add_option("RUN", line.run, kRun)->required();
    report
        ->add_option("--html", line.html,
                     "Also write the report as one self-contained HTML file. (rig compare\n"
                     "has already written report.html into the folder of the run)")
        ->type_name("FILE")
        ->check([](const std::string& file) {
            return file.empty() ? std::string("an empty name, want that of a file") : std::string();
        });
    report->add_flag("--mail", line.mail,
                     "Print it as plain text of at most 72 columns, for a reply on a mailing\n"
                     "list");
    auto* explain = app.add_subcommand(
        "explain", "Show how the verdicts on one metric came about, or what a profile says");
    explain->footer(kExplainHelp);
    explain->add_option("RUN", line.run, kRun)->required();
    explain
        ->add_option("METRIC", line.metric,
                     "Name of the metric, such as target_latency; or profile: the functions\n"
                     "that explain the difference in instructions (rig compare --profile)")
        ->required();
    auto* exporting = app.add_subcommand(
        "export", "Export a run as KTAP, JUnit XML, KCIDB, CSV, benchstat, folded or lcov");
    exporting->footer(kExportHelp);
    exporting->add_option("RUN", line.run, kRun)->required();
    exporting
        ->add_option("--format", line.format, "ktap, junit, kcidb, csv, benchstat, folded or lcov")
        ->required()
        ->check(CLI::IsMember(export_formats()));
    exporting->add_option("--out", line.out,
                          "Write this file, and replace an old one (default: stdout)");
    exporting->add_flag("--raw", line.raw,
                        "csv only: one row per single latency, instead of one per boot and\n"
                        "metric");
    exporting->add_option("--origin", line.origin,
                          "kcidb only: name of the CI system that submits, [a-z0-9_]+\n"
                          "(default: rig)");
    exporting->add_option("--arm", line.arm,
                          "lcov only: the arm whose changed lines are written (default: the\n"
                          "second of two)");
    auto* calibrate = app.add_subcommand(
        "calibrate", "Measure the false-positive rate, and which regressions rig detects");
    calibrate->footer(kCalibrateHelp);
    calibrate
        ->add_option("SPEC", line.spec,
                     "Experiment whose arms inject regressions (configs/calibrate.toml),\n"
                     "or the folder of a run of it")
        ->required();
    add_overrides(calibrate, line.overrides);
    fresh_flag(calibrate);
    calibrate
        ->add_option("--boots-per-side", line.calibration.boots,
                     "Boots on each side of a comparison")
        ->capture_default_str()
        ->check(CLI::Range(5u, 500u));
    calibrate
        ->add_option("--comparisons", line.calibration.comparisons,
                     "Comparisons of each kind, resampled from the boots")
        ->capture_default_str()
        ->check(CLI::Range(20u, 100000u));
    for (auto* one : {compare, build, boot, shell, lines, calibrate})
        one->group("Experiments");
    for (auto* one : {report, explain, exporting})
        one->group("Runs");
    commands.compare = compare;
    commands.build = build;
    commands.boot = boot;
    commands.shell = shell;
    commands.lines = lines;
    commands.report = report;
    commands.explain = explain;
    commands.exporting = exporting;
    commands.calibrate = calibrate;
}

void add_bisections(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& bisection = options.bisection;
    auto& verdict_line = options.verdict_line;
    auto* bisect = app.add_subcommand(
        "bisect", "Find the patch of a series, or the commit, that changed a metric");
    bisect->footer(kBisectHelp);
    bisect->add_option("SPEC", bisection.spec,
                       "Experiment file. rig takes its guest, workload and instruments, and\n"
                       "ignores its expectations");
    bisect->add_option("--metric", bisection.metric,
                       "Metric to bisect, by its name in experiment files: sync_ipis,\n"
                       "total_ipis, target_latency, ... For commits also verdict: the\n"
                       "result of the whole experiment");
    auto* of_series = bisect->add_option("--series", bisection.series,
                                         "Folder of a quilt series, applied after that of the arm");
    auto* good = bisect
                     ->add_option("--good", bisection.good,
                                  "Git revision without the change, an ancestor of --bad")
                     ->excludes(of_series);
    bisect->add_option("--bad", bisection.bad, "Git revision with the change")->needs(good);
    bisect
        ->add_option("--repository", bisection.repository,
                     "Git repository of --good and --bad\n"
                     "(default: kernel.source of the experiment)")
        ->needs(good);
    bisect
        ->add_option("--base", bisection.base,
                     "Revision on whose tree the others are built as patches (default:\n"
                     "that of kernel.source, else --good)")
        ->needs(good);
    bisect->add_option("--arm", bisection.arm,
                       "Arm from which all revisions start: its series, command line and\n"
                       "kernel options (default: the baseline)");
    bisect
        ->add_option("--max-boots", bisection.max_boots,
                     "Virtual clock: boots of the ends, and of a revision whose first boots\n"
                     "are unclear (default: 4). Wall clock: blocks of a revision at most\n"
                     "(default: 48)")
        ->check(CLI::Range(2u, 1000u));
    bisect
        ->add_option("--confidence", bisection.confidence,
                     "Wall clock: confidence of the whole answer")
        ->capture_default_str()
        ->check(CLI::Range(0.5, 0.9999));
    bisect
        ->add_option("--min-effect", bisection.min_effect,
                     "Smallest difference between the ends, as a fraction of the good end")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 1e6));
    bisect->add_flag("--no-spot-checks", bisection.no_spot_checks,
                     "Do not test revisions on both sides of the answer for changes that\n"
                     "came and went");
    bisect->add_flag("--no-resume", bisection.fresh, "Start a new bisection in any case");
    bisect->add_option("--resume", bisection.resume,
                       "Resume the bisection in this folder, or fail");
    bisect->add_option("--log", bisection.log,
                       "Derive the answer of the bisection in this folder from its log again;\n"
                       "boots nothing");
    add_overrides(bisect, bisection.overrides);
    bisect->get_option("--boots")->description(
        "Virtual clock: first boots of a revision (default: 2). Wall clock:\n"
        "blocks per batch (default: 4); a block is one boot each of the good\n"
        "end, the revision and the bad end");
    auto* verdict = app.add_subcommand(
        "verdict", "Print the verdict of a run in one line; for scripts and git bisect");
    verdict->footer(kVerdictHelp);
    verdict
        ->add_option("RUN", verdict_line.run,
                     "Run: folder, id, unambiguous beginning of an id, or latest.\n"
                     "Or an experiment file, which is run first")
        ->required();
    verdict->add_flag("--git-bisect", verdict_line.git_bisect,
                      "Exit with the codes that git bisect run expects, see below");
    add_overrides(verdict, verdict_line.overrides);
    for (auto* one : {bisect, verdict})
        one->group("Experiments");
    commands.bisect = bisect;
    commands.verdict = verdict;
}

void add_nights(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& nightly_line = options.nightly_line;
    auto* nightly = app.add_subcommand(
        "nightly", "Run many experiments unattended; confirm, bisect, report regressions");
    nightly->footer(kNightlyHelp);
    nightly->add_option("CONFIG", nightly_line.config, "Configuration of the night")
        ->capture_default_str();
    nightly
        ->add_option("--since", nightly_line.since,
                     "Only cells that changed since a day (2026-02-23), a moment\n"
                     "(2026-02-23T10:32:48Z, UTC) or a git revision")
        ->type_name("DATE|REV");
    nightly->add_flag("--no-resume", nightly_line.fresh,
                      "Start a new night. Without it, the same command resumes a night that\n"
                      "was interrupted less than a day ago");
    nightly
        ->add_option("--close", nightly_line.close,
                     "Close the open incident with this number, and report that")
        ->type_name("N");
    nightly->add_option("--why", nightly_line.why, "With --close: the reason");
    nightly
        ->add_option("--metrics-file", nightly_line.metrics_file,
                     "Write verdicts and durations of the night to this file, *.prom, for\n"
                     "Prometheus' node_exporter, instead of metrics_file of the\n"
                     "configuration")
        ->type_name("FILE");
    nightly->add_flag("--install-units", nightly_line.install_units,
                      "Write rig-nightly.service and rig-nightly.timer, run nothing");
    nightly->add_flag("--system", nightly_line.system,
                      "With --install-units: write to /etc/systemd/system, instead of your\n"
                      "own ~/.config/systemd/user");
    nightly
        ->add_option("--on-calendar", nightly_line.on_calendar,
                     "With --install-units: start time, as in systemd.time(7)")
        ->capture_default_str();
    nightly->add_option("--root", nightly_line.root,
                        "With --install-units: prefix of the folder of the units, for packages");
    nightly->group("Experiments");
    commands.nightly = nightly;
}

void add_triage(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& line = options.triage_line;
    auto* triage = app.add_subcommand(
        "triage", "Find kernel splats in console logs or in the output of dmesg");
    triage->footer(kTriageHelp);
    triage->add_option("FILE", line.files, "Console logs. None, or -: standard input");
    triage
        ->add_option("--vmlinux", line.vmlinux,
                     "Kernel with debug information: also print file and line of the guilty\n"
                     "function (needs nm and addr2line)")
        ->type_name("FILE");
    triage->group("Tools");
    commands.triage = triage;
}

void add_tasks(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& task = options.task;
    // Commands of Slurm's jobs (docs/how-to/boot-on-slurm.md). The empty group hides them from the
    // list of commands.
    auto* build_task =
        app.add_subcommand("build-task", "Slurm job: build everything that will be booted")
            ->group("");
    build_task->footer(kBuildTaskHelp);
    auto* boot_task =
        app.add_subcommand("boot-task", "Slurm job: boot once and leave the result in the spool")
            ->group("");
    boot_task->footer(kBootTaskHelp);
    for (auto* one : {build_task, boot_task})
        one->add_option("SPOOL", task.spool, "Folder that rig compare --engine slurm made")
            ->required();
    boot_task->add_option("--list", task.list, "Number of the list of boots");
    boot_task->add_option("--index", task.index,
                          "Line of the list, from 0 (default: $SLURM_ARRAY_TASK_ID)");
    commands.build_task = build_task;
    commands.boot_task = boot_task;
}

void add_upkeep(CLI::App& app, ProgramOptions& options, Subcommands& commands) {
    auto& line = options.line;
    auto* doctor =
        app.add_subcommand("doctor", "Check this machine and print a fix for each problem");
    doctor->footer(kDoctorHelp);
    auto* cache = app.add_subcommand("cache", "List the cache of sources and kernels, or prune it");
    cache->footer(kCacheHelp);
    cache->add_flag("--prune", line.prune,
                    "Remove entries, by the limits below (default: unused for 30 days)");
    cache->add_option("--max-gib", line.max_gib,
                      "With --prune: keep at most so many GiB; the least recently used\n"
                      "entries go first");
    cache->add_option("--max-age-days", line.max_age_days,
                      "With --prune: remove entries that were unused for so many days");
    auto* init = app.add_subcommand("init", "Write a commented experiment file to begin with");
    init->footer(kInitHelp);
    init->add_option("NAME", options.init_name, "Name of the experiment; the file is NAME.toml")
        ->required();
    auto* schema = app.add_subcommand("schema", "Print a JSON schema of experiment files");
    schema->footer(kSchemaHelp);
    for (auto* one : {doctor, cache, init, schema})
        one->group("Tools");
    commands.init = init;
    commands.schema = schema;
    commands.doctor = doctor;
    commands.cache = cache;
}

} // namespace

Subcommands declare_options(CLI::App& app, ProgramOptions& options) {
    Subcommands commands;
    commands.trial = declare_try(app, options.trial);
    add_common(app, options);
    // --help lists the commands in this order.
    add_experiments(app, options, commands);
    add_bisections(app, options, commands);
    commands.history = declare_history_options(app, options.history, options.site);
    commands.packing = declare_pack(app, options.packing);
    commands.submit = declare_submit(app, options.submission);
    add_nights(app, options, commands);
    add_triage(app, options, commands);
    add_tasks(app, options, commands);
    add_upkeep(app, options, commands);
    for (auto* command : app.get_subcommands([](CLI::App*) { return true; }))
        command->footer(
            command->get_footer() +
            "\n\nOptions of all commands, such as --json and --results: rig --help-all");
    return commands;
}

} // namespace rig
