// SPDX-License-Identifier: GPL-2.0-or-later
// Unpacks an archive with a program such as tar. Failures are common, and the programs report them
// in many lines; this reports them in one sentence.
#pragma once

#include "rig/base/error.h"
#include "rig/host/build_context.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Runs `argv`, which unpacks `archive` into `folder`. `fault_domain` is the domain of a bad
// archive; a full disk or a cancelled command is always FaultDomain::Host. The message is one line.
Status run_unpacker(const BuildContext& context, std::vector<std::string> argv,
                    const std::filesystem::path& archive, const std::filesystem::path& folder,
                    FaultDomain fault_domain = FaultDomain::Host,
                    std::function<void(std::string_view line)> on_line = {});

} // namespace rig
