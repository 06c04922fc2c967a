// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the planned boots of a run that are not on disk yet, on this host or through an engine. For
// each attempt it decides whether the result is a sample, is retried, or ends the run (fault
// domains: experiment.h).
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
// What a boot usually leaves on disk, in bytes: about 400 KiB, or 1 MiB with KASAN splats.
inline constexpr std::uintmax_t kUsualBoot = 1u << 20;

// An arm that is ready to boot. `symbols` is empty if no plan is possible, because the image lacks
// a function that the experiment names. The validity checks then report `unplannable`.
struct ReadyArm {
    Kernel kernel;
    KernelFacts facts;
    std::optional<SymbolTable> symbols;
    std::string unplannable;
    std::optional<InstructionCounting> counting = {}; // of its boots
    std::optional<Profiling> profiling = {};          // if its boots are profiled
};

// Hands the boots of a run in order to one or more workers. The first error that is not retried
// ends the run.
class BootLoop {
 public:
    // `disk_budget`: limit of the run's folder in bytes. All references must outlive the loop.
    BootLoop(const Spec& spec, const GuestSetup& setup,
             const std::map<std::string, ReadyArm>& ready, RunWriter& writer, Progress& progress,
             std::uintmax_t disk_budget);

    Status run(const std::vector<std::vector<int>>& places,
               std::stop_token stop); // one worker per entry, on these host CPUs
    Status run(const Environment& environment, std::stop_token stop); // through environment.engine
    std::vector<Sample> samples() &&;
    // Boots to make: those that are not on disk from an earlier attempt at the run, and replays.
    std::size_t planned() const { return missing_.size(); }
    // Results of the boots that were made twice, in the order of the schedule.
    std::vector<Replay> replays() const;

 private:
    void work(const std::vector<int>& cpus);
    Status boot(const PlannedBoot& planned, const std::vector<int>& cpus);
    // Takes the result of attempt number `attempt` (from 0), whose evidence is in `dir`. The caller
    // holds mutex_.
    Result<Engine::Disposition> settle(const PlannedBoot& planned, const std::filesystem::path& dir,
                                       Result<Sample> sample, unsigned attempt);
    Result<Engine::Disposition> on_result(const PlannedBoot& planned, BootResult made);
    Status room_for_one() const; // disk budget for one more boot; the caller holds mutex_
    Status room_for_all() const;
    tl::unexpected<Error> interrupted() const;

    const Spec& spec_;
    const GuestSetup& setup_;
    const std::map<std::string, ReadyArm>& ready_;
    RunWriter& writer_;
    Progress& progress_;
    const std::uintmax_t disk_budget_;
    // Bytes in the run's folder. A boot in progress counts with its reservation.
    std::uintmax_t disk_used_ = 0;
    const std::vector<PlannedBoot> schedule_;
    std::stop_source stop_;
    std::mutex mutex_; // guards next_, done_, host_faults_, error_, writer_, samples_, disk_used_
    std::size_t next_ = 0, done_ = 0;
    unsigned host_faults_ = 0;    // attempts that are made again
    std::string last_host_fault_; // of them
    std::optional<Error> error_;
    std::vector<Sample> samples_, replayed_;
    std::vector<const PlannedBoot*> missing_; // points into schedule_
    std::map<unsigned, unsigned> attempts_;   // engine only: attempts so far, by order
};

} // namespace rig
