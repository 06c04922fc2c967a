#include "guest/deadline.h"

#include "guest/files.h"

#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace rig::guest {

Deadline::Deadline(unsigned seconds, Channel& channel) {
    if (seconds == 0) return;
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_NAME, "rig-deadline");
    timespec rest{static_cast<time_t>(seconds), 0};
    while (::nanosleep(&rest, &rest) != 0 && errno == EINTR) {
    }
    write_file("/proc/sysrq-trigger", "w");
    channel.send(
        FrameType::Failure,
        nlohmann::json{{"stage", kDeadlineStage}, {"message", "no end within " + std::to_string(seconds) + " s of the guest's clock"}}.dump());
    ::reboot(RB_POWER_OFF);
    ::_exit(1);
}

Deadline::~Deadline() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

} // namespace rig::guest
