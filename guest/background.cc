// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/background.h"

#include "guest/files.h"
#include "guest/instruments.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace rig::guest {
namespace {

// cyclictest locks its memory and starts its threads within 50 ms of guest time.
constexpr unsigned kSettleMicroseconds = 200'000;
constexpr int kPatience = 1000; // wait up to this many times 10 ms after SIGINT

std::string ending(int status) {
    if (WIFSIGNALED(status)) return "was killed by signal " + std::to_string(WTERMSIG(status));
    return "ended with exit code " + std::to_string(WEXITSTATUS(status));
}

} // namespace

Backgrounds::~Backgrounds() {
    for (const auto& one : running_) {
        ::kill(one.pid, SIGKILL);
        ::waitpid(one.pid, nullptr, 0);
    }
}

bool Backgrounds::start(const nlohmann::json& list, const std::string& pass, std::string& error) {
    for (const auto& entry : list) {
        const auto name = entry.at("name").get<std::string>();
        const auto output = pass + "-background-" + name + ".txt";
        const auto argv = entry.at("command").get<std::vector<std::string>>();
        const pid_t pid = spawn(argv, "/tmp/" + output, "/tmp/" + output);
        if (pid < 0) {
            error = errno_text("background " + name);
            return false;
        }
        outputs_.push_back(output);
        running_.push_back({name, output, pid});
    }
    if (running_.empty()) return true;
    ::usleep(kSettleMicroseconds);
    for (auto one = running_.begin(); one != running_.end(); ++one) {
        int status = 0;
        if (::waitpid(one->pid, &status, WNOHANG) != one->pid) continue;
        error = "background " + one->name + " " + ending(status) +
                " at once: " + tail("/tmp/" + one->output);
        running_.erase(one);
        return false;
    }
    return true;
}

bool Backgrounds::stop(std::string& error) {
    bool good = true;
    for (const auto& one : running_) {
        int status = 0;
        if (::waitpid(one.pid, &status, WNOHANG) == one.pid) {
            error = "background " + one.name + " " + ending(status) +
                    " before the workload was done: " + tail("/tmp/" + one.output);
            good = false;
            continue;
        }
        ::kill(one.pid, SIGINT);
        bool ended = false;
        for (int waited = 0; waited < kPatience && !ended; ++waited) {
            ended = ::waitpid(one.pid, &status, WNOHANG) == one.pid;
            if (!ended) ::usleep(10'000);
        }
        if (ended) continue;
        ::kill(one.pid, SIGKILL);
        ::waitpid(one.pid, nullptr, 0);
        error = "background " + one.name + " did not end on SIGINT";
        good = false;
    }
    running_.clear();
    return good;
}

} // namespace rig::guest
