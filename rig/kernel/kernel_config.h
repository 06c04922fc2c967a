// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel configuration: fragments merged on allnoconfig, and every requested option verified in the
// final .config.
#pragma once

#include "rig/base/error.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct RequestedOption {
    std::string value;  // as in a .config: y, n, m, 42, 0x10, "text" with its quotes
    std::string origin; // "configs/kernel/base.config:12" or "experiment.toml [kernel.options]"
};
using OptionRequests = std::map<std::string, RequestedOption>; // name without CONFIG_

// Lines CONFIG_X=value, "# CONFIG_X is not set", blank lines and comments; later ones win.
// Blame::Spec with file:line.
Status merge_fragment(OptionRequests& requests, std::string_view text, const std::string& file);

// The fragments of the spec in order, relative to its top: each with its sibling for the spec's
// architecture behind it, where there is one: base.config, base.arm64.config. That takes back what
// is another architecture's and adds its own.
std::vector<std::filesystem::path> kernel_fragments(const Spec& spec);

// kernel_fragments(), then the spec's [kernel.options].
Result<OptionRequests> requested_options(const Spec& spec);

// For KCONFIG_ALLCONFIG.
std::string render_fragment(const OptionRequests& requests);

// Compares with the final .config. Blame::Spec listing every option that did not survive, and for
// each what its Kconfig entry in `tree`, of the architecture with this folder in arch/ or of all,
// tells: unmet dependencies, no prompt, or no such option.
Status verify_config(const OptionRequests& requests, std::string_view config,
                     const std::filesystem::path& tree, const std::string& arch_folder = "x86");

} // namespace rig
