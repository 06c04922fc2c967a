// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/workload_commands.h"

#include "guest/files.h"
#include "guest/instruments.h"

#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>

namespace rig::guest {
namespace {

using nlohmann::json;

bool is_planned(const json& plan, const std::string& step) {
    const auto around = plan.find("around");
    return around != plan.end() && around->contains(step);
}

} // namespace

json run_step(const json& plan, const std::string& step, const std::string& pass, Channel& channel,
              Deadline& deadline) {
    if (!is_planned(plan, step)) return nullptr;
    const auto output = pass + "-" + step + ".txt", path = "/tmp/" + output;
    const auto argv = plan.at("around").at(step).get<std::vector<std::string>>();
    const pid_t pid = spawn(argv, path, path);
    if (pid < 0) return nullptr;
    deadline.awaits(pid);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    deadline.awaits(0);
    channel.send_tail(output, path);
    json outcome = WIFSIGNALED(status) ? json{{"signal", WTERMSIG(status)}}
                                       : json{{"exit", WEXITSTATUS(status)}};
    outcome["said"] = tail(path);
    return outcome;
}

bool step_succeeded(const json& plan, const std::string& step, const json& outcome,
                    std::string& error) {
    if (!is_planned(plan, step)) return true;
    if (outcome.is_null()) {
        error = errno_text("workload." + step);
        return false;
    }
    if (outcome.value("exit", -1) == 0) return true;
    error = "workload." + step +
            (outcome.contains("signal")
                 ? " was killed by signal " + std::to_string(outcome.at("signal").get<int>())
                 : " ended with exit code " + std::to_string(outcome.at("exit").get<int>())) +
            "; it said: " + outcome.at("said").get<std::string>();
    return false;
}

void report_required(const json& plan, Channel& channel, json& result) {
    const auto paths = plan.find("required_paths");
    if (paths == plan.end()) return;
    copy_file("/proc/cpuinfo", "/tmp/cpuinfo.txt");
    channel.send_file("cpuinfo.txt", "/tmp/cpuinfo.txt");
    auto& found = result["required"] = json::array();
    for (const auto& path : *paths)
        found.push_back(::access(path.get<std::string>().c_str(), F_OK) == 0);
}

} // namespace rig::guest
