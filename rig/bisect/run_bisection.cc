// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/run_bisection.h"

#include "rig/base/file_lock.h"
#include "rig/base/files.h"
#include "rig/base/guest_clock.h"
#include "rig/base/scratch_dir.h"
#include "rig/base/sha256.h"
#include "rig/base/shipped_files.h"
#include "rig/base/utc.h"
#include "rig/base/version.h"
#include "rig/bisect/bisect_environment.h"
#include "rig/bisect/bisect_history.h"
#include "rig/bisect/bisect_spec.h"
#include "rig/bisect/bisect_text.h"
#include "rig/experiment/prepare.h"
#include "rig/guest_output/metric.h"
#include "rig/host/artifact_cache.h"
#include "rig/host/capacity.h"
#include "rig/kernel/patch_series.h"
#include "rig/results/run_store.h"
#include "rig/spec/spec_parser.h"

#include <algorithm>
#include <chrono>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace rig {
namespace fs = std::filesystem;
namespace {

// Boots of the ends: the smallest number with which rig makes a replay (kReplayedFrom).
constexpr unsigned kVirtualMost = 4;
constexpr unsigned kVirtualStep = 2;
constexpr unsigned kWallBlocks = 4, kWallMost = 48;

std::string now() {
    return utc_text(std::chrono::system_clock::now());
}

// The history of the request. `folder`: that of the bisection.
struct OpenHistory {
    std::unique_ptr<SeriesHistory> series;
    std::unique_ptr<GitHistory> git;
    History& get() const { return series ? static_cast<History&>(*series) : *git; }
};

Result<OpenHistory> open_history(const BisectRequestRecord& request, const Spec& spec,
                                 const fs::path& folder, CommandRunner& runner) {
    OpenHistory out;
    if (!request.good.empty()) {
        RIG_TRY(git, GitHistory::open(request.repository, request.good, request.bad,
                                      folder / "repository.git", runner));
        out.git = std::move(git);
        return out;
    }
    RIG_TRY(patches, read_series({request.series}, spec.top));
    out.series = std::make_unique<SeriesHistory>(patches, request.series);
    return out;
}

// Describes the history, with both commits in full: if a branch moves, it is another history.
Status describe_history(const BisectCommandOptions& line, const Spec& spec,
                        BisectRequestRecord& request, CommandRunner& runner) {
    const bool git = !line.good.empty() || !line.bad.empty();
    if (line.series.empty() != git || line.good.empty() != line.bad.empty())
        return fail(FaultDomain::Spec,
                    "rig bisect: which history? Want --series DIR (a quilt series), "
                    "or --good REV and --bad REV (of a git repository)");
    if (!git) {
        request.series = line.series.lexically_normal().string();
        RIG_TRY(patches, read_series({request.series}, spec.top));
        if (patches.size() < 2)
            return fail(FaultDomain::Spec,
                        fmt::format("--series {}: {} patches, want at least two to choose from",
                                    request.series, patches.size()));
        for (const auto& patch : patches)
            request.patches.emplace_back(patch.file.filename().string(), sha256_hex(patch.text));
        return {};
    }
    auto repository = line.repository;
    if (const auto* source = std::get_if<GitSource>(&spec.kernel.source);
        source && repository.empty())
        repository = spec.top / source->repository;
    if (repository.empty())
        return fail(FaultDomain::Spec,
                    fmt::format("--good, --bad: of which repository? Want --repository DIR, or "
                                "kernel.source = {{ git = ... }} in {}",
                                spec.file.string()));
    std::error_code error;
    request.repository = fs::canonical(repository, error).string();
    if (error)
        return fail(FaultDomain::Spec,
                    fmt::format("--repository {}: {}", repository.string(), error.message()));
    // Opening the history checks both commits and names them.
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    RIG_TRY(opened, GitHistory::open(request.repository, line.good, line.bad,
                                     scratch.dir() / "repository.git", runner));
    request.good = opened->commit_of(opened->good().id);
    request.bad = opened->commit_of(opened->bad().id);
    return {};
}

std::vector<std::string> reproduce(const BisectCommandOptions& line, const Spec& spec) {
    std::vector<std::string> argv{own_command(), "bisect", own_argument(spec.file, spec.top),
                                  "--metric", line.metric};
    const auto add = [&argv](const char* option, const std::string& value) {
        if (!value.empty()) argv.insert(argv.end(), {option, value});
    };
    add("--series", line.series.string());
    add("--good", line.good);
    add("--bad", line.bad);
    add("--repository", line.repository.string());
    add("--base", line.base);
    add("--arm", line.arm);
    if (line.max_boots) add("--max-boots", std::to_string(*line.max_boots));
    if (line.confidence != BisectCommandOptions{}.confidence)
        add("--confidence", fmt::format("{}", line.confidence));
    if (line.min_effect != BisectCommandOptions{}.min_effect)
        add("--min-effect", fmt::format("{}", line.min_effect));
    if (line.no_spot_checks) argv.push_back("--no-spot-checks");
    const auto words = words_of(line.overrides);
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
}

Result<fs::path> make_folder(const fs::path& bisections, const std::string& experiment,
                             const std::string& metric) {
    std::error_code error;
    fs::create_directories(bisections, error);
    const auto name = fmt::format(
        "{:%Y%m%d-%H%M%S}-{}-{}",
        fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())),
        experiment, metric);
    for (unsigned n = 1; n < 1000; ++n) {
        const auto folder = bisections / (n == 1 ? name : fmt::format("{}-{}", name, n));
        if (fs::create_directory(folder, error)) return folder;
        if (error) break;
    }
    return fail(FaultDomain::Host, fmt::format("cannot make a folder in {}: {}",
                                               bisections.string(), error.message()));
}

// Describes what all figures depend on: the kernel of the good end, the guest's programs, QEMU, and
// the clock, which decides how steps are judged. If it differs, it is another bisection.
Status describe_ground(const Spec& spec, const Arm& arm, const std::string& base,
                       BisectRequestRecord& request, const Environment& environment,
                       std::stop_token stop) {
    std::optional<GitSource> source;
    if (!request.good.empty()) source = GitSource{request.repository, request.good, base};
    RIG_TRY(overrides,
            revision_overrides(spec, arm, {{"r00", {}, request.good}}, source, request.metric));
    RIG_TRY(ground, parse_spec(spec.text, spec.file, overrides));
    ground.guest = spec.guest;
    RIG_TRY(prepared, prepare(ground, ground.arms, environment));
    RIG_TRY(chosen, choose_machine(ground, prepared, environment, stop));
    request.clock = name(chosen.machine.clock);
    for (const auto& [of_arm, kernel] : prepared.kernels)
        request.good_image += kernel.image_sha256;
    RIG_TRY(qemu, environment.hypervisor.version(arch_named(ground.kernel.arch)));
    request.machine = fmt::format("{}; {}; {}; image {}", name(chosen.machine.accelerator), qemu,
                                  environment.hypervisor.libvirt_version(),
                                  prepared.image.parent_path().filename().string());
    if (chosen.machine.clock == GuestClock::Wall)
        request.machine += "; host boot " + host_boot_id();
    return {};
}

// For a verdict: states no confidence under the wall clock, where the verdict may be noise, and no
// share of the difference, which is always from 0 to 1.
Bisection without_claims(Bisection bisection, const BisectRequestRecord& request) {
    if (request.metric != kVerdictMetric) return bisection;
    bisection.explains.reset();
    if (request.clock == "wall") bisection.confidence = 0;
    return bisection;
}

} // namespace

Result<std::pair<BisectRecord, fs::path>>
run_bisection(const BisectCommandOptions& line, const ExperimentOptions& options,
              const Environment& environment, const std::function<void(const std::string&)>& say,
              std::stop_token stop) {
    RIG_TRY(spec, load_with_overrides(line.spec, line.overrides));
    const Arm* arm = &spec.arms.front();
    if (!line.arm.empty()) {
        RIG_TRY(named, arm_of(spec, line.arm));
        arm = named;
    }
    const auto infos = metric_infos(spec.metrics);
    const auto info = std::find_if(infos.begin(), infos.end(),
                                   [&](const MetricInfo& one) { return one.name == line.metric; });

    BisectRecord record;
    auto& request = record.request;
    request.spec_file = fs::proximate(spec.file, spec.top).string();
    request.spec_text = spec.text;
    request.overrides = spec.overrides;
    request.arm = arm->name;
    request.metric = line.metric;
    request.unit = unit_name(info == infos.end() ? Unit::Count : info->unit);
    request.vcpus = spec.guest.vcpus;
    request.seed = spec.guest.seed;
    RIG_CHECK(describe_history(line, spec, request, environment.runner));
    auto base = line.base;
    if (const auto* source = std::get_if<GitSource>(&spec.kernel.source); source && base.empty())
        base = source->base;
    RIG_CHECK(describe_ground(spec, *arm, base.empty() ? request.good : base, request, environment,
                              stop));
    // A verdict is 0 or 1 and has its own statistics.
    const bool wall = request.clock == "wall" && line.metric != kVerdictMetric;
    spec.guest.clock = request.clock == "wall" ? ClockChoice::Wall : ClockChoice::Virtual;
    request.options = {wall,
                       line.overrides.boots.value_or(wall ? kWallBlocks : kVirtualStep),
                       line.max_boots.value_or(wall ? kWallMost : kVirtualMost),
                       1 - line.confidence,
                       line.min_effect,
                       !line.no_spot_checks};
    request.options.max_boots = std::max(request.options.max_boots, request.options.boots);
    RIG_TRY(program, own_sha256());
    request.program = program;
    record.command = reproduce(line, spec);
    record.started = now();

    const auto bisections = options.results / "bisections";
    std::vector<BisectStep> known;
    auto folder = line.resume;
    if (folder.empty() && !line.fresh)
        folder = unfinished_bisection(bisections, request).value_or(fs::path());
    if (folder.empty()) {
        RIG_TRY(made, make_folder(bisections, spec.name, line.metric));
        folder = made;
    }
    RIG_TRY(held, lock_out_writers(folder)); // a bisection has one writer, too
    (void)held;
    std::error_code error;
    if (fs::exists(folder / "bisect.json", error)) {
        RIG_TRY(before, load_bisection(folder));
        if (!before.request.same(request))
            return fail(FaultDomain::Spec,
                        fmt::format("{}: that bisection asked something else (another experiment, "
                                    "history, option or rig), which this cannot go on with",
                                    folder.string()));
        // The log does not contain the failed expectations of the ends. So a bisection on the
        // verdict starts from the beginning.
        if (line.metric != kVerdictMetric) known = before.bisection.visits;
        record.bisection = before.bisection;
        record.started = before.started;
        if (say)
            say(fmt::format("going on with {}: {} revisions are known", folder.string(),
                            known.size()));
    }
    RIG_TRY(history, open_history(request, spec, folder, environment.runner));
    const BisectPlace place{
        spec,
        *arm,
        line.metric,
        fs::absolute(folder),
        history.series.get(),
        history.git.get(),
        request.repository,
        base,
        {{}, options.parallel, record.command, false, options.disk_budget, options.warn}};
    auto real = real_world(place, environment, stop);
    real.say = say;
    real.save = [&](const Bisection& so_far) -> Status {
        if (so_far.visits.size() <= known.size()) return {}; // already on disk
        record.bisection = so_far;
        return save_bisection(folder, record);
    };
    // Revisions are built from the current files. Building the good end again shows whether the
    // files have changed since the beginning.
    const auto build = real.build;
    const auto ground = build(history.get().good());
    if (!ground && ground.error().fault_domain == FaultDomain::Host)
        return tl::unexpected(ground.error());
    real.build = [&, build](const Revision& revision) -> Result<Built> {
        auto built = build(revision);
        const auto again = build(history.get().good());
        if (again && ground && again->image_sha256 != ground->image_sha256)
            return fail(FaultDomain::Host,
                        fmt::format("the good end is another kernel than at the beginning (image "
                                    "{:.12} in place of {:.12}): a patch, a "
                                    "fragment, a branch or a package was changed meanwhile",
                                    again->image_sha256, ground->image_sha256));
        return built;
    };
    RIG_CHECK(write_atomically(folder / "spec.toml", spec.text));
    if (known.empty()) {
        record.bisection.metric = line.metric;
        record.bisection.history = history.get().description();
        RIG_CHECK(save_bisection(folder, record));
    }
    if (const auto least =
            fewest_boots(request.options.alpha / planned_decisions(history.get().answers()) / 2);
        wall && request.options.max_boots < least)
        return fail(
            FaultDomain::Spec,
            fmt::format(
                "--max-boots {}: under the wall clock so few can decide nothing, want at least {}",
                request.options.max_boots, least));
    RIG_TRY(result, bisect(history.get(), line.metric, request.options, real, known, stop));
    record.bisection = without_claims(result, request);
    record.ended = now();
    if (history.git) {
        RIG_TRY(log, history.git->log());
        RIG_CHECK(write_atomically(folder / "git-bisect.log", log));
    }
    RIG_CHECK(save_bisection(folder, record));
    RIG_CHECK(write_atomically(folder / "bisect.txt",
                               bisect_text(record, fs::proximate(folder).string(), Colour::No)));
    return std::pair{record, folder};
}

Result<BisectRecord> replay_log(const fs::path& log, CommandRunner& runner) {
    RIG_TRY(record, load_bisection(log));
    auto again = record;
    if (!record.ended.empty() && record.bisection.refused.empty()) {
        const auto& request = record.request;
        Scratch scratch;
        RIG_CHECK(scratch.made());
        OpenHistory history;
        if (request.good.empty()) {
            std::vector<Patch> patches;
            for (const auto& [name, sha] : request.patches)
                patches.push_back({name, name, ""});
            history.series = std::make_unique<SeriesHistory>(patches, request.series);
        } else {
            RIG_TRY(git, GitHistory::open(request.repository, request.good, request.bad,
                                          scratch.dir() / "repository.git", runner));
            history.git = std::move(git);
        }
        BisectEnvironment nothing;
        nothing.build = [](const Revision& revision) -> Result<Built> {
            return fail(FaultDomain::Host, fmt::format("the log lacks {}", revision.name));
        };
        nothing.measure = [](const std::vector<Revision>&, unsigned, unsigned) -> Result<Measured> {
            return fail(FaultDomain::Host, "the log lacks a measurement");
        };
        nothing.save = [](const Bisection&) -> Status { return {}; };
        RIG_TRY(replayed, bisect(history.get(), request.metric, request.options, nothing,
                                 record.bisection.visits, {}));
        again.bisection = without_claims(replayed, request);
        const auto& said = record.bisection;
        if (replayed.first_bad == said.first_bad &&
            (replayed.checked_alone != said.checked_alone ||
             replayed.not_monotone != said.not_monotone || replayed.last_good != said.last_good))
            return fail(
                FaultDomain::Host,
                fmt::format("{}: the log leads to the same revision for other reasons than it says",
                            log.string()));
        if (replayed.first_bad != record.bisection.first_bad)
            return fail(
                FaultDomain::Host,
                fmt::format("{}: the log leads to {}, but says {}", log.string(),
                            replayed.first_bad.empty() ? "nothing" : replayed.first_bad[0].name,
                            record.bisection.first_bad.empty()
                                ? "nothing"
                                : record.bisection.first_bad[0].name));
    }
    return again;
}

} // namespace rig
