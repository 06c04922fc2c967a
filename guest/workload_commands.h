// SPDX-License-Identifier: GPL-2.0-or-later
// What an experiment runs around its workload (workload.setup, check, teardown), and what it
// requires of the guest. Nothing here runs within a measured window, and nothing at all if the
// experiment does not ask for it.
#pragma once

#include "guest/channel.h"
#include "guest/deadline.h"

#include <nlohmann/json.hpp>
#include <string>

namespace rig::guest {

// Runs the command plan["around"][step] to its end, if the plan has it, and sends its output
// (stdout and stderr together) as the artifact PASS-STEP.txt. Returns {"exit": N} or {"signal": N},
// with the end of the output as "said"; null if there is no such command or it did not start.
nlohmann::json run_step(const nlohmann::json& plan, const std::string& step,
                        const std::string& pass, Channel& channel, Deadline& deadline);
// Whether it ended with exit code 0, or was not asked for. False: `error` describes its end.
bool step_succeeded(const nlohmann::json& plan, const std::string& step,
                    const nlohmann::json& outcome, std::string& error);

// If the plan has "required_paths": sends /proc/cpuinfo as an artifact, and sets result["required"]
// to an array of booleans: whether each path exists.
void report_required(const nlohmann::json& plan, Channel& channel, nlohmann::json& result);

} // namespace rig::guest
