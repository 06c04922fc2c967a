// SPDX-License-Identifier: GPL-2.0-or-later
// Parses argv, wires the modules, and returns the exit code. Decides nothing about experiments. The
// only place that prints errors.
#include "rig/base/file_lock.h"
#include "rig/base/scratch_dir.h"
#include "rig/base/shipped_files.h"
#include "rig/base/version.h"
#include "rig/cli/bisect_command.h"
#include "rig/cli/boot_command.h"
#include "rig/cli/compare_command.h"
#include "rig/cli/describe_program.h"
#include "rig/cli/doctor_command.h"
#include "rig/cli/engine_option.h"
#include "rig/cli/export_command.h"
#include "rig/cli/help_command.h"
#include "rig/cli/history_commands.h"
#include "rig/cli/lines_command.h"
#include "rig/cli/nightly_command.h"
#include "rig/cli/older_options.h"
#include "rig/cli/options.h"
#include "rig/cli/pack_command.h"
#include "rig/cli/report_command.h"
#include "rig/cli/site_command.h"
#include "rig/cli/submit_command.h"
#include "rig/cli/triage_command.h"
#include "rig/cli/try_command.h"
#include "rig/experiment/environment.h"
#include "rig/host/boost_command_runner.h"
#include "rig/host/cache_place.h"
#include "rig/host/open_files.h"
#include "rig/hypervisor/connect.h"
#include "rig/hypervisor/qemu_choice.h"
#include "rig/hypervisor/qemu_hypervisor.h"
#include "rig/nightly/bisector.h"
#include "rig/slurm/slurm_task.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <iostream>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <thread>
#include <tuple>
#include <unistd.h>

namespace {

using rig::Exit;

// The first SIGINT or SIGTERM stops everything in good order; a second one ends the process at
// once. Uses handlers, since children would inherit a blocked signal mask.
class Interrupts {
 public:
    Interrupts() : signals_(io_, SIGINT, SIGTERM) {
        wait();
        thread_ = std::jthread([this] { io_.run(); });
    }
    ~Interrupts() { io_.stop(); }
    std::stop_token token() { return stop_.get_token(); }

 private:
    void wait() {
        signals_.async_wait([this](const boost::system::error_code& error, int signal) {
            if (error) return;
            if (stop_.stop_requested()) ::_exit(128 + signal);
            std::fputs("\nstopping; what is measured is kept (once more to stop at once)\n",
                       stderr);
            stop_.request_stop();
            wait();
        });
    }
    boost::asio::io_context io_;
    boost::asio::signal_set signals_;
    std::stop_source stop_;
    std::jthread thread_; // declared last, so joined first
};

bool colours_wanted(const std::string& choice, int fd) {
    return choice == "always" || (choice == "auto" && ::isatty(fd) && !std::getenv("NO_COLOR"));
}

unsigned terminal_columns() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// If a standard file is closed, the next opened file gets its number and would receive what rig
// prints. Open /dev/null instead, read-only, so that writing to it is an error.
void hold_standard_files() {
    // Gets number fd.
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(fd, F_GETFD) < 0) std::ignore = ::open("/dev/null", O_RDONLY);
}

int print_error(const rig::Error& error, bool json) {
    if (json) std::puts(rig::error_json(error).c_str());
    std::fprintf(stderr, "rig: %s%s%s\n",
                 error.fault_domain == rig::FaultDomain::Spec
                     ? ""
                     : fmt::format("{} fault: ", rig::name(error.fault_domain)).c_str(),
                 error.message.c_str(),
                 error.log.empty() ? ""
                                   : fmt::format("\n  evidence: {}", error.log.string()).c_str());
    const auto exit = rig::exit_for(error.fault_domain);
    if (exit == Exit::Inconclusive)
        std::fputs("INCONCLUSIVE: nothing was tested, so nothing is said about the kernels\n",
                   stderr);
    return static_cast<int>(exit);
}

// The description and the footer of rig --help-all and rig(1). At most 100 columns.
constexpr const char* kDescription = R"(rig - an A/B test rig for Linux kernel patches

Builds patched and unpatched kernels (the arms), boots each in QEMU many times, triggers the changed
code, and reports what got faster, slower or noisier. Every report shows whether the changed line
really ran: a run without that evidence is inconclusive, never "no change".

Examples:
  rig doctor                                           can this machine run it?
  rig try fix.mbox                                     compare with and without a patch
  rig init my-patch                                    write an experiment file
  rig compare configs/batch-alloc-fail.toml            build, boot, compare: the main command
  rig report latest                                    print the comparison again
  rig explain latest target_latency                    how did this verdict come about?
)";

constexpr const char* kFooter = R"(Exit codes:
  0  pass, or the command did its work
  1  fail: an expectation failed, or the kernel did
  2  wrong command line or experiment file
  3  host fault, or interrupted
  4  inconclusive, for example because nothing shows that the patched line ran

The options above may come before or after the command.
rig COMMAND --help explains a command, with examples and its exit codes.)";

} // namespace

int main(int argc, char** argv) {
    hold_standard_files();
    CLI::App app{kDescription};
    app.set_version_flag("--version", "rig " + rig::rig_version());
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(kFooter);

    rig::ProgramOptions options;
    auto& common = options.common;
    auto& line = options.line;
    const auto commands = rig::declare_options(app, options);
    const auto program = rig::describe_program(app);
    // Commands have CLI11's form of help, and so has --help-all.
    app.set_help_all_flag("--help-all", "Print the options of all commands, and a line on each");
    app.formatter_fn(
        [&program](const CLI::App* of, const std::string& name, CLI::AppFormatMode mode) {
            return mode == CLI::AppFormatMode::All
                       ? CLI::Formatter().make_help(of, name, CLI::AppFormatMode::Normal)
                       : rig::one_screen(program);
        });
    if (const auto hidden = rig::hidden_help(program, {argv + 1, argv + argc})) {
        if (!*hidden) return print_error(hidden->error(), false);
        std::fputs((*hidden)->text.c_str(), stdout);
        return std::fflush(stdout) == 0 ? 0 : static_cast<int>(Exit::Host);
    }

    const auto newer = rig::with_newer_names({argv + 1, argv + argc});
    if (!newer.deprecation.empty()) std::fprintf(stderr, "rig: %s\n", newer.deprecation.c_str());
    // git bisect run takes every other code from 1 to 127 for a bad commit, and 128 for the end of
    // the search: what fails before the commit is built is wrong for each of them.
    const bool bisecting =
        std::any_of(newer.words.begin(), newer.words.end(), [](const std::string& word) {
            return word == "--git-bisect" || word.starts_with("--git-bisect=");
        });
    const auto failed = [&](const rig::Error& error) {
        const int code = print_error(error, options.common.json);
        return bisecting ? rig::kGitBisectStop : code;
    };
    try {
        // CLI11 expects the words in reverse order.
        app.name(argv[0]);
        app.parse(std::vector<std::string>(newer.words.rbegin(), newer.words.rend()));
    } catch (const CLI::ParseError& e) {
        const int code = app.exit(e);
        if (code == 0) return 0;
        return bisecting ? rig::kGitBisectStop : static_cast<int>(Exit::Usage);
    }
    // configs/NAME.toml means the shipped one where there is none of that name.
    for (auto* file :
         {&line.spec, &options.lines.spec, &options.bisection.spec, &options.nightly_line.config})
        *file = rig::or_shipped(".", *file);
    common.colour = colours_wanted(options.colour, STDOUT_FILENO);
    common.warn = [](const std::string& text) {
        std::fprintf(stderr, "rig: warning: %s\n", text.c_str());
    };

    if (const auto enough = rig::enough_open_files(); !enough) return failed(enough.error());
    Interrupts interrupts;
    rig::remove_abandoned_scratch();
    if (const char* folders = std::getenv("RIG_CACHE_RO");
        folders && options.read_only_cache.empty())
        options.read_only_cache = folders;
    const auto read_only = rig::read_only_caches(options.read_only_cache);
    if (!read_only) return failed(read_only.error());
    rig::ArtifactCache artifacts(options.cache_dir.empty()
                                     ? rig::default_cache_dir()
                                     : std::filesystem::path(options.cache_dir),
                                 interrupts.token(), *read_only);
    options.share.claims = rig::cpu_claim_folder(artifacts.root());
    rig::BoostCommandRunner runner(interrupts.token());
    std::unique_ptr<rig::Hypervisor> libvirt;
    rig::BoostCommandRunner unstopped; // for commands that must still run after an interrupt
    std::unique_ptr<rig::Engine> engine;
    rig::Progress progress(
        [](const std::string& text) {
            std::fputs(text.c_str(), stderr);
            std::fflush(stderr);
        },
        ::isatty(STDERR_FILENO) != 0, rig::Progress::Clock::now, terminal_columns());
    if (common.quiet) progress.only_say();
    rig::Emulators emulators({artifacts, runner, progress});
    rig::QemuHypervisor direct(runner,
                               [&emulators](const rig::Arch& arch) { return emulators.of(arch); });
    const auto say = [&](const std::string& text) {
        if (common.quiet) return;
        progress.interrupt();
        std::fprintf(stderr, "rig: %s\n", text.c_str());
    };
    const auto run = [&]() -> rig::Result<rig::CommandOutput> {
        const bool a_night = commands.nightly->parsed() && !options.nightly_line.install_units &&
                             !options.nightly_line.close;
        if (commands.compare->parsed() || commands.boot->parsed() || commands.calibrate->parsed() ||
            commands.bisect->parsed() || commands.verdict->parsed() || commands.trial->parsed() ||
            a_night) {
            RIG_CHECK(rig::usable_cache(artifacts.root()));
            // What a run writes is as accessible as the folder of the runs: a team may share it.
            const auto mask = ::umask(077);
            ::umask(mask & ~rig::shared_permissions(common.results));
            RIG_TRY(chosen, rig::choose_libvirt(options.connect));
            libvirt = std::move(chosen);
        }
        if (commands.compare->parsed()) {
            RIG_TRY(chosen, rig::choose_engine(options.engine_line, line, common, artifacts.root(),
                                               libvirt != nullptr, unstopped));
            engine = std::move(chosen);
        }
        const rig::Environment environment{artifacts, runner,        libvirt ? *libvirt : direct,
                                           progress,  options.share, engine.get()};
        if (commands.build_task->parsed() || commands.boot_task->parsed()) {
            RIG_TRY(text,
                    commands.build_task->parsed()
                        ? rig::build_task_command(options.task, environment, interrupts.token())
                        : rig::boot_task_command(options.task, environment, interrupts.token()));
            return rig::CommandOutput{text, Exit::Pass};
        }
        if (commands.compare->parsed())
            return rig::compare_command(line, common, environment, interrupts.token());
        if (commands.trial->parsed())
            return rig::try_command(options.trial, common, environment, interrupts.token());
        if (commands.bisect->parsed())
            return rig::bisect_command(options.bisection, common, environment, say,
                                       interrupts.token());
        if (commands.verdict->parsed())
            return rig::verdict_command(options.verdict_line, common, environment,
                                        interrupts.token());
        if (commands.build->parsed()) return rig::build_command(line, common, environment);
        if (commands.boot->parsed())
            return rig::boot_command(line, common, environment, interrupts.token());
        if (commands.shell->parsed())
            return rig::shell_command(line, common, environment, interrupts.token());
        if (commands.lines->parsed()) return rig::lines_command(options.lines, common, environment);
        if (commands.report->parsed()) return rig::report_command(line, common);
        if (commands.exporting->parsed()) return rig::export_command(line, common);
        if (commands.explain->parsed()) return rig::explain_command(line, common);
        if (commands.calibrate->parsed())
            return rig::calibrate_command(line, common, environment, interrupts.token());
        if (commands.history.list->parsed())
            return rig::list_command(options.history, common, progress, interrupts.token());
        if (commands.history.show->parsed()) return rig::show_command(options.history, common);
        if (commands.history.diff->parsed())
            return rig::diff_command(options.history, common, runner);
        if (commands.history.prune->parsed())
            return rig::prune_command(options.history, common, progress, interrupts.token());
        if (commands.history.dashboard->parsed())
            return rig::dashboard_command(options.site, common, progress, interrupts.token());
        if (commands.history.serve->parsed())
            return rig::serve_command(
                options.site, common,
                [&](const std::string& address) {
                    std::fputs(
                        (common.json ? "{\"address\": \"" + address + "\"}\n" : address + "\n")
                            .c_str(),
                        stdout);
                    std::fflush(stdout);
                },
                interrupts.token());
        if (commands.history.index->parsed())
            return rig::index_command(options.history, common, progress, interrupts.token());
        if (commands.submit->parsed()) return rig::submit_command(options.submission, common);
        if (commands.packing.pack->parsed())
            return rig::pack_command(options.packing, common, environment);
        if (commands.packing.replay->parsed())
            return rig::replay_command(options.packing, common, environment, interrupts.token());
        if (commands.nightly->parsed()) {
            const auto bisector = rig::nightly_bisector(
                {common.results, common.jobs, {}, false, common.disk_budget_mib << 20, common.warn},
                environment, say, interrupts.token());
            return rig::nightly_command(options.nightly_line, common, environment, bisector,
                                        interrupts.token());
        }
        if (commands.triage->parsed())
            return rig::triage_command(options.triage_line, common, runner, std::cin);
        if (commands.init->parsed()) return rig::init_command(options.init_name, common);
        if (commands.schema->parsed()) return rig::schema_command();
        if (commands.doctor->parsed()) return rig::doctor_command(common, environment);
        if (commands.cache->parsed()) return rig::cache_command(line, common, environment);
        return rig::fail(rig::FaultDomain::Spec, "no command");
    };
    // rig does not throw on purpose. The standard library does if the host is in an unexpected
    // state (a working folder that was removed).
    const auto output = [&]() -> rig::Result<rig::CommandOutput> {
        try {
            return run();
        } catch (const std::exception& unforeseen) {
            return rig::fail(rig::FaultDomain::Host, unforeseen.what());
        }
    }();
    if (!output) {
        progress.interrupt();
        return failed(output.error());
    }
    std::fputs(output->text.c_str(), stdout);
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
        const rig::Status lost =
            rig::fail(rig::FaultDomain::Host,
                      fmt::format("cannot write to stdout: {}", std::strerror(errno)));
        return failed(lost.error());
    }
    return output->code.value_or(static_cast<int>(output->exit));
}
