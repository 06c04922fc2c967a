// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/deadline.h"

#include "guest/arch.h"
#include "guest/files.h"
#include "guest/task_states.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <new>
#include <nlohmann/json.hpp>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace rig::guest {
namespace {

// The machine's watchdog, active as long as it is open. A watchdog of any other type is left alone,
// because its effect is unknown.
class Watchdog {
 public:
    Watchdog() : fd_(::open("/dev/watchdog", O_WRONLY | O_CLOEXEC)) {
        if (fd_ < 0) return;
        watchdog_info info{};
        int seconds = kWatchdogSeconds;
        if (::ioctl(fd_, WDIOC_GETSUPPORT, &info) == 0 &&
            std::string_view(reinterpret_cast<const char*>(info.identity)) == "i6300ESB timer" &&
            ::ioctl(fd_, WDIOC_SETTIMEOUT, &seconds) == 0 &&
            seconds == static_cast<int>(kWatchdogSeconds))
            return;
        stop();
    }
    void keep() const {
        if (fd_ >= 0) ::ioctl(fd_, WDIOC_KEEPALIVE, 0);
    }
    void stop() {
        if (fd_ < 0) return;
        int off = WDIOS_DISABLECARD; // close() alone would leave it running
        ::ioctl(fd_, WDIOC_SETOPTIONS, &off);
        ::close(fd_);
        fd_ = -1;
    }

 private:
    int fd_;
};

sigset_t only(int signal) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, signal);
    return set;
}

// False: SIGTERM came, because the boot met the deadline.
bool wait_for(unsigned seconds) {
    const timespec rest{static_cast<time_t>(seconds), 0};
    const auto term = only(SIGTERM);
    int signal = 0;
    do
        signal = ::sigtimedwait(&term, nullptr, &rest);
    while (signal < 0 && errno == EINTR);
    return signal < 0;
}

} // namespace

Deadline::Deadline(unsigned seconds, Channel& channel, KernelLog& log) {
    if (seconds == 0) return;
    if (void* shared = ::mmap(nullptr, sizeof *awaited_, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        shared != MAP_FAILED)
        awaited_ = new (shared) std::atomic<pid_t>(0);
    // Block SIGTERM before fork(), so that it stays pending if the parent sends it before the child
    // waits for it.
    const auto term = only(SIGTERM);
    sigset_t before;
    ::sigprocmask(SIG_BLOCK, &term, &before);
    pid_ = ::fork();
    if (pid_ != 0) {
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
        return;
    }
    ::prctl(PR_SET_NAME, "rig-deadline");
    write_file("/proc/self/oom_score_adj", "-1000");
    Watchdog watchdog;
    for (unsigned left = seconds, turn = 0; left > 0; left -= turn) {
        turn = std::min(left, kWatchdogSeconds / 2u);
        if (!wait_for(turn)) {
            watchdog.stop();
            ::_exit(0);
        }
        watchdog.keep();
    }
    write_file("/proc/sysrq-trigger", "w");
    channel.send_text(kTasks, task_report(awaited_ ? awaited_->load() : 0));
    channel.send_text(kKernelLog, log.read());
    channel.send(FrameType::Failure,
                 nlohmann::json{{"stage", kDeadlineStage},
                                {"message", "no end within " + std::to_string(seconds) +
                                                " s of the guest's clock"}}
                     .dump());
    ::reboot(kEndOfMachine);
    ::_exit(1);
}

Deadline::~Deadline() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::kill(pid_, SIGCONT); // in case that something has stopped it
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

} // namespace rig::guest
