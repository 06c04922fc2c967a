// SPDX-License-Identifier: GPL-2.0-or-later
// Unpacks an archive by a program such as tar. What goes wrong there is common, and the programs
// say it in pages; this says it in one sentence.
#pragma once

#include "rig/base/error.h"
#include "rig/host/build_context.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Runs `argv`, which unpacks `archive` into `folder`. `blame` is whose the archive is; that the
// disk is full, or that the work was cancelled, is always the host's. The message is one line.
Status run_unpacker(const BuildContext& context, std::vector<std::string> argv,
                    const std::filesystem::path& archive, const std::filesystem::path& folder,
                    FaultDomain fault_domain = FaultDomain::Host,
                    std::function<void(std::string_view line)> on_line = {});

} // namespace rig
