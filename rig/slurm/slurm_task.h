// SPDX-License-Identifier: GPL-2.0-or-later
// The tasks on the nodes of a cluster: one task builds, each other task makes one boot. A task gets
// the spool's folder and leaves its result there. slurm_engine.h submits the tasks and collects the
// results.
#pragma once

#include "rig/base/error.h"
#include "rig/experiment/environment.h"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace rig {

struct TaskOptions {
    std::filesystem::path spool;
    unsigned list = 0;             // number of the list of boots
    std::optional<unsigned> index; // line in the list, from 0; none: $SLURM_ARRAY_TASK_ID
};

// Both functions return one line for people.
//
// Calls prepare() for all arms and writes prepared.json or build-error.json. Writes neither if it
// was stopped, since Slurm then restarts the task.
Result<std::string> build_task_command(const TaskOptions& line, const Environment& environment,
                                       std::stop_token stop);

// Makes one boot and puts it into done/. A fault of any kind is a result too. Being stopped
// (scancel, a drained node) is not, unless the kernel splatted before. Errors only if there can be
// no result: the node has another rig, or the spool cannot be read or written.
Result<std::string> boot_task_command(const TaskOptions& line, const Environment& environment,
                                      std::stop_token stop);

} // namespace rig
