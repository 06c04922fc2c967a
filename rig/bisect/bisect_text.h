// SPDX-License-Identifier: GPL-2.0-or-later
// Renders a bisection as text and as JSON. Pure.
#pragma once

#include "rig/bisect/bisect_record.h"
#include "rig/report/text.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rig {

// Exit code 0: one revision is named. 4: several are left, or the ends do not differ.
Exit exit_of(const Bisection& bisection);

std::string bisect_text(const BisectRecord& record, const std::string& folder, Colour colour);
// bisect.json, with the folder and the exit code added.
nlohmann::json bisect_json(const BisectRecord& record, const std::string& folder);

} // namespace rig
