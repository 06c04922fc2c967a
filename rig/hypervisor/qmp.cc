// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/qmp.h"

#include "rig/hypervisor/hypervisor.h"

#include <boost/asio.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

namespace rig {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using nlohmann::json;

class Qmp {
 public:
    explicit Qmp(std::chrono::seconds patience)
        : deadline_(std::chrono::steady_clock::now() + patience) {}

    Status connect(const std::filesystem::path& path) {
        error_code error;
        socket_.connect(asio::local::stream_protocol::endpoint(path.string()), error);
        if (error) return fail(FaultDomain::Host, "QEMU's monitor: " + error.message());
        RIG_CHECK(message()); // the greeting
        RIG_CHECK(execute("qmp_capabilities"));
        return {};
    }

    Result<json> execute(const std::string& command, const json& arguments = json::object()) {
        error_code error;
        asio::write(
            socket_,
            asio::buffer(json{{"execute", command}, {"arguments", arguments}}.dump() + "\n"),
            error);
        if (error)
            return fail(FaultDomain::Host,
                        fmt::format("QEMU's monitor: {}: {}", command, error.message()));
        for (;;) {
            RIG_TRY(answer, message());
            if (answer.contains("return")) return answer.at("return");
            if (answer.contains("error"))
                return fail(FaultDomain::Host,
                            fmt::format("QEMU's monitor: {}: {}", command,
                                        answer.at("error").value("desc", "no reason given")));
        } // otherwise it is an event
    }

 private:
    Result<json> message() {
        error_code result = asio::error::would_block;
        asio::async_read_until(socket_, asio::dynamic_buffer(buffer_, most), '\n',
                               [&](error_code error, std::size_t) { result = error; });
        io_.restart();
        io_.run_until(deadline_);
        if (result == asio::error::would_block) {
            error_code ignored;
            socket_.close(ignored);
            io_.restart();
            io_.run();
            return fail(FaultDomain::Host, "QEMU's monitor does not answer");
        }
        if (result) return fail(FaultDomain::Host, "QEMU's monitor: " + result.message());
        const auto end = buffer_.find('\n');
        auto value = json::parse(buffer_.substr(0, end), nullptr, false);
        buffer_.erase(0, end + 1);
        if (!value.is_object()) return fail(FaultDomain::Host, "QEMU's monitor answers in no JSON");
        return value;
    }

    // Bytes of one answer; the registers of sixteen vCPUs take some 60 KiB.
    static constexpr std::size_t most = 1 << 20;
    std::chrono::steady_clock::time_point deadline_;
    asio::io_context io_;
    asio::local::stream_protocol::socket socket_{io_};
    std::string buffer_;
};

} // namespace

Result<HungGuest> examine_hung_guest(const std::filesystem::path& socket,
                                     const std::filesystem::path& memory_dump, unsigned looks,
                                     std::chrono::seconds patience) {
    try {
        Qmp qmp(patience);
        RIG_CHECK(qmp.connect(socket));
        const auto look = [&]() -> Result<std::string> {
            RIG_CHECK(qmp.execute("stop"));
            RIG_TRY(said,
                    qmp.execute("human-monitor-command", {{"command-line", "info registers -a"}}));
            return said.get<std::string>();
        };
        RIG_TRY(registers, look());
        HungGuest out{std::move(registers), {}};
        for (unsigned i = 0; i < looks; ++i) {
            if (!qmp.execute("cont")) break;
            std::this_thread::sleep_for(kBetweenLooks);
            auto again = look();
            if (!again) break;
            out.registers_again.push_back(std::move(*again));
        }
        if (!memory_dump.empty())
            if (const auto dumped =
                    qmp.execute("dump-guest-memory",
                                {{"paging", false}, {"protocol", "file:" + memory_dump.string()}});
                !dumped)
                out.registers += "\nno memory dump: " + dumped.error().message + "\n";
        return out;
    } catch (const json::exception& error) {
        return fail(FaultDomain::Host, fmt::format("QEMU's monitor: {}", error.what()));
    }
}

} // namespace rig
