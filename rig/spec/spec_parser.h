// SPDX-License-Identifier: GPL-2.0-or-later
// Reads an experiment file (TOML) into a Spec. parse_spec() checks everything that can be checked
// without touching a kernel: unknown keys, types, ranges, names, and that the files it mentions
// exist.
#pragma once

#include "rig/base/error.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <string_view>
#include <vector>

namespace rig {

// `text` is the file's content, `file` its name for messages and relative paths. Error:
// FaultDomain::Spec, message "file:line:column: what was found; what is accepted". Overrides are
// applied before anything is checked.
Result<Spec> parse_spec(std::string_view text, const std::filesystem::path& file,
                        const std::vector<SpecOverride>& overrides = {});
// The experiment of a stored run: no file but the text is needed. `spec.top` stays empty, since
// what the paths lead to may be gone.
Result<Spec> parse_stored_spec(std::string_view text, const std::filesystem::path& file,
                               const std::vector<SpecOverride>& overrides);
Result<Spec> load_spec(const std::filesystem::path& file,
                       const std::vector<SpecOverride>& overrides = {});

} // namespace rig
