// SPDX-License-Identifier: GPL-2.0-or-later
// One set of jobs of a Slurm cluster, submitted, watched and cancelled by its own commands
// (slurm_commands.h). A client waits for a controller that is away for a while, and counts how long
// it waits.
#pragma once

#include "rig/base/error.h"
#include "rig/host/command_runner.h"
#include "rig/slurm/slurm_commands.h"

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rig {

class SlurmClient {
 public:
    using Pause = std::function<void(std::chrono::milliseconds, std::stop_token)>;
    static void wait(std::chrono::milliseconds duration, std::stop_token stop); // until one of them

    using Queue = std::optional<std::vector<SlurmTask>>; // nullopt: the controller does not answer

    static constexpr std::chrono::seconds kPoll{1}; // between two questions of whoever waits

    // `runner` must outlive this, and still run commands after the user's interruption: scancel is
    // one.
    explicit SlurmClient(CommandRunner& runner, Pause pause = wait)
        : runner_(runner), pause_(std::move(pause)) {}

    // Of all jobs: they are found and cancelled by it. Empty: there are none.
    void set_name(std::string name) { name_ = std::move(name); }
    const std::string& name() const { return name_; }

    // MaxArraySize. FaultDomain::Host if Slurm does not answer.
    Result<unsigned> max_array_size();
    // The job's id. FaultDomain::Spec where the command line is at fault (blame_of_refusal()), else
    // FaultDomain::Host.
    Result<unsigned> submit(const SlurmJob& job, const SlurmUser& user);
    // What has not ended. FaultDomain::Host if the controller has not answered for longer than one
    // that is started again is away.
    Result<Queue> look();
    // Returns when no job is left. False: some may be, for all the time that they were given to
    // end.
    bool cancel_all();
    // How a task that is not in the queue any more ended ("123_4").
    Result<SlurmEnd> end_of(const std::string& task);

    void sleep(std::chrono::milliseconds duration, std::stop_token stop);
    // How long this slept and its commands ran, in all.
    std::chrono::milliseconds slept() const { return slept_; }

 private:
    Result<CommandResult> say_to_slurm(std::vector<std::string> words,
                                       const std::function<void(std::string_view)>& on_line = {});

    CommandRunner& runner_;
    Pause pause_;
    std::string name_;
    std::chrono::milliseconds slept_{0}, last_answer_{0};
};

} // namespace rig
