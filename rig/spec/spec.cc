// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/spec.h"

#include <algorithm>

namespace rig {

const Arm* Spec::find_arm(std::string_view wanted) const {
    auto found =
        std::find_if(arms.begin(), arms.end(), [&](const Arm& arm) { return arm.name == wanted; });
    return found == arms.end() ? nullptr : &*found;
}

Spec Spec::for_arm(const Arm& arm) const {
    auto copy = *this;
    if (!arm.cmdline.empty())
        copy.guest.extra_cmdline += (copy.guest.extra_cmdline.empty() ? "" : " ") + arm.cmdline;
    return copy;
}

} // namespace rig
