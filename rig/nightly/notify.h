// SPDX-License-Identifier: GPL-2.0-or-later
// A message of `rig nightly` as an e-mail, as a line of a file and as the body of a webhook. Pure.
// Texts may come from a guest or from a commit: they are data here, and cannot add a header, a
// recipient or a line.
#pragma once

#include "rig/nightly/incidents.h"

#include <string>

namespace rig {

// RFC 5322, for `sendmail -i -t`: the body is UTF-8 (8bit), lines of at most 998 bytes. Message-ID
// is made from `message.id` and `host`, so that a mail that is sent twice can be told to be one.
std::string email_text(const Message& message, const EmailChannel& channel, const std::string& host,
                       const std::string& date);

// A header's value on one or more folded lines: ASCII as it is with control characters replaced,
// anything else as encoded words (RFC 2047).
std::string header_value(std::string_view text);

// {"id", "subject", "text", "transitions", "incident"}, on one line. `data` of the message holds
// the last two.
std::string message_json(const Message& message);

} // namespace rig
