// SPDX-License-Identifier: GPL-2.0-or-later
// Delivers messages to a local sendmail, a webhook or a file. Counterpart of notify.h.
#pragma once

#include "rig/host/command_runner.h"
#include "rig/nightly/notify.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

namespace rig {

// Sends a message to the channel with this name. An error (FaultDomain::Host) means that the
// channel did not take it, as far as is known.
using Sender = std::function<Status(const std::string& channel, const Message& message)>;

// Delivers messages at least once. The state that contains a message is on disk before it is sent,
// and that it was sent is on disk afterwards. If rig is killed between the two, it sends the
// message again, with the same id (Message-ID, header Idempotency-Key, key "id"). A file never gets
// it twice. `save` is called after each message that was sent. Failures are reported through
// `warn`, stored in the book, and retried in the next night.
void deliver(IncidentBook& book, const std::vector<std::string>& channels, const Sender& send,
             const std::function<Status()>& save,
             const std::function<void(const std::string&)>& warn);

struct NotifyEnvironment {
    CommandRunner& runner;
    std::filesystem::path top;
    std::chrono::seconds patience{20}; // time limit for the answer of a webhook
};
Sender make_sender(const NotifyConfig& config, NotifyEnvironment environment);

// Appends the message as a line of JSON and syncs the file, unless it has a line with this id.
Status append_message(const std::filesystem::path& file, const Message& message);
Status send_email(const EmailChannel& channel, const Message& message, CommandRunner& runner);

} // namespace rig
