// SPDX-License-Identifier: GPL-2.0-or-later
// What `git apply` would pass over in the text of a patch without a word. It reads the patch; this
// looks only for what it skips, so that nothing in a patch goes missing.
#pragma once

#include "rig/base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Pure. The numbers of the lines with which the change of a file begins. FaultDomain::Spec with
// `name`:line for a text that was encoded or quoted on its way (quoted-printable, base64, HTML,
// UTF-16, "> "), that ends early, that names a binary file without its content, that has a part of
// another form than a unified diff, or a hunk with other lines than its header counts.
Result<std::vector<unsigned>> changes_in(std::string_view text, const std::string& name);

} // namespace rig
