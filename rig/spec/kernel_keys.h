// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the parts of an experiment file that define the kernels to compare: [kernel], [target] and
// [[arm]]. Paths are kept as written, only normalised. Every failure is one Error with
// FaultDomain::Spec, as in toml_reader.h.
#pragma once

#include "rig/spec/spec.h"
#include "rig/spec/toml_reader.h"
#include "rig/spec/value_rules.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

inline constexpr std::string_view arms_are_revisions = "target.revisions = true";

// Reads an array of 0..limit paths, each of which must pass `rule`, one of those of `paths`.
Status read_paths(const SpecTable& table, std::string_view key,
                  std::vector<std::filesystem::path>& out, std::size_t limit,
                  const rules::PathRules& paths, const Rule& rule);

// Reads a table of at most `limit` kernel options with their values, as in kernel.options.
Status read_options(const SpecTable& table, std::size_t limit,
                    std::map<std::string, std::string>& out);

Status read_kernel(const SpecTable& table, KernelSpec& kernel, const rules::PathRules& paths);
// `target` must contain same_path and revisions already: they decide whether the arms need a
// marker.
Status read_target(const SpecTable& table, TargetSpec& target);
// Must be called after [kernel] and those two keys of [target] were read.
Status read_arms(const SpecTable& root, Spec& spec, const rules::PathRules& paths);

} // namespace rig
