// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/plan/count_keys.h"

namespace rig {

std::string custom_count_key(std::string_view metric) {
    return "metric:" + std::string(metric);
}

std::string rate_key(std::string_view metric) {
    return "rate:" + std::string(metric);
}

std::string marker_key(const std::string& function) {
    return "witness:" + function;
}

} // namespace rig
