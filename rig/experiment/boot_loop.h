// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the planned boots of a run that are not on disk yet, here or by an engine, and decides what
// becomes of each: a sample, once more, or the end of the run (the blames of experiment.h).
#pragma once

#include "rig/base/error.h"
#include "rig/base/progress.h"
#include "rig/boot/guest_boot.h"
#include "rig/experiment/engine.h"
#include "rig/experiment/environment.h"
#include "rig/guest_output/sample.h"
#include "rig/kernel/kernel.h"
#include "rig/kernel/kernel_facts.h"
#include "rig/kernel/symbol_table.h"
#include "rig/plan/schedule.h"
#include "rig/results/run_store.h"
#include "rig/spec/spec.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace rig {

inline constexpr unsigned kHostRetries = 2;
inline constexpr std::uintmax_t kUsualBoot =
    1u << 20; // a boot leaves some 400 KiB behind, one with KASAN's splats a MiB

// An arm that is ready to boot. No plan: a function the experiment names is not in the image, which
// the proofs report.
struct ReadyArm {
    Kernel kernel;
    KernelFacts facts;
    std::optional<SymbolTable> symbols;
    std::string unplannable;
};

// The boots of a run, handed out in order to one or more workers. The first error that is not
// retried ends it.
class BootLoop {
 public:
    // `disk_budget`: bytes of the run's folder. Everything must outlive the loop.
    BootLoop(const Spec& spec, const GuestSetup& setup,
             const std::map<std::string, ReadyArm>& ready, RunWriter& writer, Progress& progress,
             std::uintmax_t disk_budget);

    Status run(const std::vector<std::vector<int>>& places,
               std::stop_token stop); // as many at once, each on its CPUs
    Status run(const Environment& environment, std::stop_token stop); // by its engine
    std::vector<Sample> samples() &&;
    std::size_t planned() const {
        return missing_.size();
    } // boots that are not on disk from before
    // Of the boots that were made twice, in the order of the schedule.
    std::vector<Replay> replays() const;

 private:
    void work(const std::vector<int>& cpus);
    Status boot(const PlannedBoot& planned, const std::vector<int>& cpus);
    // What becomes of an attempt, the first being 0, whose evidence is in `dir`. Under mutex_.
    Result<Engine::Disposition> settle(const PlannedBoot& planned, const std::filesystem::path& dir,
                                       Result<Sample> sample, unsigned attempt);
    Result<Engine::Disposition> on_result(const PlannedBoot& planned, BootResult made);
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

} // namespace rig
