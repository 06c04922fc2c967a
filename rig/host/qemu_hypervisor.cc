#include "rig/host/qemu_hypervisor.h"

#include "rig/host/host_cpu.h"
#include "rig/host/qmp.h"

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
constexpr std::chrono::seconds kPatience{60}; // for the registers, and the memory, of a guest that hangs

// Everything of one running guest. All handlers run on the one thread that calls run().
class Session {
 public:
    Session(const BootRequest& request, const std::function<bool(std::string_view)>& on_bytes) : request_(request), on_bytes_(on_bytes) {}

    Result<GuestEnd> run(std::stop_token stop);

 private:
    Status start();
    void read_channel();
    void read_messages();
    void watch();
    void end(decltype(GuestEnd::outcome) why);

    const BootRequest& request_;
    const std::function<bool(std::string_view)>& on_bytes_;
    asio::io_context io_;
    asio::posix::stream_descriptor messages_{io_};
    asio::steady_timer deadline_{io_}, poll_{io_};
    std::ifstream channel_;
    std::array<char, 65536> buffer_{};
    std::array<char, 1024> message_buffer_{};
    pid_t pid_ = -1;
    std::optional<decltype(GuestEnd::outcome)> forced_; // why we killed it
    GuestEnd end_;
    std::optional<HostCpu> cpu_;
};

Status Session::start() {
    const bool interactive = request_.console_log.empty();
    if (!request_.channel.empty()) {
        // Made here, so that it can be read from the start; QEMU truncates it.
        std::ofstream made(request_.channel);
        channel_.open(request_.channel, std::ios::binary);
        if (!made || !channel_) return fail(Blame::Host, fmt::format("cannot make {}: {}", request_.channel.string(), std::strerror(errno)));
    }
    int pipe_fds[2];
    if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return fail(Blame::Host, fmt::format("pipe: {}", std::strerror(errno)));
    const auto argv = qemu_argv(request_);
    std::vector<char*> args;
    for (const auto& arg : argv) args.push_back(const_cast<char*>(arg.c_str()));
    args.push_back(nullptr);
    if (request_.clock == GuestClock::Virtual) cpu_.emplace();
    io_.notify_fork(asio::io_context::fork_prepare);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        // Only async-signal-safe calls from here on. The guest dies with us even if we are killed.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        if (cpu_) cpu_->bind();
        const auto largest = request_.memory_dump.empty() ? kMaxFile : kMaxFile + (static_cast<rlim_t>(request_.memory_mib) << 20);
        const rlimit file{largest, largest}, no_core{0, 0};
        ::setrlimit(RLIMIT_FSIZE, &file); // beyond it: SIGXFSZ
        ::setrlimit(RLIMIT_CORE, &no_core);
        // Of root's rights only those to read and write its files, wherever the user's permissions put them, and none to be had by exec.
        // (Another user's ID would clear the signal of the parent's death.)
        for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
            if (capability != CAP_DAC_OVERRIDE && capability != CAP_DAC_READ_SEARCH) ::prctl(PR_CAPBSET_DROP, capability);
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (!interactive) {
            ::setpgid(0, 0); // a SIGINT at the terminal is for rig to handle
            const int null = ::open("/dev/null", O_RDONLY);
            ::dup2(null, 0);
            ::dup2(pipe_fds[1], 1);
        }
        ::dup2(pipe_fds[1], 2);
        ::execvp(args[0], args.data());
        const char message[] = "cannot execute qemu-system-x86_64 (package qemu-system-x86)\n";
        [[maybe_unused]] const auto n = ::write(2, message, sizeof message - 1);
        ::_exit(127);
    }
    io_.notify_fork(asio::io_context::fork_parent);
    ::close(pipe_fds[1]);
    messages_.assign(pipe_fds[0]);
    if (pid_ < 0) return fail(Blame::Host, fmt::format("fork: {}", std::strerror(errno)));
    return {};
}

// What came since the last time.
void Session::read_channel() {
    while (!forced_ && channel_.is_open()) {
        channel_.clear(); // the end of the file a moment ago is not the end now
        channel_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
        const auto n = static_cast<std::size_t>(channel_.gcount());
        if (n == 0) return;
        if (!on_bytes_({buffer_.data(), n})) end(Cancelled{});
    }
}

void Session::read_messages() {
    messages_.async_read_some(asio::buffer(message_buffer_), [this](error_code error, std::size_t n) {
        end_.messages.append(message_buffer_.data(), n);
        if (end_.messages.size() > kMessagesKept) end_.messages.erase(0, end_.messages.size() - kMessagesKept);
        if (!error) read_messages();
    });
}

void Session::end(decltype(GuestEnd::outcome) why) {
    if (!forced_) forced_ = why;
    if (pid_ > 0) ::kill(pid_, SIGKILL);
}

// The child is polled for rather than caught by SIGCHLD: several sessions run in one process, and a signal handler is
// global. 5 ms against boots of seconds.
void Session::watch() {
    int status = 0;
    const bool gone = ::waitpid(pid_, &status, WNOHANG) == pid_;
    if (gone) pid_ = -1;
    read_channel(); // after a guest's end: the rest of it; a violation found only then is one all the same
    std::error_code error;
    if (!request_.console_log.empty() && std::filesystem::file_size(request_.console_log, error) > kMaxConsole && !error && !forced_) {
        end_.console_flood = true;
        end(Cancelled{});
    }
    if (gone) {
        if (forced_) end_.outcome = *forced_;
        else if (WIFSIGNALED(status)) end_.outcome = Signalled{WTERMSIG(status)};
        else end_.outcome = Exited{WEXITSTATUS(status)};
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
        if (!request_.monitor.empty()) {
            auto registers = examine_hung_guest(request_.monitor, request_.memory_dump, kPatience);
            end_.registers = registers ? *registers : registers.error().message + "\n";
        }
        end(TimedOut{});
    });
    {
        std::stop_callback on_stop(stop, [this] { asio::post(io_, [this] { end(Cancelled{}); }); });
        io_.run();
    }
    end_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    if (end_.outcome == decltype(end_.outcome){Exited{127}})
        return fail(Blame::Host, "QEMU did not start: " + end_.messages);
    return end_;
}

} // namespace

Result<GuestEnd> QemuHypervisor::run(const BootRequest& request, const std::function<bool(std::string_view)>& on_bytes, std::stop_token stop) {
    return Session(request, on_bytes).run(stop);
}

Result<std::string> QemuHypervisor::version() {
    Command command;
    command.argv = {"qemu-system-x86_64", "--version"};
    command.timeout = std::chrono::seconds(20);
    RIG_TRY(result, runner_.run(command));
    if (!result.ok()) return fail(Blame::Host, fmt::format("qemu-system-x86_64 --version: {}", describe(result)));
    return result.out.substr(0, result.out.find('\n'));
}

} // namespace rig
