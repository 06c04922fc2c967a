// SPDX-License-Identifier: GPL-2.0-or-later
// Reads an experiment file (TOML) into a Spec. parse_spec() checks everything that can be checked
// without a kernel: unknown keys, types, ranges, names, and that the files it mentions exist.
#pragma once

#include "rig/base/error.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <string_view>
#include <vector>

namespace rig {

// `text` is the file's content; `file` is its name for messages and for relative paths. Overrides
// are applied before anything is checked. Errors: FaultDomain::Spec, "file:line:column: what was
// found; what is accepted".
Result<Spec> parse_spec(std::string_view text, const std::filesystem::path& file,
                        const std::vector<SpecOverride>& overrides = {});
// Parses the experiment of a stored run. Only the text is needed, not the files that it mentions.
// `spec.top` stays empty, because what the paths name may be gone.
Result<Spec> parse_stored_spec(std::string_view text, const std::filesystem::path& file,
                               const std::vector<SpecOverride>& overrides);
Result<Spec> load_spec(const std::filesystem::path& file,
                       const std::vector<SpecOverride>& overrides = {});

} // namespace rig
