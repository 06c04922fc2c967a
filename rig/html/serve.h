// SPDX-License-Identifier: GPL-2.0-or-later
// `rig serve`: the live view over HTTP, on loopback only.
#pragma once

#include "rig/base/error.h"
#include "rig/html/http_answer.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace rig {

// Serves until `stop`. Calls `listening` with the port once connections are accepted (`port` 0: any
// free port). Accepts GET and HEAD only. Refuses requests whose Host header is not a loopback name,
// so that a foreign page cannot read through a name that resolves to this machine (DNS rebinding).
// Closes a connection that is silent for ten seconds or sends more than 16 KiB. FaultDomain::Host
// if the port is taken.
Status serve(std::uint16_t port, const std::function<HttpAnswer(std::string_view target)>& answer,
             const std::function<void(std::uint16_t)>& listening, std::stop_token stop);

} // namespace rig
