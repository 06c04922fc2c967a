// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the boots of a comparison as Slurm job arrays, on as many hosts as the cluster has. The rig
// that the user started stays in the foreground. It submits one job that builds into the shared
// cache, and the boots, which wait for that job. It collects the results that tasks leave in the
// spool (slurm_spool.h), shows the queue, and continues to the verdict. It is the only writer of
// the run. It cancels its jobs however it ends, unless it is killed with SIGKILL.
//
// Nothing is counted twice: each boot's result is taken once, by its place in the schedule. A later
// result is dropped. Nothing is lost: Slurm restarts a task whose node it lost (--requeue), and rig
// submits a task again that is gone without a result, as often as it retries any host fault. A rig
// that was killed finds its spool again by the plan, cancels what still runs, and submits what is
// missing.
//
// Only the virtual clock is supported: arms are paired, and the wall clocks of two hosts cannot be
// compared.
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
    std::filesystem::path results; // absolute, shared by all nodes
    // Command line that starts rig on a node, without the spool and the list: "/opt/rig --cache
    // /shared build-task".
    std::vector<std::string> build_task;
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
    void leave(); // ends all jobs and removes the spool

    BootResult read_result(const PlannedBoot& planned, const RunInfo& run) const;
    Result<BootResult> lost(unsigned order);
    Status collect(std::map<unsigned, const PlannedBoot*>& open, const RunInfo& run,
                   const OnResult& on_result);

    SlurmOptions options_;
    SlurmClient client_;
    SlurmSpool spool_;
    FileLock lock_;
    SlurmJob of_boots_; // common to all arrays of boots
    unsigned max_tasks_ = 0, lists_ = 0;
    std::deque<unsigned> to_submit_;   // orders of boots
    std::map<unsigned, Place> places_; // boots that were submitted and not taken since
    // By order: since when the task is missing in the queue.
    std::map<unsigned, std::chrono::milliseconds> gone_since_;
    bool keep_spool_ = false;
};

} // namespace rig
