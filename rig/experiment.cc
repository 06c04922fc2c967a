#include "rig/experiment.h"

#include "rig/base/version.h"
#include "rig/boot_end.h"
#include "rig/engine.h"
#include "rig/files.h"
#include "rig/image.h"
#include "rig/host/host_speed.h"
#include "rig/index_folder.h"
#include "rig/kvm_probe.h"
#include "rig/report/json.h"
#include "rig/report/text.h"
#include "rig/report_page.h"
#include "rig/schedule.h"
#include "rig/store.h"
#include "rig/utc.h"

#include <atomic>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <thread>
#include <tuple>

namespace rig {
namespace {

std::string utc_now() { return utc_text(std::chrono::system_clock::now()); }

// An arm that is ready to boot. No plan: a function the experiment names is not in the image, which the proofs report.
struct ReadyArm {
    Kernel kernel;
    KernelFacts facts;
    std::optional<SymbolTable> symbols;
    std::string unplannable;
};

Result<std::map<std::string, ReadyArm>> ready_arms(const Spec& spec, const Prepared& prepared) {
    std::map<std::string, ReadyArm> ready;
    const auto baseline = slurp(prepared.kernels.at(spec.arms.front().name).config);
    for (const auto& arm : spec.arms) {
        const Kernel& kernel = prepared.kernels.at(arm.name);
        const auto map_text = slurp(kernel.system_map);
        RIG_TRY(symbols, SymbolTable::parse(map_text, kernel.system_map.string()));
        const auto config = slurp(kernel.config);
        ReadyArm one{kernel, kernel_facts(spec, config, map_text, kernel.version, kernel.image_sha256), symbols, {}};
        if (one.facts.config_known && !baseline.empty()) one.facts.config_differs = differing_options(baseline, config);
        if (auto plan = make_plan(spec, arm, symbols, {}); !plan) one.unplannable = plan.error().message;
        ready.emplace(arm.name, std::move(one));
    }
    return ready;
}

Result<RunInfo> describe_run(const Spec& spec, const Prepared& prepared, const std::map<std::string, ReadyArm>& ready,
                             const ChosenMachine& chosen, const World& world, const ExperimentOptions& options) {
    RunInfo info;
    info.spec_file = std::filesystem::proximate(spec.file, spec.top).string();
    info.spec_text = spec.text;
    info.overrides = spec.overrides;
    info.clock = name(chosen.machine.clock);
    info.clock_why = chosen.why;
    info.accelerator = name(chosen.machine.accelerator);
    info.image = prepared.image.parent_path().filename().string();
    info.boots = spec.guest.boots;
    info.vcpus = spec.guest.vcpus;
    info.seed = spec.guest.seed;
    info.seed_varies = kPerturbationText;
    info.rig_version = rig_version();
    RIG_TRY(program, own_sha256());
    info.program = program;
    if (chosen.machine.clock == GuestClock::Wall) info.host_boot = host_boot_id();
    info.perf_version = prepared.perf_version;
    RIG_TRY(qemu, world.hypervisor.version(arch_named(spec.kernel.arch)));
    info.qemu_version = qemu;
    info.libvirt_version = world.hypervisor.libvirt_version();
    info.command = options.command;
    info.started = utc_now();
    for (const auto& arm : spec.arms) {
        const auto& one = ready.at(arm.name);
        info.kernels.push_back({arm.name, one.kernel.key, one.kernel.compiler,
                                one.kernel.config.empty() ? std::string() : "kernels/" + arm.name + ".config", one.kernel.patches, one.kernel.patch_sha256, one.facts});
    }
    return info;
}

Result<RunWriter> open_run(const Spec& spec, const RunInfo& info, const ExperimentOptions& options) {
    if (!options.fresh) {
        RIG_TRY(found, RunWriter::resume_like(options.results, spec.name, info));
        if (found) return std::move(*found);
    }
    return RunWriter::create(options.results, spec.name, info, std::chrono::system_clock::now());
}

// The boots of a run, handed out in order to one or more workers. The first error that is not retried ends it.
class BootLoop {
 public:
    BootLoop(const Spec& spec, const GuestSetup& setup, const std::map<std::string, ReadyArm>& ready, RunWriter& writer, Progress& progress, std::uintmax_t disk_budget)
        : spec_(spec), setup_(setup), ready_(ready), writer_(writer), progress_(progress), disk_budget_(disk_budget), schedule_(make_schedule(spec, setup.machine.clock == GuestClock::Wall)), samples_(writer.found()) {
        for (const auto& planned : schedule_)
            if (planned.replay || !writer.has(planned.id)) missing_.push_back(&planned);
        disk_used_ = size_of(writer.dir());
    }

    Status run(const std::vector<std::vector<int>>& places, std::stop_token stop); // as many at once, each on its CPUs
    Status run(const World& world, std::stop_token stop); // by its engine
    std::vector<Sample> samples() &&;
    std::size_t planned() const { return missing_.size(); } // boots that are not on disk from before
    // Of the boots that were made twice, in the order of the schedule.
    std::vector<Replay> replays() const;

 private:
    void work(const std::vector<int>& cpus);
    Status boot(const PlannedBoot& planned, const std::vector<int>& cpus);
    // What becomes of an attempt, the first being 0, whose evidence is in `dir`. Under mutex_.
    Result<Engine::Taken> settle(const PlannedBoot& planned, const std::filesystem::path& dir, Result<Sample> sample, unsigned attempt);
    Result<Engine::Taken> take(const PlannedBoot& planned, MadeBoot made);
    Status room_for_one() const; // in the budget. Under mutex_
    Status room_for_all() const;
    tl::unexpected<Error> interrupted() const;

    const Spec& spec_;
    const GuestSetup& setup_;
    const std::map<std::string, ReadyArm>& ready_;
    RunWriter& writer_;
    Progress& progress_;
    const std::uintmax_t disk_budget_;
    std::uintmax_t disk_used_ = 0; // of the run's folder, without the boots that are on their way
    const std::vector<PlannedBoot> schedule_;
    std::stop_source stop_;
    std::mutex mutex_; // next_, done_, error_, writer_, samples_, disk_used_
    std::size_t next_ = 0, done_ = 0;
    std::optional<Error> error_;
    std::vector<Sample> samples_, replayed_;
    std::vector<const PlannedBoot*> missing_; // of schedule_
    std::map<unsigned, unsigned> attempts_;   // of an engine's boots, by order
};

Status BootLoop::room_for_one() const {
    if (disk_used_ + kUsualBoot > disk_budget_)
        return ended(Ending::DiskFull, fmt::format("the run's folder holds {} MiB, its budget is {} (--disk-budget-mib)", disk_used_ >> 20, disk_budget_ >> 20), writer_.dir());
    return {};
}

Status BootLoop::room_for_all() const {
    if (const auto needed = missing_.size() * kUsualBoot; disk_used_ + needed > disk_budget_)
        return ended(Ending::DiskFull, fmt::format("{} boots may leave {} MiB, {} MiB are there, and the run's budget is {} (--disk-budget-mib)", missing_.size(), needed >> 20, disk_used_ >> 20, disk_budget_ >> 20),
                     writer_.dir());
    return {};
}

tl::unexpected<Error> BootLoop::interrupted() const {
    return fail(Blame::Host, fmt::format("interrupted after {} of {} boots; what is measured is kept, and the same command goes on from there", schedule_.size() - missing_.size() + done_,
                                         schedule_.size()));
}

Status BootLoop::boot(const PlannedBoot& planned, const std::vector<int>& cpus) {
    const auto& arm = ready_.at(planned.id.arm);
    const auto& named = *spec_.find_arm(planned.id.arm);
    RIG_TRY(plan, make_plan(spec_, named, *arm.symbols, planned.perturbation));
    const auto own = spec_.for_arm(named);
    const GuestSetup setup{own, setup_.machine, setup_.image, setup_.hypervisor, false, cpus};
    std::filesystem::path dir;
    {
        const std::lock_guard lock(mutex_);
        RIG_CHECK(room_for_one());
        RIG_TRY(made, writer_.boot_dir(planned.id));
        dir = made;
        disk_used_ += kUsualBoot; // until it is known
    }
    auto reserved = kUsualBoot;
    for (unsigned attempt = 0;; ++attempt) {
        auto sample = measure_boot(setup, arm.kernel, plan, planned.id, dir, stop_.get_token());
        const auto size = size_of(dir);
        const std::lock_guard lock(mutex_);
        disk_used_ += size;
        disk_used_ -= std::exchange(reserved, size); // what an attempt before left is overwritten
        RIG_TRY(taken, settle(planned, dir, std::move(sample), attempt));
        if (taken == Engine::Taken::Done) return {};
    }
}

Result<Engine::Taken> BootLoop::settle(const PlannedBoot& planned, const std::filesystem::path& dir, Result<Sample> sample, unsigned attempt) {
    if (sample) {
        sample->host["retries"] = attempt;
        if (!planned.replay) RIG_CHECK(writer_.append(*sample));
        (planned.replay ? replayed_ : samples_).push_back(std::move(*sample));
        progress_.advance(++done_);
        return Engine::Taken::Done;
    }
    // Made again, a boot whose kernel complained before the host failed (or the user lost patience) might come out clean.
    if (auto& error = sample.error(); error.blame == Blame::Host && !error.complaint.empty() && spec_.find_arm(planned.id.arm)->splat.empty()) {
        error = after_complaint(error);
    }
    const bool again = sample.error().blame == Blame::Host && attempt < kHostRetries && !stop_.stop_requested();
    // That a record cannot be written must not take the place of what it would say.
    std::ignore = write_atomically(dir / fmt::format("fault-{}.txt", attempt), fmt::format("{}: {}: {}\n", name(sample.error().blame), sample.error().kind, sample.error().message));
    if (again) return Engine::Taken::Again;
    auto error = sample.error();
    error.arm = planned.id.arm;
    error.message = fmt::format("arm '{}', boot {}: {}", planned.id.arm, planned.id.index, error.message);
    return tl::unexpected(error);
}

Result<Engine::Taken> BootLoop::take(const PlannedBoot& planned, MadeBoot made) {
    const std::lock_guard lock(mutex_);
    // What the kernel did is an answer whatever room there is.
    if (made.sample || made.sample.error().blame != Blame::Kernel) RIG_CHECK(room_for_one());
    RIG_TRY(dir, writer_.boot_dir(planned.id)); // what an attempt before left is kept beside it
    std::error_code error;
    if (!made.evidence.empty()) std::filesystem::rename(made.evidence, dir, error);
    if (error) return fail(Blame::Host, fmt::format("cannot move {} to {}: {}", made.evidence.string(), dir.string(), error.message()));
    disk_used_ += size_of(dir);
    if (!made.sample) made.sample.error().log = dir;
    return settle(planned, dir, std::move(made.sample), attempts_[planned.id.order]++);
}

void BootLoop::work(const std::vector<int>& cpus) {
    for (;;) {
        const PlannedBoot* planned = nullptr;
        {
            const std::lock_guard lock(mutex_);
            if (error_ || stop_.stop_requested() || next_ == missing_.size()) return;
            planned = missing_[next_++];
            progress_.note(fmt::format("{} seed {}", planned->id.arm, planned->id.index));
        }
        if (auto status = boot(*planned, cpus); !status) {
            const std::lock_guard lock(mutex_);
            // Boots cancelled because another one failed are not the cause, and a fault of the host does not hide the kernel's.
            if (!error_ || (error_->blame == Blame::Host && status.error().blame != Blame::Host)) error_ = status.error();
            stop_.request_stop();
        }
    }
}

Status BootLoop::run(const std::vector<std::vector<int>>& places, std::stop_token stop) {
    RIG_CHECK(room_for_all());
    const std::stop_callback forward(stop, [this] { stop_.request_stop(); });
    {
        std::vector<std::jthread> workers;
        for (const auto& cpus : places) workers.emplace_back([this, &cpus] { work(cpus); });
    }
    if (error_ && error_->blame != Blame::Host) return tl::unexpected(*error_);
    if (stop.stop_requested()) return interrupted();
    if (error_) return tl::unexpected(*error_);
    return {};
}

Status BootLoop::run(const World& world, std::stop_token stop) {
    RIG_CHECK(room_for_all());
    const std::stop_callback forward(stop, [this] { stop_.request_stop(); });
    auto status = world.engine->boot(missing_, writer_.info(), [this](const PlannedBoot& planned, MadeBoot made) { return take(planned, std::move(made)); }, world, stop);
    if (!status && status.error().blame != Blame::Host) return status;
    if (stop.stop_requested() && done_ < missing_.size()) return interrupted();
    return status;
}

std::vector<Sample> BootLoop::samples() && {
    std::sort(samples_.begin(), samples_.end(), [](const Sample& a, const Sample& b) { return a.id.order < b.id.order; });
    return std::move(samples_);
}

std::vector<Replay> BootLoop::replays() const {
    std::vector<Replay> out;
    for (const auto& planned : schedule_)
        for (const auto& again : replayed_)
            for (const auto& sample : samples_)
                if (planned.replay && planned.id.order == again.id.order && sample.id.arm == again.id.arm && sample.id.index == again.id.index)
                    out.push_back({again.id.arm, again.id.index, first_difference(sample, again)});
    return out;
}

} // namespace

Result<Prepared> prepare(const Spec& spec, const std::vector<Arm>& arms, const World& world) {
    Prepared prepared;
    const BuildContext context{world.cache, world.runner, world.progress, 0};
    for (const auto& arm : arms) {
        RIG_TRY(kernel, build_kernel(spec, arm, context));
        prepared.kernels.emplace(arm.name, kernel);
    }
    RIG_TRY(perf, build_perf(spec, context));
    const auto& arch = arch_named(spec.kernel.arch);
    RIG_TRY(agent, find_agent(arch));
    RIG_TRY(busybox, find_busybox(context, arch));
    RIG_TRY(programs, with_libraries(spec.image_files, world.runner));
    RIG_TRY(image, build_image({agent, perf, busybox, programs}, world.cache));
    prepared.image = image;
    prepared.perf = perf;
    RIG_TRY(said, perf_version(arch, perf, world.runner));
    prepared.perf_version = said;
    return prepared;
}

namespace {

Result<ChosenMachine> clock_and_accelerator(const Spec& spec, const Prepared& prepared, const World& world, std::stop_token stop) {
    if (spec.guest.clock == ClockChoice::Virtual) return ChosenMachine{{GuestClock::Virtual, Accelerator::Tcg, 1}, "as the experiment asks"};
    if (world.engine) return world.engine->automatic();
    RIG_TRY(elsewhere, world.hypervisor.other_host());
    if (elsewhere && spec.guest.clock == ClockChoice::Wall)
        return fail(Blame::Spec, fmt::format("guest.clock = \"wall\" (or --clock wall), but --connect {} is another host, whose CPUs rig can neither keep for its guests nor look at; want "
                                             "\"virtual\" or \"auto\", or a URI of this host such as qemu:///system",
                                             elsewhere->uri));
    if (elsewhere) return ChosenMachine{{GuestClock::Virtual, Accelerator::Tcg, 1}, "auto; the guests run on another host, where only virtual time is measured: " + elsewhere->uri};
    if (const auto& arch = arch_named(spec.kernel.arch); !arch.cross.empty()) {
        const auto why = fmt::format("no KVM: this host is no {} machine", arch.name);
        if (spec.guest.clock == ClockChoice::Wall) return ChosenMachine{{GuestClock::Wall, Accelerator::Tcg, 1}, "as the experiment asks; " + why};
        return ChosenMachine{{GuestClock::Virtual, Accelerator::Tcg, 1}, "auto; " + why};
    }
    const GuestSetup setup{spec, {GuestClock::Wall, Accelerator::Kvm, 1}, prepared.image, world.hypervisor};
    world.progress.start("probing KVM");
    auto probe = probe_kvm(setup, prepared.kernels.begin()->second, world.cache.root(), stop);
    world.progress.finish();
    if (!probe) return tl::unexpected(probe.error());
    if (probe->works) return ChosenMachine{{GuestClock::Wall, Accelerator::Kvm, 1}, "KVM boots this kernel"};
    if (spec.guest.clock == ClockChoice::Wall) return ChosenMachine{{GuestClock::Wall, Accelerator::Tcg, 1}, "as the experiment asks; no KVM: " + probe->why};
    return ChosenMachine{{GuestClock::Virtual, Accelerator::Tcg, 1}, "auto; no KVM: " + probe->why};
}

} // namespace

Result<BootPlaces> place_boots(const BootNeed& need, unsigned parallel, const World& world, std::stop_token stop) {
    RIG_TRY(elsewhere, world.hypervisor.other_host());
    auto host = world.host;
    if (elsewhere) {
        host.claims.clear(); // there is no wall clock there that could be disturbed
        host.capacity = [&elsewhere] { return HostCapacity{elsewhere->cpus, {}, elsewhere->memory, "what " + elsewhere->uri + " says"}; };
    }
    return take_places(need, parallel, host, world.progress, stop);
}

Result<ChosenMachine> choose_machine(const Spec& spec, const Prepared& prepared, const World& world, std::stop_token stop) {
    RIG_TRY(chosen, clock_and_accelerator(spec, prepared, world, stop));
    chosen.machine.slowness = host_slowness();
    return chosen;
}

namespace {

// `dir` becomes the run's folder once there is one, however it ends.
Result<ExperimentResult> measure_experiment(const Spec& spec, const World& world, const ExperimentOptions& options, std::stop_token stop, std::filesystem::path& dir) {
    RIG_TRY(prepared, world.engine ? world.engine->prepare(spec, world, stop) : prepare(spec, spec.arms, world));
    RIG_TRY(chosen, choose_machine(spec, prepared, world, stop));
    RIG_TRY(ready, ready_arms(spec, prepared));
    RIG_TRY(info, describe_run(spec, prepared, ready, chosen, world, options));
    BootPlaces places;
    if (!world.engine) { // else each boot takes its own, where it is made
        RIG_TRY(taken, place_boots({chosen.machine.clock, spec.guest.vcpus, spec.guest.memory_mib}, options.parallel, world, stop));
        places = std::move(taken);
    }
    info.packing = places.facts;
    if (chosen.machine.clock == GuestClock::Wall) { // where it may show
        if (options.parallel) info.command.insert(info.command.end(), {"--parallel", std::to_string(options.parallel)});
        if (places.facts.shared) info.command.push_back("--share-cpus");
    }
    RIG_TRY(writer, open_run(spec, info, options));
    dir = writer.dir();
    for (const auto& [arm, one] : ready) {
        std::error_code ignored;
        std::filesystem::create_directories(writer.dir() / "kernels", ignored);
        if (!one.kernel.config.empty()) RIG_CHECK(write_atomically(writer.dir() / "kernels" / (arm + ".config"), slurp(one.kernel.config)));
    }

    std::vector<std::string> warnings;
    std::vector<Sample> samples;
    std::vector<Replay> replays;
    bool bootable = true;
    for (const auto& [arm, one] : ready)
        if (!one.unplannable.empty()) {
            bootable = false;
            warnings.push_back(one.unplannable + "; nothing was booted");
        }
    if (bootable) {
        const GuestSetup setup{spec, chosen.machine, prepared.image, world.hypervisor};
        BootLoop loop(spec, setup, ready, writer, world.progress, options.disk_budget);
        world.progress.start(writer.found().empty() ? "booting" : fmt::format("booting what {} lacks", writer.info().run_id), loop.planned());
        auto status = world.engine ? loop.run(world, stop) : loop.run(places.boots, stop);
        if (!status) {
            world.progress.interrupt();
            auto error = status.error();
            if (error.blame != Blame::Host) {
                auto over = writer.info();
                over.ended = utc_now();
                over.failure = fmt::format("{}{}: {}", name(error.blame), error.kind.empty() ? "" : ": " + error.kind, error.message);
                std::ignore = writer.save(over);
            }
            if (error.log.empty()) error.log = writer.dir();
            return tl::unexpected(error);
        }
        world.progress.finish();
        replays = loop.replays();
        samples = std::move(loop).samples();
    }
    auto ended = writer.info();
    ended.replays = replays;
    ended.ended = utc_now();
    RIG_CHECK(writer.save(ended));
    ExperimentResult result{assemble(spec, ended, samples, warnings, std::filesystem::proximate(writer.dir()).string()), writer.dir()};
    RIG_CHECK(writer.save_report(render_text(result.report), render_json(result.report).dump(2) + "\n"));
    if (const auto* assets = web_assets()) RIG_CHECK(write_report_page(writer.dir() / "report.html", writer.dir(), result.report, samples, assets));
    return result;
}

} // namespace

Result<ExperimentResult> run_experiment(const Spec& spec, const World& world, const ExperimentOptions& options, std::stop_token stop) {
    std::filesystem::path dir;
    auto result = measure_experiment(spec, world, options, stop, dir);
    if (dir.empty()) return result;
    // Its lock is free by now, so that an interrupted run is not indexed as one that goes on. The index is derived: without it nothing is lost.
    if (const auto indexed = index_run(dir); !indexed && options.warn) options.warn(fmt::format("{} is not in the index (rig index adds it): {}", dir.string(), indexed.error().message));
    return result;
}

} // namespace rig
