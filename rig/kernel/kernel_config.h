// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel configuration: fragments are merged on allnoconfig, and every requested option is verified
// in the final .config.
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
    std::string overrides{};  // the last other value and its origin: "y of base.config:2"; "": none
    bool where_known = false; // ignored for a tree that has no such option
};
// "debug.config:3, over y of base.config:2".
std::string origin_of(const RequestedOption& option);

using OptionRequests = std::map<std::string, RequestedOption>; // name without CONFIG_

// Merges the lines CONFIG_X=value and "# CONFIG_X is not set" of a fragment; later ones win. Blank
// lines and comments are skipped. Values are those of rules::option_value(). "CONFIG_X=value #
// where the tree has it" is for options that only some trees have. Errors: FaultDomain::Spec with
// file:line.
Status merge_fragment(OptionRequests& requests, std::string_view text, const std::string& file);

// The fragments of the spec in order, relative to its top. Each is followed by its sibling for the
// spec's architecture, if there is one: base.config, base.arm64.config. The sibling turns off what
// belongs to other architectures and adds its own options. A large guest's kernel has
// configs/kernel/large.config as well, after them; that of any other guest does not depend on the
// guest's size.
std::vector<std::filesystem::path> kernel_fragments(const Spec& spec);

// Merges kernel_fragments(), then the spec's [kernel.options], then the arm's options (nullptr:
// none).
Result<OptionRequests> requested_options(const Spec& spec, const Arm* arm = nullptr);

// The text for KCONFIG_ALLCONFIG.
std::string render_fragment(const OptionRequests& requests);

// Kconfig's warnings about `fragment`, which contains render_fragment(requests): name -> message.
// Kconfig warns of unknown options only with KCONFIG_WARN_UNKNOWN_SYMBOLS set (since 6.6).
std::map<std::string, std::string> kconfig_complaints(const OptionRequests& requests,
                                                      std::string_view output,
                                                      const std::string& fragment);

// Compares the requests with the final .config. FaultDomain::Spec, listing every option that has
// another value or that Kconfig warned of, each with the reason: Kconfig's message, or else that of
// kconfig_reasons().
Status verify_config(const OptionRequests& requests, std::string_view config,
                     const std::filesystem::path& tree, const std::string& arch_folder = "x86",
                     const std::map<std::string, std::string>& complaints = {});

} // namespace rig
