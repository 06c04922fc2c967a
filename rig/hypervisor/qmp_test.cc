// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/qmp.h"

#include <boost/asio.hpp>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace rig {
namespace {

namespace asio = boost::asio;

// A monitor that sends `lines`: the first as its greeting, each further one after a command.
Result<HungGuest> asked(const std::vector<std::string>& lines,
                        std::vector<std::string>* heard = nullptr,
                        const std::filesystem::path& dump = {}, unsigned looks = 0) {
    const auto path =
        std::filesystem::path(::testing::TempDir()) / ("rig-qmp-" + std::to_string(::getpid()));
    std::filesystem::remove(path);
    asio::io_context io;
    asio::local::stream_protocol::acceptor acceptor(
        io, asio::local::stream_protocol::endpoint(path.string()));
    std::jthread monitor([&] {
        auto peer = acceptor.accept();
        boost::system::error_code error;
        std::string commands;
        for (const auto& line : lines) {
            asio::write(peer, asio::buffer(line + "\n"), error);
            const auto end = asio::read_until(peer, asio::dynamic_buffer(commands), '\n', error);
            if (error) return;
            if (heard) heard->push_back(commands.substr(0, end - 1));
            commands.erase(0, end);
        }
        asio::read_until(peer, asio::dynamic_buffer(commands), '\n',
                         error); // until the client gives up
    });
    auto result = examine_hung_guest(path, dump, looks, std::chrono::seconds(1));
    std::filesystem::remove(path);
    return result;
}

TEST(Qmp, AsksForTheRegistersOfAStoppedGuest) {
    std::vector<std::string> heard;
    const auto result =
        asked({R"({"QMP":{}})", R"({"return":{}})", "{\"event\":\"STOP\"}\n{\"return\":{}}",
               R"({"return":"CPU#0\nRAX=1\n"})", R"({"return":{}})"},
              &heard, "/x/memory.elf");
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->registers, "CPU#0\nRAX=1\n");
    ASSERT_EQ(heard.size(), 4u);
    EXPECT_EQ(heard[1], R"({"arguments":{},"execute":"stop"})");
    EXPECT_NE(heard[2].find("info registers -a"), std::string::npos);
    EXPECT_NE(heard[3].find("file:/x/memory.elf"), std::string::npos);
}

TEST(Qmp, LooksAgainAfterTheGuestRanOn) {
    std::vector<std::string> heard;
    const std::string ok = R"({"return":{}})";
    const auto result = asked({R"({"QMP":{}})", ok, ok, R"({"return":"RIP=1"})", ok, ok,
                               R"({"return":"RIP=2"})", ok, ok, R"({"return":"RIP=3"})", ok},
                              &heard, "/x", 2);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->registers, "RIP=1");
    EXPECT_EQ(result->registers_again, (std::vector<std::string>{"RIP=2", "RIP=3"}));
    std::string commands;
    for (const auto& line : heard)
        commands += line.substr(line.find("execute") + 10, 4) + " ";
    EXPECT_EQ(commands, "qmp_ stop huma cont stop huma cont stop huma dump ")
        << "stopped at its end, as memory is dumped";
    // If the guest ends in between, the registers that were read before it ended are returned.
    const auto gone = asked(
        {R"({"QMP":{}})", ok, ok, R"({"return":"RIP=1"})", ok, R"({"error":{"desc":"shut down"}})"},
        nullptr, {}, 2);
    ASSERT_TRUE(gone);
    EXPECT_EQ(gone->registers, "RIP=1");
    EXPECT_TRUE(gone->registers_again.empty());
}

TEST(Qmp, WhatQemuRefusesIsSaid) {
    const auto refused = asked({R"({"QMP":{}})", R"({"return":{}})",
                                R"({"error":{"class":"GenericError","desc":"not now"}})"});
    EXPECT_EQ(refused.error().message, "QEMU's monitor: stop: not now");
    const auto no_dump = asked({R"({"QMP":{}})", R"({"return":{}})", R"({"return":{}})",
                                R"({"return":"RAX=1"})", R"({"error":{"desc":"disk full"}})"},
                               nullptr, "/x");
    EXPECT_EQ(no_dump.value().registers,
              "RAX=1\nno memory dump: QEMU's monitor: dump-guest-memory: disk full\n");
}

TEST(Qmp, AMonitorThatDoesNotAnswerIsLeft) {
    EXPECT_EQ(asked({R"({"QMP":{}})", R"({"return":{}})"}).error().message,
              "QEMU's monitor does not answer");
    EXPECT_EQ(asked({"no JSON"}).error().message, "QEMU's monitor answers in no JSON");
    EXPECT_NE(examine_hung_guest("/nonexistent/monitor", {}, 0, std::chrono::seconds(1))
                  .error()
                  .message.find("No such file"),
              std::string::npos);
}

} // namespace
} // namespace rig
