// The bisector that `rig nightly` asks: rig bisect over the commits between two nights.
#pragma once

#include "rig/bisect_command.h"
#include "rig/bisect_request.h"
#include "rig/experiment/world.h"

namespace rig {

// Everything must outlive it.
Bisector nightly_bisector(const CommonOptions& common, const World& world, std::function<void(const std::string&)> say, std::stop_token stop);

// What a bisection found, for an incident.
BisectFinding finding_of(const BisectRecord& record, const std::filesystem::path& folder);

} // namespace rig
