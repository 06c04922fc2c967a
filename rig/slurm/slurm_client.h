// SPDX-License-Identifier: GPL-2.0-or-later
// Submits, watches and cancels one set of Slurm jobs with Slurm's own commands (slurm_commands.h).
// The client tolerates a controller that does not answer for a while, and counts the time that it
// waits.
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
    // Until the time is over or `stop`.
    static void wait(std::chrono::milliseconds duration, std::stop_token stop);

    using Queue = std::optional<std::vector<SlurmTask>>; // nullopt: the controller does not answer

    // Pause between two queries of a caller that waits.
    static constexpr std::chrono::seconds kPoll{1};

    // `runner` must outlive this. It must still run commands after the user pressed Ctrl-C, since
    // scancel is one of them.
    explicit SlurmClient(CommandRunner& runner, Pause pause = wait)
        : runner_(runner), pause_(std::move(pause)) {}

    // The name of all jobs, by which they are found and cancelled. Empty: there are no jobs.
    void set_name(std::string name) { name_ = std::move(name); }
    const std::string& name() const { return name_; }

    // MaxArraySize. FaultDomain::Host if Slurm does not answer.
    Result<unsigned> max_array_size();
    // Returns the job's id. FaultDomain::Spec if the command line is at fault (blame_of_refusal()),
    // else FaultDomain::Host.
    Result<unsigned> submit(const SlurmJob& job, const SlurmUser& user);
    // Returns the jobs that have not ended. FaultDomain::Host if the controller has not answered
    // for longer than a restart of it takes.
    Result<Queue> look();
    // Returns true when no job is left, or false if jobs may still exist after the time that they
    // were given to end.
    bool cancel_all();
    // How a task ("123_4") ended that is no longer in the queue.
    Result<SlurmEnd> end_of(const std::string& task);

    void sleep(std::chrono::milliseconds duration, std::stop_token stop);
    // Total time that this slept and that its commands ran.
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
