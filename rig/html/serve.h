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

// Serves until `stop`. `listening` is told the port once connections are taken (`port` 0: any free
// one). GET and HEAD only; a request whose Host is not loopback's is refused, so that a page from
// elsewhere cannot read through a name that it had resolved to this machine. A connection that says
// nothing for ten seconds is closed, one that sends more than 16 KiB is too. FaultDomain::Host: the
// port is taken.
Status serve(std::uint16_t port, const std::function<HttpAnswer(std::string_view target)>& answer,
             const std::function<void(std::uint16_t)>& listening, std::stop_token stop);

} // namespace rig
