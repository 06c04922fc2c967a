// SPDX-License-Identifier: GPL-2.0-or-later
// Posts a message of a night to a webhook, over HTTP or HTTPS. A FaultDomain::Host error means that
// the message was not taken, as far as is known.
#pragma once

#include "rig/base/error.h"
#include "rig/nightly/incidents.h"
#include "rig/nightly/nightly_config.h"

#include <chrono>
#include <filesystem>

namespace rig {

// Sends a POST request (host/http_post.h). Any status 2xx counts as delivered, whatever follows the
// header.
Status post_webhook(const WebhookChannel& channel, const std::filesystem::path& top,
                    const Message& message, std::chrono::seconds patience);

} // namespace rig
