// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/boost_command_runner.h"

#include "rig/testing/temp_tree.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace rig {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

Command sh(const std::string& script) {
    Command command;
    command.argv = {"sh", "-c", script};
    command.timeout = 30s;
    return command;
}

CommandResult must_run(const Command& command) {
    auto result = BoostCommandRunner().run(command);
    EXPECT_TRUE(result) << result.error().message;
    return result.value_or(CommandResult{});
}

double seconds_since(Clock::time_point t) {
    return std::chrono::duration<double>(Clock::now() - t).count();
}

std::filesystem::path temp_file(const char* name) {
    return std::filesystem::temp_directory_path() /
           ("rig-runner-" + std::to_string(::getpid()) + "-" + name);
}

// PID 1 may reap a process of another session late: a zombie counts as gone.
bool gone(const std::string& pid) {
    std::ifstream stat("/proc/" + pid + "/stat");
    std::string text((std::istreambuf_iterator<char>(stat)), {});
    return text.empty() || text.find(") Z") != std::string::npos;
}
bool soon_gone(std::string pid) {
    while (!pid.empty() && pid.back() == '\n')
        pid.pop_back();
    for (int i = 0; i < 200 && !gone(pid); ++i)
        std::this_thread::sleep_for(10ms);
    return gone(pid);
}

TEST(BoostCommandRunner, ReportsExitCodeAndOutput) {
    auto result = must_run(sh("echo out; echo err >&2; exit 3"));
    EXPECT_EQ(result.outcome, (decltype(result.outcome){Exited{3}}));
    EXPECT_EQ(result.out, "out\nerr\n");
    EXPECT_EQ(describe(result), "exit code 3");
    EXPECT_FALSE(result.ok());
    EXPECT_TRUE(must_run(sh("true")).ok());
}

TEST(BoostCommandRunner, TellsASignalFromAnExitCode) {
    auto killed = must_run(sh("kill -9 $$"));
    EXPECT_EQ(killed.outcome, (decltype(killed.outcome){Signalled{SIGKILL}}));
    EXPECT_EQ(describe(killed), "killed by signal 9 (Killed)");
    EXPECT_EQ(describe(must_run(sh("exit 9"))), "exit code 9");
}

TEST(BoostCommandRunner, NamesAProgramItCannotStart) {
    Command command;
    command.argv = {"no-such-program-here"};
    auto result = BoostCommandRunner().run(command);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_EQ(result.error().message, "cannot start no-such-program-here: no such program in PATH");

    const auto plain = temp_file("plain");
    std::ofstream(plain) << "not a program";
    std::filesystem::permissions(plain, std::filesystem::perms::owner_read);
    command.argv = {plain.string()};
    result = BoostCommandRunner().run(command);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "cannot start " + plain.string() + ": Permission denied");
    std::filesystem::remove(plain);

    auto elsewhere = sh("true");
    elsewhere.cwd = "/no/such/folder";
    result = BoostCommandRunner().run(elsewhere);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("/no/such/folder"), std::string::npos)
        << result.error().message;
}

TEST(BoostCommandRunner, PassesLinesInOrderIncludingAnUnfinishedLast) {
    std::vector<std::string> lines;
    auto command = sh("printf 'one\\r\\n\\nthree'");
    command.on_line = [&](std::string_view line) { lines.emplace_back(line); };
    must_run(command);
    EXPECT_EQ(lines, (std::vector<std::string>{"one", "", "three"}));
}

TEST(BoostCommandRunner, ReadsItsInputFromAFileOrNothing) {
    const rig::testing::TempTree tree;
    BoostCommandRunner runner;
    Command command;
    command.argv = {"cat"};
    EXPECT_EQ(runner.run(command)->out, "");
    command.input = tree.put("input", "two\nlines\n");
    EXPECT_EQ(runner.run(command)->out, "two\nlines\n");
    command.input = tree / "none";
    EXPECT_FALSE(runner.run(command));
}

TEST(BoostCommandRunner, AppendsToTheLogAndSetsEnvironmentAndFolder) {
    const auto log = temp_file("log");
    auto command = sh("echo $RIG_X; pwd; cat");
    command.env["RIG_X"] = "a b";
    command.cwd = "/";
    command.log = log;
    must_run(command);
    must_run(command);
    std::ifstream in(log);
    std::stringstream text;
    text << in.rdbuf();
    EXPECT_EQ(text.str(), "a b\n/\na b\n/\n");
    std::filesystem::remove(log);
}

TEST(BoostCommandRunner, KeepsOnlyTheTailOfLongOutput) {
    auto result = must_run(sh("head -c 5000000 /dev/zero | tr '\\0' x; echo end"));
    EXPECT_EQ(result.out.size(), std::size_t{1} << 20);
    EXPECT_TRUE(result.out.ends_with("xend\n"));
}

TEST(BoostCommandRunner, TimeOutKillsGrandchildren) {
    const auto file = temp_file("pid");
    auto command = sh("sleep 100 & echo $! > " + file.string() + "; wait");
    command.timeout = 1s;
    const auto begin = Clock::now();
    auto result = must_run(command);
    EXPECT_EQ(describe(result), "timed out");
    EXPECT_LT(seconds_since(begin), 3);
    std::ifstream in(file);
    std::string pid;
    in >> pid;
    EXPECT_FALSE(pid.empty());
    EXPECT_TRUE(soon_gone(pid));
    std::filesystem::remove(file);
}

TEST(BoostCommandRunner, TimeOutEndsAProgramThatIgnoresSigterm) {
    auto command = sh("trap '' TERM; while :; do sleep 0.1; done");
    command.timeout = 1s;
    const auto begin = Clock::now();
    EXPECT_EQ(describe(must_run(command)), "timed out");
    EXPECT_GT(seconds_since(begin), 3.5);
    EXPECT_LT(seconds_since(begin), 6);
}

TEST(BoostCommandRunner, AGrandchildHoldingThePipeDoesNotHangIt) {
    for (const char* script : {"sleep 100 & echo $!", "setsid sleep 4 & echo $!"}) {
        const auto begin = Clock::now();
        auto result = must_run(sh(script));
        EXPECT_TRUE(result.ok());
        EXPECT_LT(seconds_since(begin), 2) << script;
        if (std::string_view(script).starts_with("sleep")) {
            EXPECT_TRUE(soon_gone(result.out));
        }
    }
}

TEST(BoostCommandRunner, CancelStopsARunningProgram) {
    std::stop_source stop;
    BoostCommandRunner runner(stop.get_token());
    auto command = sh("echo ready; sleep 100");
    command.on_line = [&](std::string_view) { stop.request_stop(); };
    const auto begin = Clock::now();
    auto result = runner.run(command);
    ASSERT_TRUE(result);
    EXPECT_EQ(describe(*result), "cancelled");
    EXPECT_LT(seconds_since(begin), 3);
    result = runner.run(sh("true"));
    ASSERT_TRUE(result);
    EXPECT_EQ(describe(*result), "cancelled");
}

TEST(BoostCommandRunner, ChildrenHearSigtermEvenIfTheCallerBlocksIt) {
    sigset_t term, before;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &term, &before);
    auto result = must_run(sh("kill -TERM $$; echo still here"));
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    EXPECT_EQ(describe(result), "killed by signal 15 (Terminated)");
}

TEST(BoostCommandRunner, LeaksNoDescriptors) {
    const int leak = ::dup(1); // without O_CLOEXEC
    auto result = must_run(sh("ls /proc/self/fd | wc -l"));
    ::close(leak);
    EXPECT_EQ(result.out, "4\n"); // 0, 1, 2 and the folder that ls reads
}

TEST(BoostCommandRunner, RunsInSeveralThreads) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([i] {
            for (int n = 0; n < 10; ++n)
                EXPECT_EQ(must_run(sh("echo " + std::to_string(i))).out, std::to_string(i) + "\n");
        });
}

} // namespace
} // namespace rig
