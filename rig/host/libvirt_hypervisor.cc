#include "rig/host/libvirt_hypervisor.h"

#include "rig/host/domain_xml.h"
#include "rig/host/host_cpu.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;
constexpr auto kPoll = std::chrono::milliseconds(5); // as with direct QEMU; events wake earlier
constexpr const char* kEmulator = "/usr/bin/qemu-system-x86_64";

std::string last_error() {
    const char* message = virGetLastErrorMessage();
    return message && *message ? message : "libvirt gives no reason";
}

// libvirt's event loop is one for the whole process.
void start_event_loop() {
    static std::once_flag once;
    std::call_once(once, [] {
        virEventRegisterDefaultImpl();
        virSetErrorFunc(nullptr, [](void*, virErrorPtr) {}); // errors are returned, not printed
        std::thread([] {
            while (virEventRunDefaultImpl() == 0) {
            }
        }).detach();
    });
}

struct DomainRef {
    virDomainPtr domain = nullptr;
    ~DomainRef() {
        if (domain) virDomainFree(domain);
    }
};

// QEMU's pid, where the daemon is on this host; 0 if it is not found. libvirt's API does not tell it.
pid_t pid_of(const std::string& name) {
    std::error_code ignored;
    for (const auto& process : fs::directory_iterator("/proc", ignored)) {
        std::ifstream in(process.path() / "cmdline");
        std::string line{std::istreambuf_iterator<char>(in), {}};
        if (line.find("guest=" + name + ",") != line.npos) return static_cast<pid_t>(std::atoi(process.path().filename().c_str()));
    }
    return 0;
}

// As examine_hung_guest() of direct QEMU.
std::string examine(virDomainPtr domain, const fs::path& memory_dump) {
    char* text = nullptr;
    virDomainSuspend(domain);
    if (virDomainQemuMonitorCommand(domain, "info registers -a", &text, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP) < 0) return last_error() + "\n";
    std::string registers = text ? text : "";
    std::free(text);
    if (!memory_dump.empty() && virDomainCoreDumpWithFormat(domain, memory_dump.c_str(), VIR_DOMAIN_CORE_DUMP_FORMAT_RAW, VIR_DUMP_MEMORY_ONLY) < 0)
        registers += "\nno memory dump: " + last_error() + "\n";
    return registers;
}

// A daemon that went away leaves its guests running, and one that it was about to start may come to life a moment later.
void kill_orphan(const std::string& name) {
    for (int i = 0; i < 20; ++i) {
        if (const auto pid = pid_of(name)) return void(::kill(pid, SIGKILL));
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

} // namespace

struct LibvirtHypervisor::Connection {
    std::string uri;
    virConnectPtr handle = nullptr;
    int callback = -1;
    std::mutex mutex; // the two below
    std::map<std::string, std::optional<int>> domains; // ours by name; the detail of VIR_DOMAIN_EVENT_STOPPED once they ended
    bool closed = false;
    std::condition_variable changed;

    static Result<std::shared_ptr<Connection>> open(const std::string& uri);
    static void on_lifecycle(virConnectPtr, virDomainPtr domain, int event, int detail, void* self) {
        if (event != VIR_DOMAIN_EVENT_STOPPED) return;
        auto& connection = *static_cast<Connection*>(self);
        const std::lock_guard lock(connection.mutex);
        if (const auto found = connection.domains.find(virDomainGetName(domain)); found != connection.domains.end()) found->second = detail;
        connection.changed.notify_all();
    }
    static void on_close(virConnectPtr, int, void* self) {
        auto& connection = *static_cast<Connection*>(self);
        const std::lock_guard lock(connection.mutex);
        connection.closed = true;
        connection.changed.notify_all();
    }
    ~Connection() {
        if (!handle) return;
        virConnectUnregisterCloseCallback(handle, on_close);
        if (callback >= 0) virConnectDomainEventDeregisterAny(handle, callback);
        virConnectClose(handle);
    }
};

Result<std::shared_ptr<LibvirtHypervisor::Connection>> LibvirtHypervisor::Connection::open(const std::string& uri) {
    auto connection = std::make_shared<Connection>();
    connection->uri = uri;
    connection->handle = virConnectOpen(uri.c_str());
    if (!connection->handle) return fail(Blame::Host, fmt::format("libvirt: cannot connect to {}: {}", uri, last_error()));
    connection->callback = virConnectDomainEventRegisterAny(connection->handle, nullptr, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), connection.get(), nullptr);
    if (connection->callback < 0 || virConnectRegisterCloseCallback(connection->handle, on_close, connection.get(), nullptr) < 0)
        return fail(Blame::Host, fmt::format("libvirt: no events from {}: {}", uri, last_error()));
    return connection;
}

namespace {

// What of the guest's comes as files, read while it runs.
class Files {
 public:
    Files(const BootRequest& request, const std::function<bool(std::string_view)>& on_bytes) : request_(request), on_bytes_(on_bytes) {
        std::ofstream made(request.channel); // so that it can be read from the start; QEMU truncates it
        channel_.open(request.channel, std::ios::binary);
    }
    bool open() const { return channel_.is_open(); }
    // False: a violation.
    bool read() {
        for (;;) {
            channel_.clear();
            channel_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
            const auto n = static_cast<std::size_t>(channel_.gcount());
            if (n == 0) return true;
            if (!on_bytes_({buffer_.data(), n})) return false;
        }
    }
    bool flooded() const {
        std::error_code error;
        return fs::file_size(request_.console_log, error) > kMaxConsole && !error;
    }
    // virtlogd keeps 2 MiB of a file and begins another: the console is then in pieces.
    bool rotated() const { return fs::exists(request_.console_log.string() + ".0"); }

 private:
    const BootRequest& request_;
    const std::function<bool(std::string_view)>& on_bytes_;
    std::ifstream channel_;
    std::array<char, 65536> buffer_{};
};

decltype(GuestEnd::outcome) outcome_of(int detail) {
    // libvirt says "failed" when QEMU's monitor went away without QEMU having said that the guest shut down. A reset ends the guest,
    // as -no-reboot does, and counts as shut down.
    if (detail == VIR_DOMAIN_EVENT_STOPPED_FAILED) return Lost{};
    if (detail == VIR_DOMAIN_EVENT_STOPPED_DESTROYED) return Cancelled{}; // by another of the daemon's users
    return Exited{0};
}

} // namespace

Result<std::unique_ptr<LibvirtHypervisor>> LibvirtHypervisor::connect(const std::string& uri) {
    start_event_loop();
    RIG_TRY(connection, Connection::open(uri));
    return std::unique_ptr<LibvirtHypervisor>(new LibvirtHypervisor(std::move(connection)));
}

Result<std::shared_ptr<LibvirtHypervisor::Connection>> LibvirtHypervisor::current() {
    const std::lock_guard guard(mutex_);
    bool closed = false;
    {
        const std::lock_guard lock(connection_->mutex);
        closed = connection_->closed;
    }
    if (closed) {
        RIG_TRY(again, Connection::open(connection_->uri));
        connection_ = again;
    }
    return connection_;
}

LibvirtHypervisor::~LibvirtHypervisor() = default;

Result<GuestEnd> LibvirtHypervisor::run(const BootRequest& request, const std::function<bool(std::string_view)>& on_bytes, std::stop_token stop) {
    if (request.console_log.empty() || request.gdb_stub) return fail(Blame::Host, "libvirt: guests on a terminal or under gdb are for direct QEMU (--connect none)");
    if (stop.stop_requested()) return GuestEnd{Cancelled{}, 0, 0, {}, false, {}};
    static std::atomic<unsigned> started{0};
    const auto begun = Steady::now();
    RIG_TRY(connection, current());
    auto& c = *connection;
    const HostCpu cpu;
    const DomainPlace place{fmt::format("rig-{}-{}", ::getpid(), started++), kEmulator, cpu.number(), ::geteuid(), ::getegid()};
    Files files(request, on_bytes);
    if (!files.open()) return fail(Blame::Host, fmt::format("cannot make {}", request.channel.string()));
    {
        const std::lock_guard lock(c.mutex);
        c.domains[place.name];
    }
    GuestEnd end;
    std::optional<decltype(GuestEnd::outcome)> forced; // why we ended it
    const DomainRef guest{virDomainCreateXML(c.handle, domain_xml(request, place).c_str(), VIR_DOMAIN_START_AUTODESTROY)};
    if (!guest.domain) {
        auto why = last_error();
        const std::lock_guard lock(c.mutex);
        c.domains.erase(place.name);
        if (c.closed) {
            kill_orphan(place.name);
            end.outcome = Lost{true};
            end.messages = why;
            return end;
        }
        return fail(Blame::Host, "libvirt did not start the guest: " + why);
    }
    const auto force = [&](decltype(GuestEnd::outcome) why) {
        if (forced) return;
        forced = why;
        virDomainDestroy(guest.domain);
    };
    for (bool gone = false; !gone;) {
        {
            std::unique_lock lock(c.mutex);
            auto& detail = c.domains.at(place.name);
            c.changed.wait_for(lock, kPoll, [&] { return detail || c.closed; });
            gone = detail || c.closed;
            if (detail) end.outcome = outcome_of(*detail);
            else if (c.closed) end.outcome = Lost{true};
        }
        // After the end: the rest; a violation found only then is one all the same.
        if (!forced && !files.read()) force(Cancelled{});
        if (gone) break;
        if (files.flooded() && !forced) {
            end.console_flood = true;
            force(Cancelled{});
        }
        if (stop.stop_requested()) force(Cancelled{});
        if (Steady::now() - begun > request.deadline && !forced) {
            if (const auto pid = pid_of(place.name)) end.starved_seconds = starved_seconds(pid);
            end.registers = examine(guest.domain, request.memory_dump);
            force(TimedOut{});
        }
    }
    {
        const std::lock_guard lock(c.mutex);
        c.domains.erase(place.name);
    }
    if (end.outcome == decltype(end.outcome){Lost{true}})
        kill_orphan(place.name);
    if (forced) end.outcome = *forced;
    end.seconds = std::chrono::duration<double>(Steady::now() - begun).count();
    if (end.outcome == decltype(end.outcome){Lost{}} || end.outcome == decltype(end.outcome){Lost{true}}) end.messages = "domain " + place.name + " of " + c.uri;
    if (files.rotated()) return fail(Blame::Host, fmt::format("libvirt: virtlogd cut the console of {} into pieces: set stdio_handler = \"file\" in its qemu.conf", place.name));
    return end;
}

Result<std::string> LibvirtHypervisor::version() {
    unsigned long v = 0;
    if (virConnectGetVersion(connection_->handle, &v) < 0) return fail(Blame::Host, "libvirt: no version of QEMU: " + last_error());
    return fmt::format("QEMU {}.{}.{} of libvirt", v / 1'000'000, v / 1000 % 1000, v % 1000);
}

std::string LibvirtHypervisor::libvirt_version() const {
    unsigned long v = 0;
    if (virConnectGetLibVersion(connection_->handle, &v) < 0) return "unknown";
    return fmt::format("{}.{}.{}", v / 1'000'000, v / 1000 % 1000, v % 1000);
}

} // namespace rig
