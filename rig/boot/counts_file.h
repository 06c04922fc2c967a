// SPDX-License-Identifier: GPL-2.0-or-later
// Creates the TCG plugin's counters file before a boot and reads it after it. Its format:
// plugin/counts_file.h.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/instruction_counts.h"
#include "rig/guest_output/sample.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rig {

// In a boot's evidence, beside the sample.
inline constexpr const char* kCountsFile = "instruction-counts.bin";

// What to count in a boot, and with which build of the plugin (hypervisor/count_plugin.h).
struct InstructionCounting {
    std::filesystem::path module;
    CountsLayout layout;
    // The code of a function, by the metric that counts its instructions. Within the layout's.
    std::map<std::string, std::vector<CountedRange>> functions = {};
};

// Creates or replaces a file of `bytes` bytes for a plugin: `head`, then zeros, with all of its
// disk blocks allocated. Error (the host's fault): it cannot be written, or the disk is full.
Status create_counters(const std::filesystem::path& file, std::string_view head,
                       std::uint64_t bytes);

// Creates or replaces `file`, all zeros behind the header, with all of its disk blocks allocated.
// Error (the host's fault): it cannot be written, the disk is full, or the layout is too large.
Status create_counts_file(const std::filesystem::path& file, const CountsLayout& layout);

// Reads what the plugin left. Error (the host's fault): the file is missing, damaged, larger than
// any that rig makes, or has another layout than `expected`.
Result<InstructionCounts> read_counts_file(const std::filesystem::path& file,
                                           const CountsLayout& expected);

// Adds the instructions of `counting.functions` in the count pass to sample.counts
// (plan/count_keys.h). Error (the host's fault): as read_counts_file(), or the counts are not
// exact.
Status add_instructions(Sample& sample, const InstructionCounting& counting,
                        const std::filesystem::path& file);

} // namespace rig
