// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/live.h"

#include "rig/base/files.h"
#include "rig/html/serve.h"
#include "rig/report/json.h"
#include "rig/run_index/run_reader.h"
#include "rig/testing/results_fixture.h"
#include "rig/testing/temp_tree.h"

#include <boost/asio.hpp>
#include <fmt/format.h>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

namespace rig {
namespace {

using nlohmann::json;
namespace asio = boost::asio;
using namespace std::string_literals;

class LiveTest : public ResultsProject {
 protected:
    json live(LiveResults& results) {
        return json::parse(results.answer("/live.json").body).at("runs");
    }
};

TEST_F(LiveTest, ARunningRunIsCountedAsItGrows) {
    LiveResults here(results());
    EXPECT_EQ(live(here), json::array()) << "no run yet";
    make_run(0);
    auto writer = begin(1, 3);
    const auto runs = live(here);
    ASSERT_EQ(runs.size(), 2u);
    EXPECT_EQ(runs[0]["id"], writer.dir().filename().string());
    EXPECT_EQ(runs[0]["state"], "running");
    EXPECT_EQ(runs[0]["done"], (json{{"ipi", 3}, {"reviewed", 3}}));
    EXPECT_EQ(runs[1]["state"], "ended");
    auto more = fixture::make_samples(fixture::make_spec(4)).back();
    ASSERT_FALSE(writer.has(more.id));
    ASSERT_TRUE(writer.append(more));
    EXPECT_EQ(live(here)[0]["done"][more.id.arm], 4);
    // A torn line is not counted until it is complete.
    const auto file = writer.dir() / "samples.jsonl";
    { std::ofstream(file, std::ios::app) << R"({"id": {"arm": "ipi"})"; }
    EXPECT_EQ(live(here)[0]["done"]["ipi"], 3 + (more.id.arm == "ipi"));
    { RunWriter gone = std::move(writer); }
    EXPECT_EQ(live(here)[0]["state"], "interrupted");
}

TEST_F(LiveTest, MetricsOfAllRunsForPrometheus) {
    LiveResults here(results());
    const auto has = [&](const std::string& line) {
        const auto answer = here.answer("/metrics");
        EXPECT_EQ(answer.status, 200u);
        EXPECT_EQ(answer.type, "text/plain; version=0.0.4; charset=utf-8");
        return answer.body.find("\n" + line + "\n") != std::string::npos;
    };
    EXPECT_TRUE(has("# TYPE rig_runs gauge")) << "no run yet";
    const auto run = make_run(0);
    const auto loaded = load_run(run);
    ASSERT_TRUE(loaded);
    const auto input = report_of(*loaded);
    ASSERT_TRUE(input) << input.error().message;
    const auto report = render_json(*input);
    std::ofstream(run / "report.json") << report;
    const auto info = json::parse(slurp(run / "run.json"));
    RunRecord record;
    take_run_json(info, record);
    ASSERT_TRUE(take_report_json(report, record));
    const auto ended = fmt::format("rig_runs{{experiment=\"{}\",state=\"ended\",verdict=\"{}\"}} 1",
                                   record.experiment, record.verdict());
    EXPECT_TRUE(has(ended)) << here.answer("/metrics").body;
    {
        auto writer = begin(1, 3);
        EXPECT_TRUE(
            has(fmt::format("rig_runs{{experiment=\"{}\",state=\"running\",verdict=\"unknown\"}} 1",
                            record.experiment)))
            << here.answer("/metrics").body;
        EXPECT_TRUE(has(ended));
    }
    // What was read once is read again when it changes: the kernel ended this run.
    auto failed = info;
    failed["failure"] = "kernel: panic: not syncing";
    std::filesystem::remove(run / "report.json");
    std::ofstream(run / "run.json") << failed.dump();
    EXPECT_TRUE(has(fmt::format("rig_runs{{experiment=\"{}\",state=\"failed\",verdict=\"fail\"}} 1",
                                record.experiment)))
        << here.answer("/metrics").body;
    std::filesystem::remove_all(run);
    EXPECT_FALSE(has(ended));
    EXPECT_EQ(here.answer("/metrics/x").status, 404u);
}

TEST_F(LiveTest, AConsoleFromAnyByteOn) {
    const auto run = make_run(0);
    std::ofstream(run / "boots/0000-ipi-0/console.log") << "[ 0.0] booting <script>\n";
    LiveResults here(results());
    const auto base = "/console/" + run.filename().string() + "/0000-ipi-0";
    EXPECT_EQ(here.answer(base).body, "[ 0.0] booting <script>\n");
    EXPECT_EQ(here.answer(base).type, "text/plain; charset=utf-8");
    EXPECT_EQ(here.answer(base + "?from=7").body, "booting <script>\n");
    EXPECT_EQ(here.answer(base + "?from=99999999").body, "");
    EXPECT_EQ(here.answer(base + "?from=7").headers.at(0).second, "24");
    for (const char* bad : {"?from=", "?from=-1", "?from=7x", "?to=7"})
        EXPECT_EQ(here.answer(base + bad).status, 400u) << bad;
}

// Names in an address are searched for, not followed.
TEST_F(LiveTest, NothingOutsideOfTheResultsIsShown) {
    const auto run = make_run(0);
    const auto id = run.filename().string();
    std::ofstream(top_ / "secret") << "secret";
    std::filesystem::create_directories(top_ / "boots/x");
    std::ofstream(top_ / "boots/x/console.log") << "secret";
    std::filesystem::create_symlink(top_ / "secret", run / "boots/0000-ipi-0/console.log");
    LiveResults here(results());
    for (const auto& target :
         {std::string("/console/../x"), std::string("/console/%2e%2e/x"), "/console/" + id + "/..",
          "/console/" + id + "/%2e%2e%2f..", "/report/.."s, "/console/" + id + "/0000-ipi-0",
          "/report/" + id + "%00", "//live.json/x"s, "/console"s, "/live.json/x"s, "/report"s,
          "/nothing"s, "/console/" + id + "/0000-ipi-0/more"}) {
        const auto answer = here.answer(target);
        EXPECT_EQ(answer.status, 404u) << target;
        EXPECT_EQ(answer.body.find("secret"), std::string::npos) << target;
    }
    EXPECT_EQ(here.answer("/").status, 200u);
    std::filesystem::create_directory_symlink(top_, results() / "link");
    std::filesystem::create_symlink(top_ / "secret", run / "report.txt");
    for (const auto& target : {"/report/" + id, "/console/link/x"s})
        EXPECT_EQ(here.answer(target).status, 404u) << target;
}

// A folder with foreign files does not end the server.
TEST_F(LiveTest, AFolderThatIsDamagedIsNoEnd) {
    const auto run = make_run(0);
    std::ofstream(run / "samples.jsonl")
        << "{\"id\": 5}\n{\"id\": {\"arm\": \"ipi\"}}\n[1]\nnot json\n";
    std::ofstream(run / "report.json") << R"({"verdict": {"closing": null}})";
    LiveResults here(results());
    EXPECT_EQ(here.answer("/live.json").status, 500u) << "told, not died of";
    std::filesystem::remove(run / "report.json");
    EXPECT_EQ(live(here)[0]["done"], (json{{"ipi", 1}}));
}

// Sends one request unchanged and returns the whole answer.
std::string ask(std::uint16_t port, const std::string& request) {
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    boost::system::error_code error;
    socket.connect({asio::ip::address_v4::loopback(), port}, error);
    EXPECT_FALSE(error) << error.message();
    asio::write(socket, asio::buffer(request), error);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    return answer;
}

TEST(Serve, AnswersThisMachineOnlyAndStops) {
    std::promise<std::uint16_t> port;
    std::stop_source stop;
    const std::function<HttpAnswer(std::string_view)> answer = [](std::string_view target) {
        return HttpAnswer{
            200, "text/plain", "you asked for " + std::string(target), {{"X-Size", "3"}}};
    };
    auto served = std::async(std::launch::async, [&] {
        return serve(
            0, answer, [&](std::uint16_t is) { port.set_value(is); }, stop.get_token());
    });
    const auto here = port.get_future().get();
    const auto get = [&](const std::string& method, const std::string& host) {
        return ask(here,
                   method + " /a?b HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    };
    const auto good = get("GET", "127.0.0.1:8642");
    EXPECT_TRUE(good.starts_with("HTTP/1.1 200 ")) << good;
    EXPECT_NE(good.find("\r\n\r\nyou asked for /a?b"), good.npos) << good;
    EXPECT_NE(good.find("X-Size: 3\r\n"), good.npos);
    EXPECT_NE(good.find("X-Content-Type-Options: nosniff\r\n"), good.npos);
    for (const char* host : {"localhost", "localhost:1", "[::1]:8642", "[::1]"})
        EXPECT_TRUE(get("GET", host).starts_with("HTTP/1.1 200 ")) << host;
    // A foreign name that resolves to this machine.
    for (const char* host :
         {"evil.example", "evil.example:8642", "127.0.0.1.evil.example", "", "localhost.evil"})
        EXPECT_TRUE(get("GET", host).starts_with("HTTP/1.1 403 ")) << host;
    EXPECT_TRUE(get("POST", "localhost").starts_with("HTTP/1.1 405 "));
    const auto head = get("HEAD", "localhost");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n")) << head;
    EXPECT_FALSE(
        ask(here, "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20000, 'x') + "\r\n\r\n")
            .starts_with("HTTP/1.1 200 "));
    const auto taken = serve(here, answer, [](std::uint16_t) {}, {});
    ASSERT_FALSE(taken);
    EXPECT_NE(taken.error().message.find("--port 0"), std::string::npos) << taken.error().message;
    stop.request_stop();
    EXPECT_TRUE(served.get());
}

} // namespace
} // namespace rig
