// SPDX-License-Identifier: GPL-2.0-or-later
// The page of `rig serve`: asks /live.json every two seconds. Its script sets what guests and runs
// are called as text only.
#pragma once

#include <string_view>

namespace rig {

std::string_view live_page();

} // namespace rig
