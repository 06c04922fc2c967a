// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/qemu_hypervisor.h"

#include "rig/host/cpu_binding.h"
#include "rig/hypervisor/guest_files.h"
#include "rig/hypervisor/qmp.h"

#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <linux/capability.h>
#include <optional>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace rig {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
constexpr std::size_t kMessagesKept = 4096;
constexpr std::chrono::seconds kPatience{
    // Time limit for reading the registers, and the memory, of a guest that hangs.
    60};
// QEMU's messages on stderr: from softmmu/watchdog.c (hw/watchdog/watchdog.c before 7.0) for the
// action "debug", and from softmmu/runstate.c, qemu_system_guest_panicked(), with -d guest_errors.
// The fault matrix has a guest of 7.2 for each; 10.0 (riscv64) prints the same.
constexpr std::string_view kWatchdogFired = "watchdog: timer fired",
                           kGuestPanicked = "Guest crashed";

// Everything about one running guest. All handlers run on the thread that calls run().
class Session {
 public:
    Session(const BootRequest& request, std::string program,
            const std::function<bool(std::string_view)>& on_bytes)
        : request_(request), program_(std::move(program)), files_(request, on_bytes) {}

    Result<GuestEnd> run(std::stop_token stop);

 private:
    Status start();
    void read_messages();
    void take_message(std::size_t bytes);
    void take_rest_of_messages();
    void watch();
    void end_hung(decltype(GuestEnd::outcome) why);
    void end(decltype(GuestEnd::outcome) why);

    const BootRequest& request_;
    const std::string program_;
    GuestFiles files_;
    asio::io_context io_;
    asio::posix::stream_descriptor messages_{io_};
    asio::steady_timer deadline_{io_}, poll_{io_};
    std::array<char, 1024> message_buffer_{};
    pid_t pid_ = -1;
    std::optional<decltype(GuestEnd::outcome)> forced_; // why rig killed it
    GuestEnd end_;
    std::optional<HostCpu> cpu_;
    std::vector<int> to_pin_; // the host CPUs of the vCPUs, until their threads exist
};

Status Session::start() {
    const bool interactive = request_.console_log.empty();
    RIG_CHECK(files_.made());
    int pipe_fds[2];
    if (::pipe2(pipe_fds, O_CLOEXEC) != 0)
        return fail(FaultDomain::Host, fmt::format("pipe: {}", std::strerror(errno)));
    const auto argv = qemu_argv(request_, program_);
    std::vector<char*> args;
    for (const auto& arg : argv)
        args.push_back(const_cast<char*>(arg.c_str()));
    args.push_back(nullptr);
    const auto& arch = arch_named(request_.arch);
    const auto no_qemu =
        fmt::format("cannot execute {} (package {})\n", program_, arch.qemu_package);
    if (request_.clock == GuestClock::Virtual)
        cpu_.emplace(request_.host_cpus);
    else
        to_pin_ = cpus_of_vcpus(request_.vcpus, request_.host_cpus);
    io_.notify_fork(asio::io_context::fork_prepare);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        // Only async-signal-safe calls from here on. PR_SET_PDEATHSIG: the guest dies with rig,
        // even if rig is killed.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        if (cpu_)
            cpu_->bind();
        else if (!request_.host_cpus.empty())
            bind_to(0, request_.host_cpus);
        const auto largest = request_.memory_dump.empty()
                                 ? kMaxFile
                                 : kMaxFile + (static_cast<rlim_t>(request_.memory_mib) << 20);
        const rlimit file{largest, largest}, no_core{0, 0};
        ::setrlimit(RLIMIT_FSIZE, &file); // QEMU gets SIGXFSZ beyond it
        ::setrlimit(RLIMIT_CORE, &no_core);
        // If rig runs as root, QEMU keeps only the capabilities to read and write its files,
        // wherever the user has them, and gains none by exec. (Changing to another UID would clear
        // PR_SET_PDEATHSIG.)
        for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
            if (capability != CAP_DAC_OVERRIDE && capability != CAP_DAC_READ_SEARCH)
                ::prctl(PR_CAPBSET_DROP, capability);
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (!interactive) {
            ::setpgid(0, 0); // rig handles a SIGINT from the terminal
            const int null = ::open("/dev/null", O_RDONLY);
            ::dup2(null, 0);
            ::dup2(pipe_fds[1], 1);
        }
        ::dup2(pipe_fds[1], 2);
        ::execvp(args[0], args.data());
        [[maybe_unused]] const auto n = ::write(2, no_qemu.data(), no_qemu.size());
        ::_exit(127);
    }
    io_.notify_fork(asio::io_context::fork_parent);
    ::close(pipe_fds[1]);
    messages_.assign(pipe_fds[0]);
    if (pid_ < 0) return fail(FaultDomain::Host, fmt::format("fork: {}", std::strerror(errno)));
    return {};
}

void Session::read_messages() {
    messages_.async_read_some(asio::buffer(message_buffer_),
                              [this](error_code error, std::size_t n) {
                                  take_message(n);
                                  if (!error) read_messages();
                              });
}

void Session::take_message(std::size_t bytes) {
    // Search before the text is truncated, and across two pieces of output.
    const auto from =
        end_.messages.size() -
        std::min(end_.messages.size(), std::max(kWatchdogFired.size(), kGuestPanicked.size()));
    end_.messages.append(message_buffer_.data(), bytes);
    const std::string_view news = std::string_view(end_.messages).substr(from);
    end_.panicked = end_.panicked || news.find(kGuestPanicked) != news.npos;
    const bool fired = news.find(kWatchdogFired) != news.npos;
    if (end_.messages.size() > kMessagesKept)
        end_.messages.erase(0, end_.messages.size() - kMessagesKept);
    if (fired && !forced_) end_hung(WatchdogFired{});
}

// Reads what a QEMU that is gone still had printed.
void Session::take_rest_of_messages() {
    error_code error;
    messages_.non_blocking(true, error);
    while (!error)
        if (const auto n = messages_.read_some(asio::buffer(message_buffer_), error); n > 0)
            take_message(n);
}

void Session::end_hung(decltype(GuestEnd::outcome) why) {
    if (!request_.monitor.empty()) {
        const bool late = std::holds_alternative<TimedOut>(why);
        auto seen = examine_hung_guest(request_.monitor, request_.memory_dump,
                                       late ? kLooksAgain : 0, kPatience);
        end_.registers = seen ? std::move(seen->registers) : seen.error().message + "\n";
        if (seen) end_.registers_again = std::move(seen->registers_again);
    }
    if (!files_.read()) why = Cancelled{}; // what the guest sent before it hung
    end(why);
}

void Session::end(decltype(GuestEnd::outcome) why) {
    if (!forced_) forced_ = why;
    if (pid_ > 0) ::kill(pid_, SIGKILL);
}

// Poll for the child instead of using SIGCHLD: several sessions run in one process, and a signal
// handler is global. 5 ms are short compared with boots of seconds.
void Session::watch() {
    int status = 0;
    const bool gone = ::waitpid(pid_, &status, WNOHANG) == pid_;
    if (gone) pid_ = -1;
    // Read the rest after the guest's end, too: a protocol violation found only then still counts.
    if (!forced_ && !files_.read()) end(Cancelled{});
    if (!forced_ && files_.flooded()) {
        end_.console_flood = true;
        end(Cancelled{});
    }
    if (!forced_ && files_.halted()) end(Exited{0}); // counts as powered off
    if (!gone && !to_pin_.empty() && pin_vcpus(pid_, to_pin_)) to_pin_.clear();
    if (gone) {
        take_rest_of_messages();
        if (forced_)
            end_.outcome = *forced_;
        else if (WIFSIGNALED(status))
            end_.outcome = Signalled{WTERMSIG(status)};
        else
            end_.outcome = Exited{WEXITSTATUS(status)};
        return io_.stop();
    }
    poll_.expires_after(std::chrono::milliseconds(5));
    poll_.async_wait([this](error_code) { watch(); });
}

Result<GuestEnd> Session::run(std::stop_token stop) {
    const auto started = std::chrono::steady_clock::now();
    RIG_CHECK(start());
    read_messages();
    watch();
    deadline_.expires_after(request_.deadline);
    deadline_.async_wait([this](error_code error) {
        if (error) return;
        if (pid_ > 0) end_.starved_seconds = starved_seconds(pid_);
        end_hung(TimedOut{});
    });
    {
        std::stop_callback on_stop(stop, [this] { asio::post(io_, [this] { end(Cancelled{}); }); });
        io_.run();
    }
    end_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    if (end_.outcome == decltype(end_.outcome){Exited{127}})
        return fail(FaultDomain::Host, "QEMU did not start: " + end_.messages);
    return end_;
}

} // namespace

Result<GuestEnd> QemuHypervisor::run(const BootRequest& request,
                                     const std::function<bool(std::string_view)>& on_bytes,
                                     std::stop_token stop) {
    RIG_TRY(program, emulator(arch_named(request.arch)));
    return Session(request, program, on_bytes).run(stop);
}

Result<Emulator> QemuHypervisor::find(const Arch& arch) const {
    return emulator_of_ ? emulator_of_(arch) : Emulator{arch.qemu};
}

Result<std::string> QemuHypervisor::emulator(const Arch& arch) {
    RIG_TRY(found, find(arch));
    return found.program;
}

Result<std::string> QemuHypervisor::version(const Arch& arch) {
    RIG_TRY(found, find(arch));
    Command command;
    command.argv = {found.program, "--version"};
    command.timeout = std::chrono::seconds(20);
    RIG_TRY(result, runner_.run(command));
    const auto said = result.out.substr(0, result.out.find('\n'));
    if (!result.ok())
        return fail(FaultDomain::Host,
                    fmt::format("{} --version: {}{}{}", found.program, describe(result),
                                said.empty() ? "" : ": ", said));
    return found.packages.empty() ? said : fmt::format("{}, {}", said, found.packages);
}

} // namespace rig
