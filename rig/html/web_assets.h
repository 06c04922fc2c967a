// SPDX-License-Identifier: GPL-2.0-or-later
// The script and the style that pages carry, bundled from web/ into the binary. The script is data
// to rig: it runs in a browser only.
#pragma once

#include <string_view>

namespace rig {

struct WebAssets {
    std::string_view script,
        style; // UTF-8, as a browser reads it back from a page: web/embed.py sees to that
};

// Of a run's page, and of the site over all runs. nullptr: rig was built without them
// (-Dweb=false), and can write no pages.
const WebAssets* web_assets();
const WebAssets* dashboard_assets();

} // namespace rig
