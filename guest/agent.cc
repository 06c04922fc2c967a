// SPDX-License-Identifier: GPL-2.0-or-later
// rig's agent: PID 1 of the guest. It mounts file systems, sends Hello, reads a plan, carries it
// out and ends the machine. It never reads its argv, which contains unknown parameters of the
// kernel's command line.
#include "guest/arch.h"
#include "guest/channel.h"
#include "guest/deadline.h"
#include "guest/detectors.h"
#include "guest/files.h"
#include "guest/kernel_log.h"
#include "guest/measure.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using nlohmann::json;
using rig::guest::Channel;
using rig::guest::FrameType;

void mount_all() {
    const struct {
        const char *type, *target;
        bool required;
    } mounts[] = {{"devtmpfs", "/dev", true},
                  {"proc", "/proc", true},
                  {"sysfs", "/sys", true},
                  {"tmpfs", "/tmp", true},
                  {"debugfs", "/sys/kernel/debug", false},
                  {"tracefs", "/sys/kernel/tracing", false}};
    for (const auto& m : mounts) {
        ::mkdir(m.target, 0755);
        if (::mount(m.type, m.target, m.type, 0, nullptr) != 0 && m.required)
            std::fprintf(stderr, "rig-agent: mount %s failed\n", m.target);
    }
}

[[noreturn]] void end_machine() {
    ::sync();
    ::reboot(rig::guest::kEndOfMachine);
    for (;;)
        ::pause();
}

void shell() {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::setsid();
        const int tty = ::open(rig::guest::kConsole, O_RDWR);
        for (int fd = 0; fd < 3; ++fd)
            ::dup2(tty, fd);
        ::setenv("PATH", "/bin", 1);
        ::setenv("HOME", "/tmp", 1);
        ::setenv("PS1", "guest# ", 1);
        ::chdir("/tmp") == 0 ? void() : void();
        ::execl("/bin/busybox", "cttyhack", "/bin/busybox", "sh", static_cast<char*>(nullptr));
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
}

void last_words() {
    const int log = ::open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    const std::string line = std::string("<4>") + rig::guest::kLastWords + "\n";
    if (log < 0 || ::write(log, line.data(), line.size()) < 0) std::perror("rig-agent: /dev/kmsg");
    if (log >= 0) ::close(log);
}

void serve(Channel& channel, rig::guest::KernelLog& log) {
    utsname names{};
    ::uname(&names);
    channel.send(FrameType::Hello, json{{"protocol", rig::guest::kProtocolVersion},
                                        {"release", names.release},
                                        {"version", names.version},
                                        {"cpus", ::sysconf(_SC_NPROCESSORS_ONLN)}}
                                       .dump());
    std::string error;
    const std::string text = rig::guest::read_plan(error);
    if (!error.empty())
        return channel.send(FrameType::Failure, json{{"stage", "plan"}, {"message", error}}.dump());
    try {
        const json plan = json::parse(text);
        const auto mode = plan.at("mode").get<std::string>();
        rig::guest::Deadline deadline(plan.value("deadline_s", 0u), channel, log);
        if (mode == "measure")
            rig::guest::measure(plan, channel, deadline);
        else if (mode == "shell")
            shell();
        else if (mode != "idle")
            throw std::runtime_error("unknown mode '" + mode + "', want measure, shell or idle");
    } catch (const std::exception& e) {
        channel.send(FrameType::Failure, json{{"stage", "plan"}, {"message", e.what()}}.dump());
    }
}

} // namespace

int main() {
    mount_all();
    ::signal(SIGPIPE, SIG_IGN);
    Channel channel;
    rig::guest::KernelLog log;
    if (channel.open()) {
        const auto switches = rig::guest::detector_switches();
        serve(channel, log);
        channel.send_text(rig::guest::kDetectorSwitches,
                          rig::guest::detector_report(switches, rig::guest::detector_switches()));
        channel.send_text(rig::guest::kKernelLog, log.read());
        last_words();
        channel.send(FrameType::Bye, "");
    } else {
        std::fprintf(stderr, "rig-agent: no virtio-serial port named %s\n",
                     rig::guest::kChannelName);
    }
    end_machine();
}
