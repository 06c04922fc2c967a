// SPDX-License-Identifier: GPL-2.0-or-later
// `rig boot --count FUNCTION`: counts the instructions of kernel functions with the TCG plugin.
#pragma once

#include "rig/boot/counts_file.h"
#include "rig/hypervisor/hypervisor.h"
#include "rig/kernel/symbol_table.h"

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace rig {

// What to count in a boot on `hypervisor`: the functions, and `ranges`. Of several functions of one
// name all are counted. `plugins` is plugin_folder(). The user's fault: a function that the kernel
// does not have, guests on another host, and an emulator for which there is no plugin (with the
// reason).
Result<InstructionCounting> counting_of(const std::vector<std::string>& functions,
                                        const SymbolTable& symbols, const std::string& arch,
                                        unsigned vcpus, Accelerator accelerator,
                                        Hypervisor& hypervisor,
                                        const std::filesystem::path& plugins,
                                        std::vector<CountedRange> ranges = {});

// Why the counts are not to be trusted, a line for each reason; empty if they are.
std::string counting_warnings(const InstructionCounts& counts);

// One line for each function: how often it was entered in each window, and how many of its
// instructions ran while a workload did. Of several functions of one name, a line for each, with
// its address.
std::string counted_functions_text(const std::vector<std::string>& functions,
                                   const SymbolTable& symbols, const InstructionCounts& counts);

// The same: {FUNCTION: {"count_pass", "latency_pass", "rest"}}, entries in each window.
nlohmann::json counted_functions_json(const std::vector<std::string>& functions,
                                      const SymbolTable& symbols, const InstructionCounts& counts);

} // namespace rig
