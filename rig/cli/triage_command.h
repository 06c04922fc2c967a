// SPDX-License-Identifier: GPL-2.0-or-later
// `rig triage`: what the kernel complains of in any console or output of dmesg.
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

// Succeeds whatever the consoles hold. FaultDomain::Spec: a file that cannot be read, or a vmlinux
// without symbols; FaultDomain::Host: nm or addr2line does not run.
Result<CommandOutput> triage_command(const TriageOptions&, const CommonOptions&, CommandRunner&,
                                     std::istream& standard_input);

} // namespace rig
