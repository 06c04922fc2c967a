// SPDX-License-Identifier: GPL-2.0-or-later
// Renders a message of `rig nightly` as an e-mail, as a line of a file, and as the body of a
// webhook request. Pure. Texts may come from a guest or a commit. They are data here and cannot add
// a header, a recipient or a line.
#pragma once

#include "rig/nightly/incidents.h"

#include <string>

namespace rig {

// RFC 5322, for `sendmail -i -t`: the body is UTF-8 (8bit), with lines of at most 998 bytes.
// Message-ID is made from `message.id` and `host`, so that a mail which is sent twice can be
// recognised.
std::string email_text(const Message& message, const EmailChannel& channel, const std::string& host,
                       const std::string& date);

// The value of a header on one or more folded lines. ASCII stays as it is, except for control
// characters, which are replaced. Anything else becomes encoded words (RFC 2047).
std::string header_value(std::string_view text);

// {"id", "subject", "text", "transitions", "incident"} on one line. message.data contains the last
// two.
std::string message_json(const Message& message);

} // namespace rig
