// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the parts of a patch that `git apply` would skip silently, so that nothing in a patch gets
// lost. Everything else is left to `git apply`.
#pragma once

#include "rig/base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Pure. The line numbers at which the changes of a file begin. FaultDomain::Spec with `name`:line
// for a text that was encoded or quoted on its way (quoted-printable, base64, HTML, UTF-16, "> "),
// that ends early, that names a binary file without its content, that has a part in another format
// than a unified diff, or that has a hunk with more or fewer lines than its header says.
Result<std::vector<unsigned>> changes_in(std::string_view text, const std::string& name);

} // namespace rig
