// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/command.h"

#include <nlohmann/json.hpp>

namespace rig {

std::string error_json(const Error& error) {
    using nlohmann::json;
    return json{{"error",
                 {{"blame", name(error.blame)},
                  {"kind", error.kind},
                  {"message", error.message},
                  {"log", error.log.string()}}}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace rig
