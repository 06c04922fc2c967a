// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/slurm/slurm_engine.h"

#include "rig/base/file_lock.h"
#include "rig/base/files.h"
#include "rig/base/guest_clock.h"
#include "rig/base/version.h"
#include "rig/boot/guest_boot.h"
#include "rig/experiment/boot_loop.h"
#include "rig/experiment/experiment.h"
#include "rig/guest_output/boot_outcome.h"
#include "rig/guest_output/console_triage.h"
#include "rig/guest_output/kernel_words.h"
#include "rig/host/cpu_speed.h"
#include "rig/results/run_store.h"
#include "rig/run_index/run_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace rig {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kPoll = SlurmClient::kPoll; // pause between two looks into the spool
// Longest pause between two queries of the queue. It grows with the number of boots.
constexpr auto kLongestLook = 15s;
// How long a file of another host may stay invisible: NFS caches folder contents for some seconds.
constexpr auto kVisible = 10s;
constexpr unsigned kMarginMinutes = 5;

// The first splat on the console of an attempt that left no result, or "". A stall does not count:
// the host may have caused it when it took the attempt away.
std::string complaint_in(const fs::path& attempt) {
    ConsoleTriage console;
    triage_log(attempt / "console.log", console);
    for (const auto& splat : console.splats())
        if (!is_notice(splat.kind) && !is_stall(splat.kind))
            return fmt::format("{} ({})", in_words(splat), kCannotTell);
    return {};
}

std::string last_line(const fs::path& file) {
    auto text = slurp(file);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    return text.substr(text.find_last_of("\r\n") + 1).substr(0, 300);
}

} // namespace

ChosenMachine SlurmEngine::automatic() const {
    return {{GuestClock::Virtual, Accelerator::Tcg, 1},
            "auto; Slurm spreads boots over hosts, and two hosts' wall clocks do not compare"};
}

void SlurmEngine::cancel_all() {
    if (!client_.cancel_all() && options_.warn)
        options_.warn(fmt::format("not all jobs ended; this ends them: scancel --me --name={}",
                                  client_.name()));
}

void SlurmEngine::leave() {
    if (client_.name().empty()) return;
    cancel_all();
    std::error_code ignored;
    if (!keep_spool_) fs::remove_all(spool_.dir, ignored);
    fs::remove(spool_.dir.parent_path(), ignored); // removed only if no other spool is left
    lock_ = FileLock();
    client_.set_name({});
    places_.clear();
    to_submit_.clear();
    gone_since_.clear();
}

Status SlurmEngine::open_spool(const SlurmPlan& plan) {
    RIG_TRY(most, client_.max_array_size());
    max_tasks_ = most;
    spool_ = {options_.results / ".slurm" / plan.id()};
    std::error_code error;
    for (const auto& dir : {spool_.dir / "lists", spool_.making(), spool_.done(), spool_.log()}) {
        fs::create_directories(dir, error);
        if (error)
            return fail(FaultDomain::Host,
                        fmt::format("cannot make {}: {}", dir.string(), error.message()));
    }
    RIG_TRY(lock, lock_out_writers(spool_.dir));
    lock_ = std::move(lock);
    client_.set_name("rig-" + plan.id());
    keep_spool_ = false;
    lists_ = 0;
    cancel_all(); // jobs of an earlier rig that was killed
    if (options_.fresh)
        for (const auto order : done_boots(spool_))
            fs::remove_all(spool_.done(order), error);
    for (const auto& old : {spool_.prepared(), spool_.build_error()})
        fs::remove(old, error);
    RIG_CHECK(write_atomically(spool_.plan(), to_json(plan).dump(2) + "\n"));
    // sbatch copies a script, not a program. So the script runs its arguments.
    return write_atomically(spool_.dir / "task", "#!/bin/sh\nexec \"$@\"\n");
}

// Guesses which run will be resumed, since the kernels do not exist yet. A boot too many is
// dropped, a boot too few is submitted later.
std::vector<unsigned> SlurmEngine::likely_missing(const Spec& spec, const SlurmPlan& plan) const {
    std::set<std::pair<std::string, unsigned>> there;
    const auto runs = options_.fresh ? std::vector<fs::path>() : run_folders(options_.results);
    for (auto dir = runs.rbegin(); dir != runs.rend(); ++dir) {
        if (dir->filename().string().find(spec.name) == std::string::npos) continue;
        const auto run = load_run(*dir);
        if (!run || !run->info.ended.empty() || !is_of(plan, run->info)) continue;
        for (const auto& sample : run->samples)
            there.emplace(sample.id.arm, sample.id.index);
        break;
    }
    std::vector<unsigned> orders;
    for (const auto& planned : make_schedule(spec, false))
        if ((planned.replay || !there.contains({planned.id.arm, planned.id.index})) &&
            !fs::exists(spool_.done(planned.id.order)))
            orders.push_back(planned.id.order);
    return orders;
}

Status SlurmEngine::submit_boots(std::optional<unsigned> after) {
    while (!to_submit_.empty()) {
        const auto size = std::min<std::size_t>(to_submit_.size(), max_tasks_);
        const std::vector<unsigned> orders(to_submit_.begin(),
                                           to_submit_.begin() + static_cast<std::ptrdiff_t>(size));
        RIG_CHECK(write_atomically(spool_.list(lists_), list_text(orders)));
        auto job = of_boots_;
        job.tasks = static_cast<unsigned>(size);
        job.after = after;
        job.words.insert(job.words.end(), {spool_.dir.string(), "--list", std::to_string(lists_)});
        const auto id = client_.submit(job, options_.user);
        if (!id && size > 1 && over_a_limit(id.error().message)) {
            // The user's limit of jobs becomes known only through the refusal.
            max_tasks_ = static_cast<unsigned>(size) / 2;
            continue;
        }
        if (!id) {
            // The cluster accepts no more jobs for now (MaxJobCount, a limit of the user). It will
            // when some have ended.
            if (id.error().fault_domain == FaultDomain::Host && (after || !places_.empty()))
                return {};
            return tl::unexpected(id.error());
        }
        ++lists_;
        for (unsigned index = 0; index < size; ++index)
            places_[orders[index]] = {*id, index};
        to_submit_.erase(to_submit_.begin(),
                         to_submit_.begin() + static_cast<std::ptrdiff_t>(size));
    }
    return {};
}

// nullopt: the build task ended without a result.
Result<std::optional<Prepared>> SlurmEngine::build(const Spec& spec, const SlurmPlan& plan,
                                                   const Environment& environment,
                                                   std::stop_token stop) {
    const auto log = spool_.log() / "build";
    SlurmJob job{client_.name(),
                 spool_.dir / "task",
                 plan.top,
                 log,
                 options_.build_task,
                 0,
                 std::nullopt,
                 true,
                 1,
                 0,
                 0};
    job.words.push_back(spool_.dir.string());
    RIG_TRY(id, client_.submit(job, options_.user));
    const auto missing = likely_missing(spec, plan);
    to_submit_.assign(missing.begin(), missing.end());
    places_.clear();
    RIG_CHECK(submit_boots(id));
    environment.progress.start(fmt::format("building in Slurm's job {}", id));
    for (auto seen = client_.slept();;) { // `seen`: when the job was last in the queue
        RIG_TRY(queue, client_.look());
        if (fs::exists(spool_.prepared())) {
            RIG_TRY(there, load_slurm_prepared(spool_.prepared()));
            environment.progress.finish();
            return std::optional(there.prepared);
        }
        if (fs::exists(spool_.build_error())) {
            RIG_TRY(error, load_slurm_error(spool_.build_error()));
            if (error.fault_domain != FaultDomain::Host) return tl::unexpected(error);
            keep_spool_ = true; // keep the log
            return fail(FaultDomain::Host, fmt::format("Slurm's job {}: {}", id, error.message),
                        error.log.empty() ? log : error.log);
        }
        if (stop.stop_requested())
            return fail(FaultDomain::Host,
                        "interrupted while the kernels were being built; the same "
                        "command resumes it");
        if (queue) {
            const auto ours = std::find_if(queue->begin(), queue->end(),
                                           [&](const SlurmTask& task) { return task.job == id; });
            // COMPLETING: the job has ended, but the node still cleans up.
            if (ours != queue->end() && !ours->stuck() && ours->state != "COMPLETING") {
                seen = client_.slept();
                environment.progress.note(ours->state == "PENDING"
                                              ? queue_text({*ours})
                                              : fmt::format("{}: {}", ours->node, last_line(log)));
            } else if (client_.slept() - seen > kVisible) {
                return std::optional<Prepared>();
            }
        }
        client_.sleep(kPoll, stop);
    }
}

Result<Prepared> SlurmEngine::prepare(const Spec& spec, const Environment& environment,
                                      std::stop_token stop) {
    if (spec.guest.clock == ClockChoice::Wall)
        return fail(
            FaultDomain::Spec,
            fmt::format(
                "{}: guest.clock = \"wall\" with --engine slurm: boots that are compared would run "
                "on different hosts, "
                "whose wall clocks do not compare; accepted: \"virtual\" or "
                "\"auto\" (then virtual), or the wall clock without --engine slurm, on one host",
                spec.file.string()));
    leave(); // ends the previous experiment of a suite
    RIG_TRY(program, own_sha256());
    const auto plan = slurm_plan(spec, program);
    RIG_CHECK(open_spool(plan));
    const auto deadline =
        boot_deadline(spec, {GuestClock::Virtual, Accelerator::Tcg, host_slowdown_factor()});
    // The time limit allows for a node that is slower than this host.
    of_boots_ = {
        client_.name(),
        spool_.dir / "task",
        plan.top,
        spool_.log() / "%A_%a",
        options_.boot_task,
        0,
        std::nullopt,
        false,
        kCpusOfBoot,
        spec.guest.memory_mib + kMemoryOfQemu,
        static_cast<unsigned>(2 * std::chrono::ceil<std::chrono::minutes>(deadline).count()) +
            kMarginMinutes};
    for (unsigned attempt = 0;; ++attempt) {
        auto built = build(spec, plan, environment, stop);
        if (!built) {
            environment.progress.interrupt();
            leave();
            return tl::unexpected(built.error());
        }
        if (!*built && attempt < kHostRetries) {
            cancel_all(); // cancels the boots that wait for the build
            continue;
        }
        if (!*built) {
            environment.progress.interrupt();
            keep_spool_ = true;
            const auto log = spool_.log() / "build";
            leave();
            return fail(FaultDomain::Host,
                        fmt::format("the job that builds ended {} times without a result: {}",
                                    attempt + 1, last_line(log)),
                        log);
        }
        for (const auto& [arm, kernel] : (*built)->kernels)
            if (!fs::exists(kernel.boot_image) || !fs::exists((*built)->image)) {
                const auto missing =
                    fs::exists(kernel.boot_image) ? (*built)->image : kernel.boot_image;
                leave();
                return fail(FaultDomain::Host,
                            fmt::format("{} was built by a job and is not there on this host; the "
                                        "cache (--cache) has to be a folder "
                                        "that all nodes and this host share",
                                        missing.string()));
            }
        return std::move(**built);
    }
}

BootResult SlurmEngine::read_result(const PlannedBoot& planned, const RunInfo& run) const {
    const auto folder = spool_.done(planned.id.order);
    auto result = load_slurm_result(folder / kResultFile);
    if (!result) return {ended(BootOutcome::TaskLost, result.error().message, folder), folder};
    auto& by = result->maker;
    std::string wrong = disagreement(by, run, planned.id.arm);
    const auto& id = planned.id;
    if (wrong.empty() && result->sample)
        if (const auto& got = result->sample->id; got.arm != id.arm || got.index != id.index ||
                                                  got.seed != id.seed || got.order != id.order ||
                                                  result->order != id.order)
            wrong = fmt::format("node {} made boot {} of arm '{}' in the place of boot {} of '{}'",
                                by.node, got.index, got.arm, id.index, id.arm);
    if (!wrong.empty()) return {ended(BootOutcome::TaskLost, wrong, folder), folder};
    std::error_code ignored;
    fs::remove(folder / kResultFile, ignored);
    if (!result->sample)
        fs::copy_file(spool_.log() / by.job, folder / "slurm.out",
                      fs::copy_options::overwrite_existing, ignored);
    // Take over the evidence of attempts on nodes that were lost.
    if (by.restarts)
        for (const auto& entry : fs::directory_iterator(spool_.making(), ignored))
            if (const auto left = entry.path().filename().string();
                left.starts_with(fmt::format("{}-", id.order))) {
                const auto complaint = complaint_in(entry.path());
                fs::rename(entry.path(), folder / ("cut-short-" + left), ignored);
                // Slurm restarted the task, and the new attempt was clean. The splat of the lost
                // attempt still counts.
                if (result->sample && !complaint.empty()) {
                    auto lost = ended(
                        BootOutcome::TaskLost,
                        fmt::format(
                            "Slurm lost an attempt at this boot whose kernel had complained ({})",
                            left),
                        folder);
                    lost.value().complaint = complaint;
                    result->sample = std::move(lost);
                }
            }
    return {std::move(result->sample), folder};
}

// The result of a boot whose task is gone.
Result<BootResult> SlurmEngine::lost(unsigned order) {
    const auto place = places_.at(order);
    const auto task = fmt::format("{}_{}", place.job, place.index);
    RIG_TRY(end, client_.end_of(task));
    const auto log = spool_.log() / task;
    const auto said = last_line(log);
    if (end.state.starts_with("CANCELLED"))
        return fail(FaultDomain::Host,
                    fmt::format("Slurm's task {} was cancelled by somebody else ({}); what is "
                                "measured is kept, and the same command resumes it",
                                task, in_words(end)));
    // Keep the evidence of the lost attempt, however complete it is.
    std::error_code error;
    fs::path folder;
    for (const auto& entry : fs::directory_iterator(spool_.making(), error))
        if (entry.path().filename().string().starts_with(fmt::format("{}-", order)))
            folder = entry.path();
    if (folder.empty()) {
        folder = spool_.making() / fmt::format("{}-{}-lost", order, task);
        fs::create_directories(folder, error);
    }
    fs::copy_file(log, folder / "slurm.out", fs::copy_options::overwrite_existing, error);
    auto missing = ended(BootOutcome::TaskLost,
                         fmt::format("Slurm's task {} ended without a result: {}{}{}", task,
                                     in_words(end), said.empty() ? "" : "; its last words: ", said),
                         folder);
    missing.value().complaint = complaint_in(folder);
    return BootResult{std::move(missing), folder};
}

Status SlurmEngine::collect(std::map<unsigned, const PlannedBoot*>& open, const RunInfo& run,
                            const OnResult& on_result) {
    for (const auto order : done_boots(spool_)) {
        const auto found = open.find(order);
        // The boot was made twice and its first result taken, or the run had it before.
        if (found == open.end()) {
            std::error_code ignored;
            fs::remove_all(spool_.done(order), ignored);
            continue;
        }
        places_.erase(order);
        gone_since_.erase(order);
        RIG_TRY(taken, on_result(*found->second, read_result(*found->second, run)));
        if (taken == Disposition::Done)
            open.erase(found);
        else
            to_submit_.push_back(order);
    }
    return {};
}

Status SlurmEngine::boot(const std::vector<const PlannedBoot*>& boots, const RunInfo& run,
                         const OnResult& on_result, const Environment& environment,
                         std::stop_token stop) {
    std::map<unsigned, const PlannedBoot*> open;
    for (const auto* planned : boots)
        open.emplace(planned->id.order, planned);
    // Correct the guess of likely_missing(): drop boots that are on disk, and submit those that are
    // missing.
    std::erase_if(places_, [&](const auto& place) { return !open.contains(place.first); });
    std::erase_if(to_submit_, [&](unsigned order) { return !open.contains(order); });
    for (const auto& [order, planned] : open)
        if (!places_.contains(order) &&
            std::find(to_submit_.begin(), to_submit_.end(), order) == to_submit_.end() &&
            !fs::exists(spool_.done(order)))
            to_submit_.push_back(order);

    const auto once = [&](bool look_now) -> Status {
        // Query the queue first, then read the spool. A task that is no longer in the queue has
        // then already written its result.
        SlurmClient::Queue queue;
        if (look_now) {
            RIG_TRY(answer, client_.look());
            queue = std::move(answer);
        }
        RIG_CHECK(collect(open, run, on_result));
        if (!queue) return {};
        environment.progress.note(queue_text(*queue));
        std::set<Place> alive;
        for (const auto& task : *queue)
            if (task.index && !task.stuck()) alive.insert({task.job, *task.index});
        std::vector<unsigned> gone;
        for (const auto& [order, place] : places_) {
            if (alive.contains(place))
                gone_since_.erase(order);
            else if (client_.slept() - gone_since_.emplace(order, client_.slept()).first->second >
                     kVisible)
                gone.push_back(order);
        }
        for (const auto order : gone) {
            RIG_TRY(made, lost(order));
            places_.erase(order);
            gone_since_.erase(order);
            RIG_TRY(taken, on_result(*open.at(order), std::move(made)));
            if (taken == Disposition::Done)
                open.erase(order);
            else
                to_submit_.push_back(order);
        }
        return to_submit_.empty() ? Status() : submit_boots(std::nullopt);
    };

    Status status;
    auto next_look = client_.slept();
    while (status && !open.empty() && !stop.stop_requested()) {
        const bool look_now = client_.slept() >= next_look;
        if (look_now)
            next_look = client_.slept() + std::clamp<std::chrono::milliseconds>(
                                              open.size() * 10ms, kPoll, kLongestLook);
        status = once(look_now);
        if (status && !open.empty()) client_.sleep(kPoll, stop);
    }
    cancel_all();
    // Keep what finished in the meantime. A host fault must not hide a kernel fault.
    for (auto left = done_boots(spool_).size(); !open.empty();) {
        auto rest = collect(open, run, on_result);
        if (rest) break;
        if (status || (status.error().fault_domain == FaultDomain::Host &&
                       rest.error().fault_domain != FaultDomain::Host))
            status = tl::unexpected(rest.error());
        const auto before = std::exchange(left, done_boots(spool_).size());
        if (left == before) break; // no progress: the disk budget is used up
    }
    // The same command takes these boots when there is room.
    if (!open.empty() && !done_boots(spool_).empty()) keep_spool_ = true;
    leave();
    return status;
}

} // namespace rig
