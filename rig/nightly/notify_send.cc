// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/notify_send.h"

#include "rig/base/files.h"
#include "rig/base/scratch_dir.h"
#include "rig/base/text.h"
#include "rig/nightly/webhook.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kMailPatience{60};

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] ? static_cast<const char*>(name)
                                                                : "localhost";
}

struct Fd {
    int fd = -1;
    ~Fd() {
        if (fd >= 0) ::close(fd);
    }
};

} // namespace

void deliver(IncidentBook& book, const std::vector<std::string>& channels, const Sender& send,
             const std::function<Status()>& save,
             const std::function<void(const std::string&)>& warn) {
    for (auto& message : book.outbox) {
        const auto pending = message.pending;
        for (const auto& channel : pending) {
            if (std::find(channels.begin(), channels.end(), channel) == channels.end()) {
                warn(fmt::format(
                    "message {} for {}: the configuration has no such channel now; kept",
                    message.id, channel));
                continue;
            }
            if (const auto sent = send(channel, message); !sent) {
                message.why = sent.error().message;
                warn(fmt::format("message {} not sent by {}: {}; kept for the next night",
                                 message.id, channel, message.why));
                continue;
            }
            std::erase(message.pending, channel);
            if (const auto saved = save(); !saved)
                warn(fmt::format(
                    "message {} went out by {}, which could not be noted: {}; it may come twice",
                    message.id, channel, saved.error().message));
        }
    }
    std::erase_if(book.outbox, [](const Message& message) { return message.pending.empty(); });
    if (const auto saved = save(); !saved) warn(saved.error().message);
}

Sender make_sender(const NotifyConfig& config, NotifyEnvironment environment) {
    return [config, environment](const std::string& channel, const Message& message) -> Status {
        if (channel == "file" && config.file)
            return append_message(environment.top / config.file->path, message);
        if (channel == "email" && config.email)
            return send_email(*config.email, message, environment.runner);
        if (channel == "webhook" && config.webhook)
            return post_webhook(*config.webhook, environment.top, message, environment.patience);
        return fail(FaultDomain::Host, "no such channel is configured");
    };
}

Status append_message(const fs::path& file, const Message& message) {
    const auto cannot = [&](const char* what) {
        return fail(FaultDomain::Host,
                    fmt::format("cannot {} {}: {}", what, file.string(), std::strerror(errno)));
    };
    std::error_code error;
    // ignored: open() reports a missing folder.
    if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
    const Fd out{::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)};
    if (out.fd < 0) return cannot("open");
    const auto before = slurp(file);
    for (std::size_t at = 0; at < before.size();) {
        const auto end = std::min(before.find('\n', at), before.size());
        const auto line = nlohmann::json::parse(before.begin() + static_cast<std::ptrdiff_t>(at),
                                                before.begin() + static_cast<std::ptrdiff_t>(end),
                                                nullptr, false);
        if (line.is_object() && line.value("id", nlohmann::json()) == message.id) return {};
        at = end + 1;
    }
    // End an incomplete line that a killed rig left.
    const auto line =
        (before.empty() || before.ends_with('\n') ? "" : "\n") + message_json(message) + "\n";
    for (std::string_view rest = line; !rest.empty();) {
        const auto written = ::write(out.fd, rest.data(), rest.size());
        if (written < 0 && errno != EINTR) return cannot("write");
        if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(out.fd) != 0) return cannot("sync");
    return {};
}

Status send_email(const EmailChannel& channel, const Message& message, CommandRunner& runner) {
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    const auto date =
        fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(std::time(nullptr)));
    Command command;
    command.argv = {channel.sendmail.string(), "-i", "-t"};
    command.input = scratch.dir() / "mail";
    command.timeout = kMailPatience;
    RIG_CHECK(write_atomically(command.input, email_text(message, channel, host_name(), date)));
    RIG_TRY(result, runner.run(command));
    if (!result.ok())
        return fail(FaultDomain::Host,
                    fmt::format("{}: {}: {}", channel.sendmail.string(), describe(result),
                                printable(result.out.substr(0, 300))));
    return {};
}

} // namespace rig
