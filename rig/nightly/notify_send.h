// SPDX-License-Identifier: GPL-2.0-or-later
// Hands messages to the outside: a local sendmail, a webhook, a file. The other side of notify.h.
#pragma once

#include "rig/host/command_runner.h"
#include "rig/nightly/notify.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

namespace rig {

// By the channel's name; an error (FaultDomain::Host) means that the channel has not taken it, as
// far as can be known.
using Sender = std::function<Status(const std::string& channel, const Message& message)>;

// Messages are given out at least once: the state that names one is on disk before it goes out, and
// that it went is on disk after. A rig that is killed between the two sends it again; each has an
// id that stays the same (Message-ID, the header Idempotency-Key, the key "id"), and a file never
// gets it twice. `save` is called after each message that went out. Failures are told through
// `warn`, kept in the book and tried again the next night.
void deliver(IncidentBook& book, const std::vector<std::string>& channels, const Sender& send,
             const std::function<Status()>& save,
             const std::function<void(const std::string&)>& warn);

struct NotifyEnvironment {
    CommandRunner& runner;
    std::filesystem::path top;
    std::chrono::seconds patience{20}; // for a webhook's answer
};
Sender make_sender(const NotifyConfig& config, NotifyEnvironment environment);

// Appends the message as a line of JSON, synced, unless a line with its id is there.
Status append_message(const std::filesystem::path& file, const Message& message);
Status send_email(const EmailChannel& channel, const Message& message, CommandRunner& runner);

} // namespace rig
