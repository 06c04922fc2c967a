// SPDX-License-Identifier: GPL-2.0-or-later
// Posts a message of a night to a webhook, over HTTP or HTTPS. Errors: FaultDomain::Host, the
// message was not taken as far as can be known.
#pragma once

#include "rig/base/error.h"
#include "rig/nightly/incidents.h"
#include "rig/nightly/nightly_config.h"

#include <chrono>
#include <filesystem>

namespace rig {

// POST, any answer 2xx is taken as delivered, whatever comes after its header. https: the
// certificate is checked against the host's name, at TLS 1.2 or later. Redirections are not
// followed: a token must not go elsewhere. The token is in no error and in no log.
Status post_webhook(const WebhookChannel& channel, const std::filesystem::path& top,
                    const Message& message, std::chrono::seconds patience);

} // namespace rig
