// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/trial/trial.h"

#include "rig/base/files.h"
#include "rig/base/scratch_dir.h"
#include "rig/base/text.h"
#include "rig/host/git.h"
#include "rig/kernel/kernel_build.h"
#include "rig/kernel/symbol_table.h"
#include "rig/report/wording.h"
#include "rig/series/breaking_patch.h"
#include "rig/spec/spec_parser.h"
#include "rig/trial/trial_options.h"
#include "rig/trial/trial_place.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <set>
#include <unistd.h>

namespace rig {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr const char* kSeries = "kernel-patches/series";
constexpr const char* kMark = ".rig-try"; // in each trial's folder

BuildContext context_of(const Environment& environment) {
    return {environment.cache, environment.runner, environment.progress, 0};
}

bool is_kernel_tree(const fs::path& folder) {
    std::error_code error;
    return fs::exists(folder / "Kbuild", error) && fs::exists(folder / "Kconfig", error) &&
           fs::exists(folder / "MAINTAINERS", error);
}

std::string git_source(const fs::path& repository, const std::string& revision) {
    return fmt::format("{{ git = {}, revision = {} }}", toml_text(repository.string()),
                       toml_text(revision));
}

// The repository at `folder`, its top and not a folder within it.
Result<fs::path> top_of(const fs::path& folder, CommandRunner& runner) {
    RIG_TRY(found, git(runner, folder, {"rev-parse", "--show-toplevel"}));
    if (!found.ok()) // a bare repository has no work tree
        return fs::absolute(folder);
    return fs::path(trimmed(found.out.substr(0, found.out.find('\n'))));
}

// A repository of the user's, at `revision` or at the commit on which the series is based.
Result<std::string> repository_source(const fs::path& folder, std::string revision,
                                      const ImportedSeries& series, CommandRunner& runner,
                                      std::vector<std::string>& remarks) {
    RIG_TRY(top, top_of(folder, runner));
    if (revision.empty() && !series.base_commit.empty()) {
        if (auto commit = commit_of(runner, top, series.base_commit)) {
            remarks.push_back(fmt::format("base: commit {:.12}, which the series names", *commit));
            return git_source(top, *commit);
        }
        remarks.push_back(fmt::format("the series is based on commit {:.12}, which {} does not "
                                      "have; HEAD is taken instead",
                                      series.base_commit, top.string()));
    }
    const auto named = revision.empty() ? std::string("HEAD") : revision;
    RIG_TRY(commit, commit_of(runner, top, named));
    remarks.push_back(fmt::format("base: {} of {}, commit {:.12}", named, top.string(), commit));
    if (!series.base_commit.empty() && !revision.empty() && commit != series.base_commit)
        remarks.push_back(
            fmt::format("the series names another base: commit {:.12}", series.base_commit));
    return git_source(top, commit);
}

Result<std::string> source_of(const TrialRequest& request, const ImportedSeries& series,
                              CommandRunner& runner, std::vector<std::string>& remarks) {
    std::error_code error;
    if (request.base.empty() && series.base) {
        remarks.push_back(fmt::format("base: commit {:.12} of {}", series.base->revision,
                                      series.base->repository.string()));
        return git_source(series.base->repository, series.base->revision);
    }
    if (request.base.empty()) {
        const auto here =
            request.series.directory.empty() ? fs::current_path(error) : request.series.directory;
        if (is_kernel_tree(here)) return repository_source(here, {}, series, runner, remarks);
        remarks.push_back(fmt::format("base: {} (no --base, and {} is no kernel tree)",
                                      kDefaultBase, here.string()));
        if (!series.base_commit.empty())
            remarks.push_back(
                fmt::format("the series names another base: commit {:.12}", series.base_commit));
        return fmt::format("{{ distro = {} }}", toml_text(kDefaultBase));
    }
    if (fs::is_directory(request.base, error))
        return repository_source(request.base, {}, series, runner, remarks);
    if (const auto colon = request.base.rfind(':'); colon != std::string::npos)
        if (const fs::path folder = request.base.substr(0, colon); fs::is_directory(folder, error))
            return repository_source(folder, request.base.substr(colon + 1), series, runner,
                                     remarks);
    if (request.base.starts_with("linux-source"))
        return fmt::format("{{ distro = {} }}", toml_text(request.base));
    return fail(FaultDomain::Spec,
                fmt::format("--base {}: want a package such as {}, a git repository, or "
                            "REPOSITORY:REVISION",
                            request.base, kDefaultBase));
}

// Copies a quilt folder, of which only the files that its series names.
Status copy_series(const fs::path& from, const fs::path& to) {
    std::error_code error;
    if (!fs::is_regular_file(from / "series", error))
        return fail(FaultDomain::Spec,
                    fmt::format("--prerequisites {}: want a folder with a quilt `series` file",
                                from.string()));
    if (fs::equivalent(from, to, error))
        return fail(
            FaultDomain::Spec,
            fmt::format("--prerequisites {}: want a folder outside of {}, which is replaced",
                        from.string(), to.parent_path().string()));
    error.clear();
    fs::remove_all(to, error);
    fs::create_directories(to, error);
    for (const auto& entry : fs::directory_iterator(from, error))
        if (entry.is_regular_file(error))
            RIG_CHECK(write_atomically(to / entry.path().filename(), slurp(entry.path())));
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot copy {}: {}", from.string(), error.message()));
    return {};
}

// Only a folder that an earlier trial made, which its mark says, may be written again.
Status own_folder(const fs::path& folder, const fs::path& incoming) {
    std::error_code error;
    const bool is_new = !fs::exists(fs::symlink_status(folder, error));
    if (is_new || (fs::is_directory(fs::symlink_status(folder, error)) &&
                   (fs::is_empty(folder, error) || fs::exists(folder / kMark, error)))) {
        fs::create_directories(folder, error);
        return write_atomically(folder / kMark, "This folder is written by rig try.\n");
    }
    fs::remove_all(incoming, error); // just made by import_series()
    return fail(FaultDomain::Spec,
                fmt::format("{} is there and not made by rig try: want another --name or --folder",
                            folder.string()));
}

// rig's own fragments, copied so that the experiment's folder needs nothing else. Fault injection
// is always among them: with --fault a trial is often made again, and a kernel with other options
// would take minutes.
Result<std::vector<std::string>> copy_fragments(const fs::path& shipped, const fs::path& folder) {
    const std::vector<std::string> names{"base.config", "fault-injection.config"};
    std::vector<std::string> out;
    const fs::path kernel = fs::path("configs") / "kernel";
    for (const auto& name : names) {
        for (const auto* arch : all_archs()) {
            const auto own = fs::path(name).stem().string() + "." + arch->name + ".config";
            std::error_code error;
            if (fs::exists(shipped / kernel / own, error))
                RIG_CHECK(write_atomically(folder / kernel / own, slurp(shipped / kernel / own)));
        }
        const auto text = slurp(shipped / kernel / name);
        if (text.empty())
            return fail(FaultDomain::Host, fmt::format("cannot read rig's own {}",
                                                       (shipped / kernel / name).string()));
        RIG_CHECK(write_atomically(folder / kernel / name, text));
        out.push_back((kernel / name).string());
    }
    return out;
}

bool is_program(const fs::path& file) {
    std::error_code error;
    return fs::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0;
}

constexpr const char* kBetweenWords = " \t\n;|&<>()'\"`$=";

// Programs that the command names by an absolute path after its first word: `a | /usr/bin/b`. The
// guest has its own /bin/sh and /bin/busybox.
Status add_further_programs(const std::string& command, TrialExperiment& experiment) {
    for (auto at = command.find_first_of(kBetweenWords); at != command.npos;) {
        const auto begin = command.find_first_not_of(kBetweenWords, at);
        if (begin == command.npos) break;
        at = command.find_first_of(kBetweenWords, begin);
        const auto word = command.substr(begin, at == command.npos ? at : at - begin);
        auto& files = experiment.image_files;
        std::error_code error;
        if (word.starts_with("./") && is_program(word))
            return fail(FaultDomain::Spec,
                        fmt::format("--run: {} is a program of this machine after the command's "
                                    "first word: want its absolute path, {}",
                                    word,
                                    fs::weakly_canonical(fs::absolute(word), error).string()));
        if (word.starts_with('/') && word != "/bin/sh" && word != "/bin/busybox" &&
            is_program(word) && std::find(files.begin(), files.end(), word) == files.end())
            files.push_back(word);
    }
    return {};
}

// `--run './bench -n 5'`: the program goes into the guest at the same path.
Status set_command(const std::string& run, TrialExperiment& experiment) {
    auto text = trimmed(run);
    const auto blank = text.find_first_of(" \t;|&<>");
    auto program = text.substr(0, blank);
    std::error_code error;
    if (program.find('/') != std::string::npos) {
        const auto file = fs::weakly_canonical(fs::absolute(program), error);
        const bool here = fs::is_regular_file(file, error);
        if (!here && !program.starts_with('/'))
            return fail(FaultDomain::Spec,
                        fmt::format("--run {}: there is no file {}", run, file.string()));
        if (here) {
            if (::access(file.c_str(), X_OK) != 0)
                return fail(FaultDomain::Spec,
                            fmt::format("--run {}: {} cannot be executed", run, file.string()));
            experiment.image_files.push_back(file.string());
            text =
                shell_word(file.string()) + (blank == std::string::npos ? "" : text.substr(blank));
        }
    }
    RIG_CHECK(add_further_programs(text, experiment));
    experiment.workload = "command";
    experiment.command = {"/bin/sh", "-c", text};
    return {};
}

Status set_workload(const TrialRequest& request, TrialExperiment& experiment) {
    if (!request.run.empty() && !request.workload.empty())
        return fail(FaultDomain::Spec, "--run and --workload: want one of them");
    if (!request.run.empty()) return set_command(request.run, experiment);
    if (request.workload.empty()) return {};
    if (!find_workload(request.workload) || request.workload == "command")
        return fail(FaultDomain::Spec,
                    fmt::format("--workload {}: want one of {}", request.workload,
                                fmt::join(workload_names(), ", ")));
    experiment.workload = request.workload;
    return {};
}

Status set_options(const TrialRequest& request, TrialExperiment& experiment) {
    for (const auto& text : request.options) {
        const auto equals = text.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail(FaultDomain::Spec,
                        fmt::format("--option {}: want NAME=VALUE, such as NUMA=y", text));
        auto name = text.substr(0, equals);
        if (name.starts_with("CONFIG_")) name.erase(0, 7);
        experiment.options.push_back({name, text.substr(equals + 1), "--option"});
    }
    return {};
}

// `experiment` with a workload, a target and no bounds: what is known so far can be built, and
// `rig lines` and `rig build` take it.
TrialExperiment stand_ins(TrialExperiment experiment) {
    if (experiment.workload.empty()) experiment.workload = "munmap";
    if (experiment.target.empty()) experiment.target = "do_exit";
    experiment.bounds.clear();
    return experiment;
}

Result<Spec> spec_of_plan(const TrialPlan& plan) {
    RIG_TRY(text, experiment_text(stand_ins(plan.experiment)));
    return parse_spec(text, plan.file);
}

// Writes plan.file. What the user made of an earlier file stays.
Status write_experiment(const TrialPlan& plan, const TrialExperiment& experiment,
                        Progress& progress) {
    RIG_TRY(text, experiment_text(experiment));
    std::error_code error;
    if (const auto old = slurp(plan.file); !old.empty() && old != text) {
        auto kept = plan.file;
        for (unsigned n = 1; fs::exists(kept, error); ++n)
            kept = fmt::format("{}.{}", plan.file.string(), n);
        fs::rename(plan.file, kept, error);
        if (error)
            return fail(FaultDomain::Host,
                        fmt::format("cannot rename {}: {}", plan.file.string(), error.message()));
        progress.say(fmt::format("{}: another file was there; it is now {}", plan.file.string(),
                                 kept.filename().string()));
    }
    return write_atomically(plan.file, text);
}

const std::string& need_workload(TrialExperiment& experiment, const WaysToFunctions& ways,
                                 std::vector<std::string>& remarks) {
    if (experiment.workload.empty() && !ways.workloads.empty()) {
        experiment.workload = ways.workloads.front().workload;
        remarks.push_back(fmt::format("workload: {}, which calls {}", experiment.workload,
                                      ways.workloads.front().by));
    }
    return experiment.workload;
}

} // namespace

Result<TrialPlan> plan_trial(const TrialRequest& request, const fs::path& shipped,
                             const Environment& environment) {
    TrialPlan plan;
    auto parent = request.folder;
    if (parent.empty()) {
        RIG_TRY(place, place_for("rig-try"));
        parent = place;
    }
    std::error_code error;
    const bool parent_is_new = !fs::exists(parent, error);
    const auto incoming = parent / fmt::format(".incoming-{}", ::getpid());
    RIG_TRY(series,
            import_series(request.series, incoming, environment.runner, environment.progress));
    if (parent_is_new) RIG_CHECK(ignore_in_git(parent));
    plan.series = std::move(series);
    auto& experiment = plan.experiment;
    experiment.name = request.name.empty() ? slug_of(plan.series.title) : slug_of(request.name);
    experiment.description = printable(plan.series.title).substr(0, 200);
    plan.folder = parent / experiment.name;
    plan.file = plan.folder / (experiment.name + ".toml");
    RIG_CHECK(own_folder(plan.folder, incoming));
    fs::create_directories(plan.folder / "kernel-patches", error);
    fs::create_directories(plan.folder / "configs" / "kernel", error);
    fs::remove_all(plan.folder / kSeries, error);
    fs::rename(incoming, plan.folder / kSeries, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot move {} to {}: {}", incoming.string(),
                                (plan.folder / kSeries).string(), error.message()));
    plan.remarks = plan.series.remarks;
    experiment.series = kSeries;
    experiment.arch = request.arch.empty() ? kDefaultArch : request.arch;
    unsigned number = 0;
    for (const auto& folder : request.prerequisites) {
        const auto own = fmt::format("kernel-patches/prerequisites-{}", ++number);
        RIG_CHECK(copy_series(folder, plan.folder / own));
        experiment.prerequisites.push_back(own);
    }
    RIG_TRY(source, source_of(request, plan.series, environment.runner, plan.remarks));
    experiment.source = source;
    RIG_TRY(fragments, copy_fragments(shipped, plan.folder));
    experiment.fragments = fragments;
    RIG_CHECK(set_workload(request, experiment));
    RIG_CHECK(set_options(request, experiment));
    experiment.fault = request.fault;
    experiment.target = request.target;
    if (request.vcpus) experiment.vcpus = *request.vcpus;
    if (request.boots) experiment.boots = *request.boots;
    if (request.iterations) experiment.iterations = *request.iterations;
    for (const auto& text : request.not_worse) {
        RIG_TRY(bound, parse_not_worse(text));
        experiment.bounds.push_back(bound);
    }
    RIG_CHECK(check_bounds(experiment.bounds, experiment.arch));
    RIG_TRY(spec, spec_of_plan(plan));
    RIG_CHECK(derive_options(plan, spec, environment));
    return plan;
}

Result<TrialKernels> build_trial(TrialPlan& plan, const Environment& environment) {
    const auto context = context_of(environment);
    RIG_TRY(spec, spec_of_plan(plan));
    const auto& base = spec.arms.front();
    const auto& patched = spec.arms.back();
    auto base_kernel = build_kernel(spec, base, context);
    if (!base_kernel && base_kernel.error().fault_domain == FaultDomain::Kernel)
        return fail(FaultDomain::Spec,
                    "the tree does not build without the series: " + base_kernel.error().message,
                    base_kernel.error().log);
    if (!base_kernel) return tl::unexpected(base_kernel.error());
    auto kernel = build_kernel(spec, patched, context);
    if (!kernel && kernel.error().fault_domain == FaultDomain::Kernel) {
        auto error = kernel.error();
        if (const auto found = find_breaking_patch(spec, patched, context, error.log);
            found && found->number && *found->number > 0)
            error.message = fmt::format("patch {} of {} breaks the build: {}: {}", *found->number,
                                        plan.series.patches.size(),
                                        fs::path(found->patch).filename().string(), found->error);
        return tl::unexpected(error);
    }
    if (!kernel) return tl::unexpected(kernel.error());
    name_differing_options(plan, *base_kernel, *kernel);
    TrialKernels out;
    auto changed = changed_functions(spec, base, patched, context);
    if (!changed) {
        auto error = changed.error();
        // These very kernels were built before: it is no verdict about them.
        if (error.fault_domain == FaultDomain::Kernel) error.fault_domain = FaultDomain::Host;
        return tl::unexpected(error);
    }
    environment.progress.start("reading who calls whom");
    out.changed = std::move(*changed);
    auto graph = CallGraph::read(kernel->vmlinux, arch_named(spec.kernel.arch), environment.runner);
    if (!graph) {
        environment.progress.interrupt();
        return tl::unexpected(graph.error());
    }
    environment.progress.finish();
    out.graph = std::move(*graph);
    auto& experiment = plan.experiment;
    if (out.changed.functions.empty()) {
        RIG_CHECK(write_experiment(plan, stand_ins(experiment), environment.progress));
        return fail(FaultDomain::Guest,
                    fmt::format("no function differs between the two kernels, so that nothing of "
                                "the series can run; {}",
                                out.changed.only_data.empty()
                                    ? "comments, or code that this configuration leaves out: "
                                      "`rig lines " +
                                          plan.file.string() + " --arm patched` tells"
                                    : "only data differ:\n" + changed_text(out.changed)));
    }
    RIG_TRY(base_symbols,
            SymbolTable::parse(slurp(base_kernel->system_map), base_kernel->system_map.string()));
    RIG_TRY(symbols, SymbolTable::parse(slurp(kernel->system_map), kernel->system_map.string()));
    std::vector<std::string> functions;
    for (const bool only_numbers : {false, true}) // what differs in line numbers comes last
        for (const auto& one : out.changed.functions)
            if (one.kind == FunctionChange::Kind::Changed && !one.init &&
                one.only_numbers == only_numbers && symbols.bounds(one.function) &&
                base_symbols.bounds(one.function))
                functions.push_back(one.function);
    const auto ways = ways_to(out.graph, wanted_functions(out.changed));
    if (experiment.target.empty() && functions.empty()) {
        RIG_CHECK(write_experiment(plan, stand_ins(experiment), environment.progress));
        return fail(FaultDomain::Spec,
                    "no changed function is a function of its own in both kernels (all are new, "
                    "removed, inlined or run at boot only): name one that contains the change by "
                    "--target\n" +
                        changed_text(out.changed));
    }
    if (experiment.target.empty()) experiment.target = functions.front();
    for (const auto& function : functions)
        if (function != experiment.target && experiment.functions.size() < kMostFunctions &&
            std::find(experiment.functions.begin(), experiment.functions.end(), function) ==
                experiment.functions.end())
            experiment.functions.push_back(function);
    if (need_workload(experiment, ways, plan.remarks).empty()) {
        RIG_CHECK(write_experiment(plan, stand_ins(experiment), environment.progress));
        return fail(FaultDomain::Spec,
                    fmt::format("no shipped workload leads to {}(): name a command that does by "
                                "--run\n{}",
                                experiment.target, ways_text(out)));
    }
    RIG_CHECK(write_experiment(plan, experiment, environment.progress));
    return out;
}

} // namespace rig
