// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/instruments.h"

#include "guest/files.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rig::guest {
namespace {

constexpr const char* kTracing = "/sys/kernel/tracing";
constexpr const char* kPointers = "/proc/sys/kernel/kptr_restrict";

std::string replace_pids(std::string text, const OwnTasks& tasks) {
    for (const auto& [mark, pid] : {std::pair<std::string, pid_t>{"$PID", tasks.pid},
                                    {"$LAST", tasks.last},
                                    {"$CHILDREN", first_child_pid(tasks.last)}})
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at))
            text.replace(at, mark.size(), std::to_string(pid));
    return text;
}

} // namespace

pid_t spawn(const std::vector<std::string>& argv, const std::string& out, const std::string& err) {
    std::vector<char*> args;
    for (const auto& arg : argv)
        args.push_back(const_cast<char*>(arg.c_str()));
    args.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    const auto redirect = [](const std::string& path, int fd) {
        const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (file >= 0) ::dup2(file, fd);
    };
    redirect(out, 1);
    if (out == err)
        ::dup2(1, 2);
    else
        redirect(err, 2);
    ::execv(args[0], args.data());
    ::_exit(127);
}

bool PerfProcess::gave_up(std::string& error) {
    error = "perf " + name_ + ": " + error + ": " + tail(stderr_path());
    return false;
}

bool PerfProcess::start(const std::string& name, std::vector<std::string> args,
                        std::string& error) {
    name_ = name;
    const std::string control = "/tmp/" + name + ".control", ack = "/tmp/" + name + ".ack";
    ::mkfifo(control.c_str(), 0600);
    ::mkfifo(ack.c_str(), 0600);
    // First open both FIFOs here for reading and writing, so that no open(2) of either side blocks.
    control_ = ::open(control.c_str(), O_RDWR | O_CLOEXEC);
    ack_ = ::open(ack.c_str(), O_RDWR | O_CLOEXEC);
    std::vector<std::string> argv{"/bin/perf"};
    argv.insert(argv.end(), args.begin(), args.end());
    for (const std::string& option :
         {std::string("-D"), std::string("-1"), "--control=fifo:" + control + "," + ack})
        argv.push_back(option);
    pid_ = spawn(argv, "/tmp/" + name + ".out", stderr_path());
    if (control_ >= 0 && ack_ >= 0 && pid_ > 0) return true;
    error = errno_text("start");
    return gave_up(error);
}

bool PerfProcess::command(const std::string& verb, std::string& error) {
    const std::string line = verb + "\n";
    if (::write(control_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        error = errno_text("write control fifo");
        return gave_up(error);
    }
    // perf answers "ack\n\0". If it died it never answers, so check for that while waiting.
    for (int waited = 0; waited < 3000; ++waited) {
        pollfd poll{ack_, POLLIN, 0};
        if (::poll(&poll, 1, 20) > 0) {
            char buffer[64];
            const ssize_t n = ::read(ack_, buffer, sizeof buffer);
            if (n >= 3) return true;
        }
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = -1;
            error = "ended before it answered '" + verb + "'";
            return gave_up(error);
        }
    }
    error = "did not answer '" + verb + "' within 60 s of guest time";
    return gave_up(error);
}

bool PerfProcess::stop(std::string& error) {
    if (pid_ < 0) return false;
    ::kill(pid_, SIGINT);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    // After printing, perf stat ends itself with the signal; perf record exits with 0.
    if ((WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
        (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT))
        return true;
    error = WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status))
                              : "killed by signal " + std::to_string(WTERMSIG(status));
    return gave_up(error);
}

KernelPointersHidden::KernelPointersHidden(bool wanted) {
    if (wanted && read_file(kPointers, before_)) write_file(kPointers, "2");
}

KernelPointersHidden::~KernelPointersHidden() {
    if (!before_.empty()) write_file(kPointers, before_);
}

std::vector<std::string> event_arguments(const nlohmann::json& events, const OwnTasks& tasks) {
    std::vector<std::string> args;
    for (const auto& event : events) {
        args.insert(args.end(), {"-e", event.at("event").get<std::string>()});
        const auto filter = event.value("filter", std::string());
        if (!filter.empty()) args.insert(args.end(), {"--filter", replace_pids(filter, tasks)});
    }
    return args;
}

std::vector<std::string> missing_events(const nlohmann::json& plan) {
    std::vector<std::string> missing;
    std::vector<nlohmann::json> events;
    for (const auto& pass : plan.at("passes"))
        for (const char* list : {"stat", "record"})
            for (const auto& event : pass.at(list))
                events.push_back(event);
    for (const auto& event : events) {
        std::string name = event.at("event").get<std::string>();
        name = name.substr(0, name.find('/')); // without perf's own modifiers
        std::string path = name;
        if (const auto colon = path.find(':'); colon != std::string::npos) path[colon] = '/';
        path = std::string(kTracing) + "/events/" + path + "/id";
        const bool known = std::find(missing.begin(), missing.end(), name) != missing.end();
        if (!known && ::access(path.c_str(), F_OK) != 0) missing.push_back(name);
    }
    return missing;
}

bool define_probes(const nlohmann::json& lines, std::string& error) {
    for (const auto& line : lines) {
        const auto text = line.get<std::string>();
        if (!append_line(std::string(kTracing) + "/kprobe_events", text)) {
            error = errno_text("kprobe '" + text + "'");
            return false;
        }
    }
    return true;
}

void disable_probe_optimization() {
    write_file("/proc/sys/debug/kprobes-optimization", "0");
}

int run_to_file(const std::vector<std::string>& argv, const std::string& out,
                const std::string& err) {
    const pid_t pid = spawn(argv, out, err);
    int status = -1;
    while (pid > 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

} // namespace rig::guest
