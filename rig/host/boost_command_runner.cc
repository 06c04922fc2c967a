// SPDX-License-Identifier: GPL-2.0-or-later
// In this mode Boost 1.81 needs no Boost.Filesystem library, but lacks the next two includes.
#define BOOST_PROCESS_USE_STD_FS
#include <boost/optional.hpp>
#include <boost/type_traits.hpp>

#include "rig/host/boost_command_runner.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/start_dir.hpp>
#include <boost/process/v2/stdio.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rig {
namespace {

namespace asio = boost::asio;
namespace process = boost::process::v2;
using namespace std::chrono_literals;

constexpr std::size_t kKept = 1 << 20; // bytes of output in the result
// A longer line is passed on in pieces, so that memory stays bounded.
constexpr std::size_t kLongLine = 1 << 16;
constexpr auto kTermToKill = 3s; // make needs a moment to remove half-written targets
// Enough to read what is already in the pipe, whose buffer is 64 KiB.
constexpr auto kDrain = 200ms;

struct Fd {
    int fd = -1;
    Fd() = default;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }
    void reset() {
        if (fd >= 0) ::close(fd);
        fd = -1;
    }
};

// Runs in the child between fork and exec.
struct ChildSetup {
    pid_t parent;

    template<class Launcher, class Path>
    boost::system::error_code on_exec_setup(Launcher&, const Path&, const char* const*&) {
        ::setsid();
        // If rig is killed, make must not go on writing into a worktree whose lock is then free.
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() != parent) ::_exit(127);
        // Blocked and ignored signals survive exec: the children of a rig that blocks SIGTERM would
        // ignore SIGTERM.
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        for (int sig : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT})
            ::signal(sig, SIG_DFL);
        // Boost 1.81 is meant to close inherited descriptors, but skips those below its own error
        // pipe (it compares a whitelist entry with itself). Set close-on-exec instead of closing
        // them, because the error pipe must live until exec.
        if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) // Linux before 5.11
            for (int fd = 3; fd < 1024; ++fd)
                ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        return {};
    }
    // If exec fails, Boost 1.81 ends the child with exit(), which would flush the parent's stdio
    // buffers a second time. Boost looks for a five-argument overload and then calls one with four.
    template<class Launcher, class Path, class Ec>
    void on_exec_error(Launcher&, const Ec&, const Path&, const char* const*&, const Ec&) {
        ::_exit(127);
    }
    template<class Launcher, class Path, class Ec>
    void on_exec_error(Launcher&, const Path&, const char* const*&, const Ec&) {
        ::_exit(127);
    }
};

std::vector<std::string> environment(const Command& command) {
    std::vector<std::string> result;
    for (char** e = ::environ; e && *e; ++e) {
        const char* equals = std::strchr(*e, '=');
        const std::string name(*e, equals ? static_cast<std::size_t>(equals - *e) : 0);
        if (!equals ||
            (!command.env.contains(name) &&
             std::find(command.unset.begin(), command.unset.end(), name) == command.unset.end()))
            result.emplace_back(*e);
    }
    for (const auto& [key, value] : command.env)
        result.push_back(key + "=" + value);
    return result;
}

// The first executable called `name` in the program's PATH; empty if there is none.
std::filesystem::path find_program(const std::string& name,
                                   const std::map<std::string, std::string>& env) {
    if (name.find('/') != std::string::npos) return name;
    auto it = env.find("PATH");
    const char* inherited = ::getenv("PATH");
    std::string_view path = it != env.end() ? std::string_view(it->second)
                            : inherited     ? inherited
                                            : "/usr/bin:/bin";
    while (!path.empty()) {
        const auto colon = path.find(':');
        const auto file = std::filesystem::path(path.substr(0, colon)) / name;
        std::error_code ec;
        if (std::filesystem::is_regular_file(file, ec) && ::access(file.c_str(), X_OK) == 0)
            return file;
        if (colon == std::string_view::npos) break;
        path.remove_prefix(colon + 1);
    }
    return {};
}

// Splits the output into lines, keeps the end of it and copies it to the log.
class Output {
 public:
    Output(const Command& command, int log_fd) : command_(command), log_fd_(log_fd) {}

    void add(std::string_view bytes) {
        write_log(bytes);
        tail_.append(bytes);
        if (tail_.size() > 2 * kKept) tail_.erase(0, tail_.size() - kKept);
        if (!command_.on_line) return;
        partial_.append(bytes);
        std::size_t start = 0;
        for (auto end = partial_.find('\n'); end != std::string::npos;
             end = partial_.find('\n', start)) {
            emit(std::string_view(partial_).substr(start, end - start));
            start = end + 1;
        }
        partial_.erase(0, start);
        if (partial_.size() > kLongLine) flush();
    }
    void flush() {
        if (command_.on_line && !partial_.empty()) emit(partial_);
        partial_.clear();
    }
    std::string take_tail() {
        if (tail_.size() > kKept) tail_.erase(0, tail_.size() - kKept);
        return std::move(tail_);
    }
    int log_errno() const { return log_errno_; }

 private:
    void emit(std::string_view line) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        command_.on_line(line);
    }
    void write_log(std::string_view bytes) {
        while (log_fd_ >= 0 && !bytes.empty() && !log_errno_) {
            const auto n = ::write(log_fd_, bytes.data(), bytes.size());
            if (n > 0)
                bytes.remove_prefix(static_cast<std::size_t>(n));
            else if (errno != EINTR)
                log_errno_ = errno;
        }
    }
    const Command& command_;
    int log_fd_;
    int log_errno_ = 0;
    std::string tail_, partial_;
};

// One program from start to end, entirely on the calling thread's io_context.
class Run {
 public:
    Run(const Command& command, int log_fd) : command_(command), output_(command, log_fd) {}
    // An exception (from on_line, or on a host without pidfd) must not leave the program running.
    ~Run() {
        if (running_) {
            kill_group(SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }

    boost::system::error_code start(const std::filesystem::path& program) {
        Fd read_end, write_end, input;
        int fds[2];
        if (::pipe2(fds, O_CLOEXEC) != 0) return {errno, boost::system::system_category()};
        read_end.fd = fds[0], write_end.fd = fds[1];
        input.fd = ::open(command_.input.empty() ? "/dev/null" : command_.input.c_str(),
                          O_RDONLY | O_CLOEXEC);
        if (input.fd < 0) return {errno, boost::system::system_category()};

        const auto env = environment(command_);
        const std::vector<std::string> args(command_.argv.begin() + 1, command_.argv.end());
        const std::filesystem::path cwd = command_.cwd.empty() ? "." : command_.cwd;
        boost::system::error_code ec;
        std::vector<const char*> env_pointers;
        for (const auto& e : env)
            env_pointers.push_back(e.c_str());
        env_pointers.push_back(nullptr);
        process::posix::default_launcher launcher;
        launcher.env = env_pointers.data();
        auto child = launcher(io_.get_executor(), ec, program, args,
                              process::process_stdio{input.fd, write_end.fd, write_end.fd},
                              process::process_start_dir(cwd), ChildSetup{::getpid()});
        if (ec) {
            if (launcher.pid > 0)
                ::waitpid(launcher.pid, nullptr, 0); // Boost 1.81 does not reap the failed child
            return ec;
        }
        pid_ = launcher.pid;
        running_ = true;
        child_.emplace(std::move(child));
        pipe_.assign(read_end.fd);
        read_end.fd = -1;
        return {};
    }

    CommandResult finish(const std::stop_token& stop) {
        const auto begin = std::chrono::steady_clock::now();
        deadline_.expires_after(command_.timeout);
        deadline_.async_wait([this](auto ec) {
            if (!ec) end_early(TimedOut{});
        });
        child_->async_wait([this](auto ec, int) { exited(ec); });
        read();
        {
            // The callback runs in the thread that requests the stop, where only post() is safe.
            std::stop_callback cancel(
                stop, [this] { asio::post(io_, [this] { end_early(Cancelled{}); }); });
            io_.run();
        }
        output_.flush();
        CommandResult result;
        result.outcome = early_ ? *early_ : ended_;
        result.out = output_.take_tail();
        result.seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return result;
    }
    int log_errno() const { return output_.log_errno(); }

 private:
    using Outcome = decltype(CommandResult::outcome);

    void kill_group(int sig) { ::kill(-pid_, sig); } // harmless if the group is gone

    void end_early(Outcome why) {
        if (!running_ || early_) return;
        early_ = why;
        kill_group(SIGTERM);
        kill_.expires_after(kTermToKill);
        kill_.async_wait([this](auto ec) {
            if (!ec) kill_group(SIGKILL);
        });
    }

    void exited(const boost::system::error_code& ec) {
        running_ = false;
        const int status = child_->native_exit_code();
        if (ec)
            ended_ = Exited{127};
        else if (WIFSIGNALED(status))
            ended_ = Signalled{WTERMSIG(status)};
        else
            ended_ = Exited{WEXITSTATUS(status)};
        deadline_.cancel();
        kill_.cancel();
        kill_group(SIGKILL);
        if (!eof_) {
            drain_.expires_after(kDrain);
            drain_.async_wait([this](auto error) {
                if (!error) pipe_.close();
            });
        }
    }

    void read() {
        pipe_.async_read_some(asio::buffer(buffer_), [this](auto ec, std::size_t n) {
            if (n) output_.add({buffer_.data(), n});
            if (!ec) return read();
            eof_ = true;
            drain_.cancel();
        });
    }

    const Command& command_;
    Output output_;
    asio::io_context io_;
    asio::readable_pipe pipe_{io_};
    asio::steady_timer deadline_{io_}, kill_{io_}, drain_{io_};
    std::optional<process::basic_process<asio::io_context::executor_type>> child_;
    pid_t pid_ = -1;
    bool running_ = false, eof_ = false;
    std::optional<Outcome> early_;
    Outcome ended_;
    std::array<char, 65536> buffer_{};
};

} // namespace

Result<CommandResult> BoostCommandRunner::run(const Command& command) {
    if (command.argv.empty()) return fail(FaultDomain::Host, "cannot start an empty command");
    const auto& name = command.argv[0];
    if (stop_.stop_requested()) return CommandResult{Cancelled{}, {}, 0};
    const auto program = find_program(name, command.env);
    if (program.empty())
        return fail(FaultDomain::Host, fmt::format("cannot start {}: {}", name, kNoSuchProgram));

    Fd log;
    if (!command.log.empty()) {
        log.fd = ::open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (log.fd < 0)
            return fail(FaultDomain::Host, fmt::format("cannot write the log {}: {}",
                                                       command.log.string(), std::strerror(errno)));
    }
    try {
        Run run(command, log.fd);
        if (auto ec = run.start(program)) {
            const auto where =
                command.cwd.empty() ? "" : fmt::format(" in {}", command.cwd.string());
            return fail(FaultDomain::Host,
                        fmt::format("cannot start {}{}: {}", name, where, ec.message()));
        }
        auto result = run.finish(stop_);
        if (run.log_errno())
            return fail(FaultDomain::Host,
                        fmt::format("cannot write the log {}: {}", command.log.string(),
                                    std::strerror(run.log_errno())));
        return result;
    } catch (const boost::system::system_error& e) {
        return fail(FaultDomain::Host, fmt::format("cannot run {}: {}", name, e.what()));
    }
}

std::string describe(const CommandResult& result) {
    struct Words {
        std::string operator()(const Exited& e) const {
            return fmt::format("exit code {}", e.code);
        }
        std::string operator()(const Signalled& s) const {
            return fmt::format("killed by signal {} ({})", s.signal, ::strsignal(s.signal));
        }
        std::string operator()(const TimedOut&) const { return "timed out"; }
        std::string operator()(const Cancelled&) const { return "cancelled"; }
    };
    return std::visit(Words{}, result.outcome);
}

} // namespace rig
