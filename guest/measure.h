// SPDX-License-Identifier: GPL-2.0-or-later
// One measured run: arm faults, open perf, let the workload go, close, collect.
#pragma once

#include "guest/channel.h"
#include "guest/deadline.h"

#include <nlohmann/json.hpp>
#include <string>

namespace rig::guest {

// Sends artifacts and one Result frame, or one Failure frame naming the stage. Never throws on a
// well-typed plan.
void measure(const nlohmann::json& plan, Channel& channel, Deadline& deadline);

} // namespace rig::guest
