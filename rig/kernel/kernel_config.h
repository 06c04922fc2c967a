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
    std::string overrides{};  // "y of base.config:2": the last other value and whose; "": none
    bool where_known = false; // a tree that has no such option does without
};
// "debug.config:3, over y of base.config:2".
std::string origin_of(const RequestedOption& option);

using OptionRequests = std::map<std::string, RequestedOption>; // name without CONFIG_

// Lines CONFIG_X=value, "# CONFIG_X is not set", blank lines and comments; later ones win. Values
// are those of rules::option_value(). "CONFIG_X=value # where the tree has it" is for an option
// that only some trees have. FaultDomain::Spec with file:line.
Status merge_fragment(OptionRequests& requests, std::string_view text, const std::string& file);

// The fragments of the spec in order, relative to its top: each with its sibling for the spec's
// architecture behind it, where there is one: base.config, base.arm64.config. That takes back what
// is another architecture's and adds its own.
std::vector<std::filesystem::path> kernel_fragments(const Spec& spec);

// kernel_fragments(), then the spec's [kernel.options].
Result<OptionRequests> requested_options(const Spec& spec);

// For KCONFIG_ALLCONFIG.
std::string render_fragment(const OptionRequests& requests);

// What Kconfig complained of while it read `fragment`, which holds render_fragment(requests): name
// -> its words. It speaks of unknown options only with KCONFIG_WARN_UNKNOWN_SYMBOLS set
// (since 6.6).
std::map<std::string, std::string> kconfig_complaints(const OptionRequests& requests,
                                                      std::string_view output,
                                                      const std::string& fragment);

// Compares with the final .config. FaultDomain::Spec listing every option that did not survive or
// that Kconfig complained of, and for each why: what Kconfig said, or else kconfig_reasons().
Status verify_config(const OptionRequests& requests, std::string_view config,
                     const std::filesystem::path& tree, const std::string& arch_folder = "x86",
                     const std::map<std::string, std::string>& complaints = {});

} // namespace rig
