// SPDX-License-Identifier: GPL-2.0-or-later
// Where the kernel of an arm comes from, as systems outside know it: a commit, and the mail that
// brought its patches.
#pragma once

#include "rig/report/report.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace rig {

struct CheckoutOrigin {
    // The commit that the patches were applied to, 40 hexadecimal digits; "" if the source is no
    // git repository, or the experiment names it by a branch or a tag, which may point elsewhere by
    // now.
    std::string git_commit_hash;
    // Of the mail with the first patch that is this arm's own, without < and >; "" if unknown.
    std::string message_id;
};

// By arm. The patches are read below `top`, and count only if they are the ones that the run
// applied (RunKernel::patch_sha256).
std::map<std::string, CheckoutOrigin> checkout_origins(const ReportInput& input,
                                                       const std::filesystem::path& top);

// The value of the header Message-ID in the header of a patch, without < and >; "" if there is none
// that is an address. Pure.
std::string message_id_in(std::string_view patch);

} // namespace rig
