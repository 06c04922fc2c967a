// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of an experiment file that say which kernels are compared: [kernel], [target] and
// [[arm]]. Paths are kept as they are written, only normalised. Every failure is one Error with
// FaultDomain::Spec, as in toml_reader.h.
#pragma once

#include "rig/spec/spec.h"
#include "rig/spec/toml_reader.h"
#include "rig/spec/value_rules.h"

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

namespace rig {

// The x86 kernel cuts its command line at 2048 bytes; the rest belongs to rig's own parameters.
inline constexpr std::size_t max_extra_cmdline = 1024;
inline constexpr std::string_view arms_are_revisions = "target.revisions = true";

// Paths in an array of 0..limit texts, each of which passes `rule`.
Status read_paths(const SpecTable& table, std::string_view key,
                  std::vector<std::filesystem::path>& out, std::size_t limit, const Rule& rule);

Status read_kernel(const SpecTable& table, KernelSpec& kernel, const rules::PathRules& paths);
// `target` holds same_path and revisions already: they decide whether the arms need a witness.
Status read_target(const SpecTable& table, TargetSpec& target);
// After [kernel] and those two keys of [target].
Status read_arms(const SpecTable& root, Spec& spec, const rules::PathRules& paths);

} // namespace rig
