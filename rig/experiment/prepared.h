// SPDX-License-Identifier: GPL-2.0-or-later
// What exists before the first boot: the kernels, the initramfs, and the machine that boots them.
// Plain data, which engines also pass on.
#pragma once

#include "rig/analysis/line_evidence.h"
#include "rig/hypervisor/machine.h"
#include "rig/kernel/kernel.h"

#include <filesystem>
#include <map>
#include <string>

namespace rig {

// Kernels of all arms and the initramfs. Every command that boots needs them.
struct Prepared {
    std::map<std::string, Kernel> kernels; // by arm
    std::filesystem::path image, perf;
    std::string perf_version;
    LineEvidence lines; // the line maps; filled in by map_changed_lines() (line_counting.h)
};

struct ChosenMachine {
    Machine machine;
    std::string why;
};

} // namespace rig
