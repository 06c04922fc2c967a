// SPDX-License-Identifier: GPL-2.0-or-later
// The page of `rig serve`, which fetches /live.json every two seconds. Its script inserts names of
// guests and runs as text only.
#pragma once

#include <string_view>

namespace rig {

std::string_view live_page();

} // namespace rig
