// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/web_assets.h"

namespace rig {

const WebAssets* web_assets() {
    return nullptr;
}
const WebAssets* dashboard_assets() {
    return nullptr;
}

} // namespace rig
