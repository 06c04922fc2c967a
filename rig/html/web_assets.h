// SPDX-License-Identifier: GPL-2.0-or-later
// The script and the style of the pages, bundled from web/ into the binary. To rig the script is
// data: it runs in a browser only.
#pragma once

#include <string_view>

namespace rig {

struct WebAssets {
    std::string_view script,
        // UTF-8 that a browser reads back unchanged from a page, as web/embed.py ensures.
        style;
};

// For the page of a run, and for the site over all runs. nullptr: rig was built without them
// (-Dweb=false) and cannot write pages.
const WebAssets* web_assets();
const WebAssets* dashboard_assets();

} // namespace rig
