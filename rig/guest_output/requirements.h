// SPDX-License-Identifier: GPL-2.0-or-later
// What an experiment requires of the guest (Requirements), looked up in what the guest reports.
// Pure.
#pragma once

#include "rig/base/error.h"
#include "rig/spec/spec.h"

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// The artifact with the guest's /proc/cpuinfo, sent if the experiment requires something.
inline constexpr const char* kCpuInfo = "cpuinfo.txt";

// The key of a requirement in Sample::requirements: "CPU flag invlpgb".
std::string requirement_key(std::string_view what, std::string_view name);

// The flags that every CPU has, from /proc/cpuinfo of x86 ("flags"), arm64 ("Features") or riscv64
// ("isa": the single letters, and the names after them).
std::set<std::string> cpu_flags(std::string_view cpuinfo);

// By requirement_key(): 1 if the guest has it, else 0. `found` is the guest's answer about
// required_paths() (rig/plan/guest_plan.h), an array of booleans. FaultDomain::Guest if it does not
// answer all of them.
Result<std::map<std::string, std::uint64_t>>
look_up(const Requirements& required, std::string_view cpuinfo, const nlohmann::json& found);

} // namespace rig
