// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/experiment/boot_loop.h"

#include "rig/base/files.h"
#include "rig/guest_output/boot_outcome.h"
#include "rig/plan/guest_plan.h"

#include <algorithm>
#include <condition_variable>
#include <fmt/format.h>
#include <thread>
#include <tuple>
#include <utility>

namespace rig {
namespace {

constexpr auto kAlive = std::chrono::seconds(5);

} // namespace

BootLoop::BootLoop(const Spec& spec, const GuestSetup& setup,
                   const std::map<std::string, ReadyArm>& ready, RunWriter& writer,
                   Progress& progress, std::uintmax_t disk_budget)
    : spec_(spec), setup_(setup), ready_(ready), writer_(writer), progress_(progress),
      disk_budget_(disk_budget),
      schedule_(make_schedule(spec, setup.machine.clock == GuestClock::Wall)),
      samples_(writer.found()) {
    for (const auto& planned : schedule_)
        if (planned.replay || !writer.has(planned.id)) missing_.push_back(&planned);
    disk_used_ = size_of(writer.dir());
}

Status BootLoop::room_for_one() const {
    if (disk_used_ + kUsualBoot > disk_budget_)
        return ended(
            BootOutcome::DiskFull,
            fmt::format("the run's folder holds {} MiB, its budget is {} (--disk-budget-mib)",
                        disk_used_ >> 20, disk_budget_ >> 20),
            writer_.dir());
    return {};
}

Status BootLoop::room_for_all() const {
    if (const auto needed = missing_.size() * kUsualBoot; disk_used_ + needed > disk_budget_)
        return ended(BootOutcome::DiskFull,
                     fmt::format("{} boots may leave {} MiB, {} MiB are there, and the run's "
                                 "budget is {} (--disk-budget-mib)",
                                 missing_.size(), needed >> 20, disk_used_ >> 20,
                                 disk_budget_ >> 20),
                     writer_.dir());
    return {};
}

tl::unexpected<Error> BootLoop::interrupted() const {
    return fail(FaultDomain::Host,
                fmt::format("interrupted after {} of {} boots; what is measured is kept, and the "
                            "same command resumes it{}",
                            schedule_.size() - missing_.size() + done_, schedule_.size(),
                            host_faults_ == 0
                                ? ""
                                : fmt::format("; {} attempts before that failed by the host's "
                                              "fault, the last: {}",
                                              host_faults_, last_host_fault_)));
}

Status BootLoop::boot(const PlannedBoot& planned, const std::vector<int>& cpus) {
    const auto& arm = ready_.at(planned.id.arm);
    const auto& named = *spec_.find_arm(planned.id.arm);
    RIG_TRY(plan, make_plan(spec_, named, *arm.symbols, planned.perturbation));
    const auto own = spec_.for_arm(named);
    GuestSetup setup{own, setup_.machine, setup_.image, setup_.hypervisor, false, cpus};
    setup.counting = arm.counting;
    setup.profiling = arm.profiling;
    std::filesystem::path dir;
    {
        const std::lock_guard lock(mutex_);
        RIG_CHECK(room_for_one());
        RIG_TRY(made, writer_.boot_dir(planned.id));
        dir = made;
        disk_used_ += kUsualBoot; // reservation, until the real size is known
    }
    auto reserved = kUsualBoot;
    for (unsigned attempt = 0;; ++attempt) {
        auto sample = measure_boot(setup, arm.kernel, plan, planned.id, dir, stop_.get_token());
        const auto size = size_of(dir);
        const std::lock_guard lock(mutex_);
        disk_used_ += size;
        disk_used_ -= std::exchange(reserved, size); // each attempt overwrites the previous one
        RIG_TRY(taken, settle(planned, dir, std::move(sample), attempt));
        if (taken == Engine::Disposition::Done) return {};
    }
}

Result<Engine::Disposition> BootLoop::settle(const PlannedBoot& planned,
                                             const std::filesystem::path& dir,
                                             Result<Sample> sample, unsigned attempt) {
    if (sample) {
        sample->host["retries"] = attempt;
        if (!planned.replay) RIG_CHECK(writer_.append(*sample));
        (planned.replay ? replayed_ : samples_).push_back(std::move(*sample));
        progress_.advance(++done_);
        return Engine::Disposition::Done;
    }
    // Do not retry a boot whose kernel splatted before the host fault or Ctrl-C: a clean retry
    // would hide the splat.
    if (auto& error = sample.error(); error.fault_domain == FaultDomain::Host &&
                                      !error.complaint.empty() &&
                                      spec_.find_arm(planned.id.arm)->splat.empty()) {
        error = after_complaint(error);
    }
    const bool again = sample.error().fault_domain == FaultDomain::Host && attempt < kHostRetries &&
                       !stop_.stop_requested();
    // Ignore a write error here: it must not replace the error that this record describes.
    std::ignore = write_atomically(dir / fmt::format("fault-{}.txt", attempt),
                                   fmt::format("{}: {}: {}\n", name(sample.error().fault_domain),
                                               sample.error().kind, sample.error().message));
    if (again) {
        ++host_faults_;
        last_host_fault_ = sample.error().message;
        progress_.say(fmt::format("boot {} of {}: host fault: {}; trying again ({} of {})",
                                  planned.id.index, planned.id.arm, last_host_fault_, attempt + 1,
                                  kHostRetries));
        return Engine::Disposition::Retry;
    }
    auto error = sample.error();
    error.arm = planned.id.arm;
    error.message =
        fmt::format("arm '{}', boot {}: {}", planned.id.arm, planned.id.index, error.message);
    return tl::unexpected(error);
}

Result<Engine::Disposition> BootLoop::on_result(const PlannedBoot& planned, BootResult made) {
    const std::lock_guard lock(mutex_);
    // A kernel fault is a result even if the disk budget is used up.
    if (made.sample || made.sample.error().fault_domain != FaultDomain::Kernel)
        RIG_CHECK(room_for_one());
    RIG_TRY(dir, writer_.boot_dir(planned.id)); // keeps the evidence of earlier attempts
    std::error_code error;
    if (!made.evidence.empty()) std::filesystem::rename(made.evidence, dir, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot move {} to {}: {}", made.evidence.string(), dir.string(),
                                error.message()));
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
            // A boot that was cancelled because another one failed is not the cause. A host fault
            // does not hide a kernel fault.
            if (!error_ || (error_->fault_domain == FaultDomain::Host &&
                            status.error().fault_domain != FaultDomain::Host))
                error_ = status.error();
            stop_.request_stop();
        }
    }
}

Status BootLoop::run(const std::vector<std::vector<int>>& places, std::stop_token stop) {
    RIG_CHECK(room_for_all());
    const std::stop_callback forward(stop, [this] { stop_.request_stop(); });
    {
        // Nothing else reports until the first boot has ended. Ends after the workers.
        const std::jthread alive([this](std::stop_token over) {
            std::mutex own;
            std::condition_variable_any wait;
            std::unique_lock lock(own);
            while (!wait.wait_for(lock, over, kAlive, [] { return false; }) &&
                   !over.stop_requested()) {
                const std::lock_guard guard(mutex_);
                progress_.advance(done_);
            }
        });
        std::vector<std::jthread> workers;
        for (const auto& cpus : places)
            workers.emplace_back([this, &cpus] { work(cpus); });
    }
    if (error_ && error_->fault_domain != FaultDomain::Host) return tl::unexpected(*error_);
    if (stop.stop_requested()) return interrupted();
    if (error_) return tl::unexpected(*error_);
    return {};
}

Status BootLoop::run(const Environment& environment, std::stop_token stop) {
    RIG_CHECK(room_for_all());
    const std::stop_callback forward(stop, [this] { stop_.request_stop(); });
    auto status = environment.engine->boot(
        missing_, writer_.info(),
        [this](const PlannedBoot& planned, BootResult made) {
            return on_result(planned, std::move(made));
        },
        environment, stop);
    if (!status && status.error().fault_domain != FaultDomain::Host) return status;
    if (stop.stop_requested() && done_ < missing_.size()) return interrupted();
    return status;
}

std::vector<Sample> BootLoop::samples() && {
    std::sort(samples_.begin(), samples_.end(),
              [](const Sample& a, const Sample& b) { return a.id.order < b.id.order; });
    return std::move(samples_);
}

std::vector<Replay> BootLoop::replays() const {
    std::vector<Replay> out;
    for (const auto& planned : schedule_)
        for (const auto& again : replayed_)
            for (const auto& sample : samples_)
                if (planned.replay && planned.id.order == again.id.order &&
                    sample.id.arm == again.id.arm && sample.id.index == again.id.index)
                    out.push_back({again.id.arm, again.id.index, first_difference(sample, again)});
    return out;
}

} // namespace rig
