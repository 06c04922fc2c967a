// SPDX-License-Identifier: GPL-2.0-or-later
// The command `rig triage`: finds kernel splats in any console log or output of dmesg.
#pragma once

#include "rig/cli/command.h"
#include "rig/host/command_runner.h"

#include <filesystem>
#include <iosfwd>
#include <vector>

namespace rig {

struct TriageOptions {
    std::vector<std::filesystem::path> files; // none, or "-": standard input
    std::filesystem::path vmlinux;            // empty: no file and line
};

// Succeeds whatever it finds. FaultDomain::Spec: a file that cannot be read, or a vmlinux without
// symbols. FaultDomain::Host: nm or addr2line does not run.
Result<CommandOutput> triage_command(const TriageOptions&, const CommonOptions&, CommandRunner&,
                                     std::istream& standard_input);

} // namespace rig
