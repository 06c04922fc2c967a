// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/guest_session.h"

#include "rig/guest_output/requirements.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

namespace rig {
namespace {

using nlohmann::json;

// Only files that the agent sends are accepted: the console log and rig's own files are in the same
// folder.
bool expected_name(const std::string& name) {
    static const std::set<std::string> own{"result.json",     "kprobes.txt",
                                           guest::kKernelLog, guest::kDetectorSwitches,
                                           guest::kTasks,     kCpuInfo},
        of_a_pass{"interrupts-before.txt",
                  "interrupts-after.txt",
                  "perf-stat.csv",
                  "perf-stat.err",
                  "perf-script.txt",
                  "perf-script.err",
                  "perf-record.err",
                  "command.txt",
                  "setup.txt",
                  "check.txt",
                  "teardown.txt"};
    static const std::regex background("(counted|timed)-background-[a-z0-9-]{1,32}\\.txt");
    if (std::regex_match(name, background)) return true;
    for (const std::string pass : {"counted-", "timed-"})
        if (name.starts_with(pass)) return of_a_pass.contains(name.substr(pass.size()));
    return own.contains(name);
}

// Makes a guest's text safe for a terminal and for JSON.
std::string printable(std::string text) {
    for (char& c : text)
        if ((c < 0x20 && c != '\n') || c > 0x7e) c = '?';
    return text;
}

} // namespace

bool Conversation::take(std::string_view bytes) {
    reader.feed(bytes);
    while (auto frame = reader.next())
        handle(*frame);
    if (!reader.error().empty()) violation = reader.error();
    return violation.empty();
}

void Conversation::handle(const guest::Frame& frame) {
    using guest::FrameType;
    try {
        switch (frame.type) {
        case FrameType::Hello: {
            const json hello = json::parse(frame.payload);
            release = printable(hello.at("release").get<std::string>().substr(0, 100));
            version = printable(hello.at("version").get<std::string>().substr(0, 200));
            ready = std::chrono::steady_clock::now();
            return;
        }
        case FrameType::Artifact:
            if (auto artifact = guest::decode_artifact(frame.payload);
                artifact && expected_name(artifact->name))
                artifacts[artifact->name] += artifact->chunk;
            else
                violation = "malformed or unexpected artifact";
            return;
        case FrameType::Failure: {
            const json why = json::parse(frame.payload);
            failure =
                printable(fmt::format("{}: {}", why.at("stage").get<std::string>().substr(0, 100),
                                      why.at("message").get<std::string>().substr(0, 1000)));
            return;
        }
        case FrameType::Result:
            result = true;
            return;
        case FrameType::Bye:
            bye = true;
            return;
        case FrameType::Log:
            return;
        case FrameType::Plan:
            violation = "the guest sent a plan";
            return;
        }
    } catch (const json::exception& e) {
        violation =
            fmt::format("malformed frame of type {}: {}", static_cast<int>(frame.type), e.what());
    }
}

} // namespace rig
