// SPDX-License-Identifier: GPL-2.0-or-later
// One measured run of both passes: sets up fault injection and perf, runs the workload, and
// collects the results.
#pragma once

#include "guest/channel.h"
#include "guest/deadline.h"

#include <nlohmann/json.hpp>
#include <string>

namespace rig::guest {

// Sends artifacts and one Result frame, or one Failure frame that names the stage. Never throws for
// a well-typed plan.
void measure(const nlohmann::json& plan, Channel& channel, Deadline& deadline);

} // namespace rig::guest
