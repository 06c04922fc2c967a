// SPDX-License-Identifier: GPL-2.0-or-later
// What runs on a cluster's nodes: one task builds, each of the others makes one boot. They get the
// spool's folder, and leave their results there; slurm_engine.h submits them and collects.
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
    unsigned list = 0;             // of boots
    std::optional<unsigned> index; // in it; none: $SLURM_ARRAY_TASK_ID
};

// Both return one line for people.
//
// prepare() of all arms; writes prepared.json or build-error.json, and neither when it was stopped:
// Slurm makes it again.
Result<std::string> build_task_command(const TaskOptions& line, const Environment& environment,
                                       std::stop_token stop);

// Makes one boot and puts it into done/. A fault of any kind is a result too, but not what comes of
// being stopped (scancel, a node that is drained), unless the kernel complained before. Errors only
// where there can be no result: rig of the node is another one, the spool cannot be read or
// written.
Result<std::string> boot_task_command(const TaskOptions& line, const Environment& environment,
                                      std::stop_token stop);

} // namespace rig
