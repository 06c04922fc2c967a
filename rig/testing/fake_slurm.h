// SPDX-License-Identifier: GPL-2.0-or-later
// A fake Slurm that runs its tasks in this process: one at each pause of the engine, in the order
// of submission.
#pragma once

#include "rig/experiment/environment.h"
#include "rig/slurm/slurm_engine.h"
#include "rig/slurm/slurm_task.h"
#include "rig/testing/fake_command_runner.h"

#include <fmt/format.h>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rig::testing {

class FakeSlurm {
 public:
    // `environment`: that of the nodes. Its hypervisor makes the boots.
    explicit FakeSlurm(const Environment& environment) : environment_(environment) {
        runner.on({"scontrol", "config"}, [this](const Command&) {
            return exits(0, fmt::format("MaxArraySize            = {}\n", max_array));
        });
        runner.on({"sbatch"}, [this](const Command& command) { return submit(command); });
        runner.on({"squeue"}, [this](const Command& command) { return squeue(command); });
        runner.on({"scancel"}, [this](const Command& command) {
            ++cancelled;
            std::erase_if(tasks, [&](const auto& task) {
                return task.name == FakeCommandRunner::value(command, "--name");
            });
            return exits(0);
        });
        runner.on({"scontrol", "job"},
                  exits(1, "slurm_load_jobs error: Invalid job id specified\n"));
        runner.on({"sacct"}, [this](const Command&) { return exits(0, accounted); });
    }

    struct Task {
        unsigned job = 0;
        std::optional<unsigned> index, after;
        std::string name, spool;
        unsigned list = 0;
        bool build = false, completing = false;
    };
    // Called instead of running a task. Returns true if the task is gone.
    using Instead = std::function<bool(const Task&)>;

    SlurmClient::Pause pause() {
        return [this](std::chrono::milliseconds, std::stop_token) {
            ++pauses;
            if (on_pause) on_pause();
            run_one();
        };
    }
    void run_one() {
        for (auto task = tasks.begin(); task != tasks.end(); ++task) {
            if ((task->after && !ended_well.contains(*task->after)) || task->completing) continue;
            const auto one = *task;
            if (instead && instead(one)) {
                std::erase_if(tasks, [&](const Task& other) {
                    return other.job == one.job && other.index == one.index;
                });
                return;
            }
            if (run(one)) ended_well.insert(one.job);
            std::erase_if(tasks, [&](const Task& other) {
                return other.job == one.job && other.index == one.index;
            });
            return;
        }
    }
    bool run(const Task& task) {
        const TaskOptions line{task.spool, task.list, task.index};
        const auto result = task.build ? build_task_command(line, environment_, {})
                                       : boot_task_command(line, environment_, {});
        if (!result)
            errors.push_back(result.error().message);
        else
            ++ran;
        return result.has_value();
    }
    // The --array options of all submitted arrays.
    std::vector<std::string> arrays() const {
        std::vector<std::string> out;
        for (const auto& command : runner.ran)
            if (command.argv[0] == "sbatch" &&
                !FakeCommandRunner::value(command, "--array").empty())
                out.push_back(FakeCommandRunner::value(command, "--array"));
        return out;
    }

    FakeCommandRunner runner;
    unsigned max_array = 1001, pauses = 0, cancelled = 0, ran = 0;
    unsigned max_jobs = 1000000; // larger arrays are refused
    bool away = false;           // the controller does not answer
    std::string accounted;       // output of sacct
    Instead instead;
    std::function<void()> on_pause;
    std::list<Task> tasks; // tasks in the queue
    std::set<unsigned> ended_well;
    std::vector<std::string> errors;

 private:
    CommandResult submit(const Command& command) {
        const auto& words = command.argv;
        const auto array = FakeCommandRunner::value(command, "--array"),
                   after = FakeCommandRunner::value(command, "--dependency");
        const unsigned size =
            array.empty() ? 0 : static_cast<unsigned>(std::stoul(array.substr(2))) + 1;
        if (away)
            return exits(1, "sbatch: error: Batch job submission failed: Unable to contact slurm "
                            "controller (connect failure)\n");
        if (size > max_jobs)
            return exits(1, "sbatch: error: Batch job submission failed: Job violates "
                            "accounting/QOS policy (job submit limit, user's size and/or "
                            "time limits)\n");
        if (size > max_array)
            return exits(
                1, "sbatch: error: Batch job submission failed: Invalid job array specification\n");
        Task task{++last_,      std::nullopt,
                  std::nullopt, FakeCommandRunner::value(command, "--job-name"),
                  {},           0,
                  size == 0};
        if (!after.empty())
            task.after = static_cast<unsigned>(std::stoul(after.substr(after.find(':') + 1)));
        const auto spool = std::find(words.begin(), words.end(), size ? "boot-task" : "build-task");
        task.spool = *(spool + 1);
        if (size) task.list = static_cast<unsigned>(std::stoul(words.back()));
        for (unsigned index = 0; index < std::max(1u, size); ++index) {
            if (size) task.index = index;
            tasks.push_back(task);
        }
        return exits(0, fmt::format("{}\n", last_));
    }
    CommandResult squeue(const Command& command) {
        if (away)
            return exits(
                1, "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n");
        std::string text;
        for (const auto& task : tasks)
            if (task.name == FakeCommandRunner::value(command, "--name"))
                text += fmt::format("{}|{}|{}||Resources\n", task.job,
                                    task.index ? std::to_string(*task.index) : "N/A",
                                    task.completing ? "COMPLETING" : "PENDING");
        return exits(0, text);
    }

    Environment environment_;
    unsigned last_ = 100;
};

} // namespace rig::testing
