// SPDX-License-Identifier: GPL-2.0-or-later
// Boots of a comparison as job arrays of Slurm, on as many hosts as it has. The rig that the user
// started stays: it submits one job that builds into the shared cache and, waiting for that, the
// boots; takes up what tasks leave in the spool (slurm_spool.h), shows the queue, and goes on into
// the verdict. It is the only writer of the run, and cancels its jobs however it ends, unless it is
// killed outright.
//
// Nothing is counted twice: a boot's result is taken once, by its place in the schedule; what comes
// later is dropped. Nothing is lost: Slurm makes a task again whose node it lost (--requeue); a
// task that is gone and left no result is submitted again by rig, as often as any fault of the host
// is tried again. A rig that was killed finds its spool again by the plan, cancels what it finds
// running and submits what is missing.
//
// Only the virtual clock: arms are paired, and two hosts' wall clocks do not compare.
#pragma once

#include "rig/base/file_lock.h"
#include "rig/experiment/engine.h"
#include "rig/experiment/environment.h"
#include "rig/slurm/slurm_client.h"
#include "rig/slurm/slurm_commands.h"
#include "rig/slurm/slurm_spool.h"

#include <chrono>
#include <deque>
#include <map>
#include <set>

namespace rig {

struct SlurmOptions {
    SlurmUser user;
    std::filesystem::path results;       // absolute, shared by all nodes
    std::vector<std::string> build_task; // what starts rig on a node, but for the spool and the
                                         // list: "/opt/rig --cache /shared build-task"
    std::vector<std::string> boot_task;
    bool fresh = false;
    std::function<void(const std::string&)> warn = {};
};

class SlurmEngine : public Engine {
 public:
    SlurmEngine(SlurmOptions options, SlurmClient client)
        : options_(std::move(options)), client_(std::move(client)) {}
    ~SlurmEngine() override { leave(); }
    SlurmEngine(const SlurmEngine&) = delete;
    SlurmEngine& operator=(const SlurmEngine&) = delete;

    Result<Prepared> prepare(const Spec& spec, const Environment& environment,
                             std::stop_token stop) override;
    ChosenMachine automatic() const override;
    Status boot(const std::vector<const PlannedBoot*>& boots, const RunInfo& run,
                const OnResult& on_result, const Environment& environment,
                std::stop_token stop) override;

 private:
    struct Place {
        unsigned job = 0, index = 0;
        auto operator<=>(const Place&) const = default;
    };

    Status open_spool(const SlurmPlan& plan);
    std::vector<unsigned> likely_missing(const Spec& spec, const SlurmPlan& plan) const;
    Result<std::optional<Prepared>> build(const Spec& spec, const SlurmPlan& plan,
                                          const Environment& environment, std::stop_token stop);
    Status submit_boots(std::optional<unsigned> after);
    void cancel_all();
    void leave(); // nothing of ours runs any more, and the spool is gone

    BootResult read_result(const PlannedBoot& planned, const RunInfo& run) const;
    Result<BootResult> lost(unsigned order);
    Status collect(std::map<unsigned, const PlannedBoot*>& open, const RunInfo& run,
                   const OnResult& on_result);

    SlurmOptions options_;
    SlurmClient client_;
    SlurmSpool spool_;
    FileLock lock_;
    SlurmJob of_boots_; // what arrays have in common
    unsigned max_tasks_ = 0, lists_ = 0;
    std::deque<unsigned> to_submit_;   // boots, by order
    std::map<unsigned, Place> places_; // of boots that were submitted and not taken since
    std::map<unsigned, std::chrono::milliseconds>
        gone_since_; // by order: the task is not in the queue
    bool keep_spool_ = false;
};

} // namespace rig
