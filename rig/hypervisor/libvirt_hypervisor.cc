// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/libvirt_hypervisor.h"

#include "rig/host/cpu_binding.h"
#include "rig/hypervisor/domain_xml.h"
#include "rig/hypervisor/guest_files.h"
#include "rig/hypervisor/libvirt_uri.h"
#include "rig/hypervisor/remote_files.h"

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
#include <random>
#include <thread>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;
// As with direct QEMU. Events end the wait earlier.
constexpr auto kPoll = std::chrono::milliseconds(5);
constexpr std::chrono::seconds kDeathPatience{60}; // how long a guest may take to die
// Between two reads of remote files, which take two calls and two streams each.
constexpr auto kRemotePoll = std::chrono::milliseconds(500);
constexpr const char* kEmulator = "/usr/bin/qemu-system-x86_64";

std::string last_error() {
    const char* message = virGetLastErrorMessage();
    return message && *message ? message : "libvirt gives no reason";
}

// libvirt has one event loop per process.
void start_event_loop() {
    static std::once_flag once;
    std::call_once(once, [] {
        virEventRegisterDefaultImpl();
        virSetErrorFunc(nullptr, [](void*, virErrorPtr) {}); // errors are returned, not printed
        std::thread([] {
            for (;;)
                virEventRunDefaultImpl(); // go on after an error: it concerns all guests
        }).detach();
    });
}

struct DomainRef {
    virDomainPtr domain = nullptr;
    ~DomainRef() {
        if (domain) virDomainFree(domain);
    }
};

// QEMU's pid, if the daemon is on this host; 0 if it is not found. libvirt's API does not provide
// it.
pid_t pid_of(const std::string& name) {
    std::error_code ignored;
    const auto emulator = fs::canonical(kEmulator, ignored);
    for (const auto& process : fs::directory_iterator("/proc", ignored)) {
        std::error_code not_ours;
        if (fs::read_symlink(process.path() / "exe", not_ours) != emulator || not_ours)
            continue; // skips also, say, an editor whose command line contains the name
        std::ifstream in(process.path() / "cmdline");
        std::string line{std::istreambuf_iterator<char>(in), {}};
        if (line.find(std::string("-name\0guest=", 12) + name + ",") != line.npos)
            return static_cast<pid_t>(std::atoi(process.path().filename().c_str()));
    }
    return 0;
}

// Stops the guest and reads its registers.
std::optional<std::string> registers_of(virDomainPtr domain) {
    char* text = nullptr;
    virDomainSuspend(domain);
    if (virDomainQemuMonitorCommand(domain, "info registers -a", &text,
                                    VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP) < 0)
        return std::nullopt;
    std::string registers = text ? text : "";
    std::free(text);
    return registers;
}

// Does for libvirt what examine_hung_guest() does for direct QEMU.
void examine(virDomainPtr domain, const fs::path& memory_dump, unsigned looks, GuestEnd& end) {
    const auto first = registers_of(domain);
    end.registers = first ? *first : last_error() + "\n";
    if (!first) return;
    for (unsigned i = 0; i < looks && virDomainResume(domain) == 0; ++i) {
        std::this_thread::sleep_for(kBetweenLooks);
        auto again = registers_of(domain);
        if (!again) break;
        end.registers_again.push_back(std::move(*again));
    }
    if (!memory_dump.empty() &&
        virDomainCoreDumpWithFormat(domain, memory_dump.c_str(), VIR_DOMAIN_CORE_DUMP_FORMAT_RAW,
                                    VIR_DUMP_MEMORY_ONLY) < 0)
        end.registers += "\nno memory dump: " + last_error() + "\n";
}

// Does what starved_seconds() does, for a guest on another host, which always runs under the
// virtual clock. Its one busy thread never sleeps, because idle time passes immediately and the
// watchdog's timer is always pending. So the time in which it did not run is the time for which it
// waited. (libvirt's own value, vcpu.N.delay, does not exist for vCPUs that share a thread.)
// `seconds` is the time since the domain was created.
double starved_elsewhere(virDomainPtr domain, double seconds) {
    virDomainInfo info{};
    if (virDomainGetInfo(domain, &info) < 0) return 0;
    return std::max(0.0, seconds - static_cast<double>(info.cpuTime) / 1e9);
}

// If a daemon goes away, its guests keep running, and a guest that it was about to start may still
// appear a moment later.
void kill_orphan(const std::string& name) {
    for (int i = 0; i < 20; ++i) {
        if (const auto pid = pid_of(name)) return void(::kill(pid, SIGKILL));
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

// What libvirt's event thread writes. libvirt holds a reference as well, because it may call back
// even after a callback was deregistered.
struct Domains {
    std::mutex mutex; // protects the next two
    struct News {
        // The detail of VIR_DOMAIN_EVENT_STOPPED, set when the guest ended.
        std::optional<int> stopped;
        bool panicked = false, watchdog_fired = false;
    };
    std::map<std::string, News> guests; // this rig's guests, by name
    bool closed = false;
    std::condition_variable changed;

    static void on_lifecycle(virConnectPtr, virDomainPtr domain, int event, int detail,
                             void* self) {
        auto& domains = **static_cast<std::shared_ptr<Domains>*>(self);
        const std::lock_guard lock(domains.mutex);
        const auto found = domains.guests.find(virDomainGetName(domain));
        if (found == domains.guests.end()) return;
        auto& news = found->second;
        if (event == VIR_DOMAIN_EVENT_STOPPED) news.stopped = detail;
        if (event == VIR_DOMAIN_EVENT_CRASHED && detail == VIR_DOMAIN_EVENT_CRASHED_PANICKED)
            news.panicked = true;
        domains.changed.notify_all();
    }
    // This event is sent in every state of the domain; the lifecycle event SUSPENDED only if the
    // domain has not panicked before.
    static void on_watchdog(virConnectPtr, virDomainPtr domain, int, void* self) {
        auto& domains = **static_cast<std::shared_ptr<Domains>*>(self);
        const std::lock_guard lock(domains.mutex);
        const auto found = domains.guests.find(virDomainGetName(domain));
        if (found == domains.guests.end()) return;
        found->second.watchdog_fired = true;
        domains.changed.notify_all();
    }
    static void on_close(virConnectPtr, int, void* self) {
        auto& domains = **static_cast<std::shared_ptr<Domains>*>(self);
        const std::lock_guard lock(domains.mutex);
        domains.closed = true;
        domains.changed.notify_all();
    }
    static void forget(void* self) { delete static_cast<std::shared_ptr<Domains>*>(self); }
};

// Keeps a domain in that map from before it is created until its boot is over.
struct Listed {
    Domains& domains;
    const std::string& name;
    Listed(Domains& in, const std::string& own) : domains(in), name(own) {
        const std::lock_guard lock(domains.mutex);
        domains.guests[name];
    }
    ~Listed() {
        const std::lock_guard lock(domains.mutex);
        domains.guests.erase(name);
    }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
};

Status has_machine(const Arch& arch) {
    if (arch.libvirt) return {};
    return fail(FaultDomain::Spec,
                fmt::format("kernel.arch = \"{}\" with libvirt: its domains are x86_64 machines; "
                            "leave --connect out, so that QEMU runs the guests directly",
                            arch.name));
}

} // namespace

struct LibvirtHypervisor::Connection {
    std::string uri;
    virConnectPtr handle = nullptr;
    std::unique_ptr<RemotePool> pool;  // if it is another host
    int lifecycle = -1, watchdog = -1; // callback IDs
    std::shared_ptr<Domains> domains = std::make_shared<Domains>();

    static Result<std::shared_ptr<Connection>> open(const std::string& uri);
    bool closed() const {
        const std::lock_guard lock(domains->mutex);
        return domains->closed || virConnectIsAlive(handle) != 1;
    }
    ~Connection() {
        if (!handle) return;
        pool.reset();
        virConnectUnregisterCloseCallback(handle, Domains::on_close);
        for (const int callback : {lifecycle, watchdog})
            if (callback >= 0) virConnectDomainEventDeregisterAny(handle, callback);
        virConnectClose(handle);
    }
};

Result<std::shared_ptr<LibvirtHypervisor::Connection>>
LibvirtHypervisor::Connection::open(const std::string& uri) {
    auto connection = std::make_shared<Connection>();
    connection->uri = uri;
    connection->handle = virConnectOpen(uri.c_str());
    if (!connection->handle)
        return fail(FaultDomain::Host,
                    fmt::format("libvirt: cannot connect to {}: {}", uri, last_error()));
    const auto own = [&] { return new std::shared_ptr<Domains>(connection->domains); };
    const auto on = [&](int event, virConnectDomainEventGenericCallback call) {
        return virConnectDomainEventRegisterAny(connection->handle, nullptr, event, call, own(),
                                                Domains::forget);
    };
    connection->lifecycle =
        on(VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(Domains::on_lifecycle));
    connection->watchdog =
        on(VIR_DOMAIN_EVENT_ID_WATCHDOG, VIR_DOMAIN_EVENT_CALLBACK(Domains::on_watchdog));
    if (connection->lifecycle < 0 || connection->watchdog < 0 ||
        virConnectRegisterCloseCallback(connection->handle, Domains::on_close, own(),
                                        Domains::forget) < 0)
        return fail(FaultDomain::Host,
                    fmt::format("libvirt: no events from {}: {}", uri, last_error()));
    char* resolved = virConnectGetURI(connection->handle); // resolves an alias
    if (is_remote_uri(resolved ? resolved : uri))
        connection->pool = std::make_unique<RemotePool>(connection->handle);
    std::free(resolved);
    // A daemon that does not respond counts as lost after 15 s: calls and waits then end.
    virConnectSetKeepAlive(connection->handle, 5, 3);
    return connection;
}

namespace {

decltype(GuestEnd::outcome) outcome_of(int detail) {
    // libvirt reports "failed" if QEMU's monitor went away before QEMU reported that the guest shut
    // down. A reset ends the guest (as -no-reboot does) and counts as shut down.
    if (detail == VIR_DOMAIN_EVENT_STOPPED_FAILED) return Lost{};
    if (detail == VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
        return Cancelled{}; // by another user of the daemon
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
    if (connection_->closed()) {
        RIG_TRY(again, Connection::open(connection_->uri));
        connection_ = again;
    }
    return connection_;
}

LibvirtHypervisor::~LibvirtHypervisor() = default;

Result<GuestEnd> LibvirtHypervisor::run(const BootRequest& request,
                                        const std::function<bool(std::string_view)>& on_bytes,
                                        std::stop_token stop) {
    if (request.console_log.empty() || request.gdb_stub)
        return fail(
            FaultDomain::Host,
            "libvirt: guests on a terminal or under gdb are for direct QEMU (--connect none)");
    RIG_CHECK(has_machine(arch_named(request.arch)));
    GuestEnd end;
    if (stop.stop_requested()) return end.outcome = Cancelled{}, end;
    static std::atomic<unsigned> started{0};
    RIG_TRY(connection, current());
    const bool remote = connection->pool != nullptr;
    if (remote && (request.clock == GuestClock::Wall || !request.memory_dump.empty()))
        return fail(
            FaultDomain::Host,
            fmt::format("libvirt: {} is another host: {} is for guests on "
                        "this one, want the virtual clock without it",
                        connection->uri,
                        request.clock == GuestClock::Wall ? "the wall clock" : "--dump-memory"));
    auto& domains = *connection->domains;
    const HostCpu cpu(request.host_cpus);
    const DomainPlace place{
        fmt::format("rig-{}-{}-{:08x}", ::getpid(), started++, std::random_device()()),
        kEmulator,
        cpu.number(),
        ::geteuid(),
        ::getegid(),
        request.clock == GuestClock::Virtual ? std::vector<int>{} : request.host_cpus,
        remote};
    GuestFiles files(request, on_bytes);
    RIG_CHECK(files.made());
    std::optional<RemoteFiles> mirrored;
    if (remote) {
        RIG_TRY(staged, RemoteFiles::stage(connection->handle, *connection->pool, request,
                                           place.name, stop));
        mirrored.emplace(std::move(staged));
    }
    const auto begun = Steady::now();
    auto mirrored_at = begun;
    bool unread = false; // whether the last read of the remote files failed
    const auto mirror = [&](bool last) {
        if (!mirrored || (!last && Steady::now() - mirrored_at < kRemotePoll)) return;
        // What could not be read now is read the next time, unless this was the last.
        unread = !mirrored->mirror();
        mirrored_at = Steady::now();
    };
    const Listed listed(domains, place.name);

    const auto lost = [&] {
        if (!remote) kill_orphan(place.name);
        end.outcome = Lost{true};
        end.messages = fmt::format("domain {} of {}", place.name, connection->uri);
        end.seconds = std::chrono::duration<double>(Steady::now() - begun).count();
        return end;
    };
    const DomainRef guest{virDomainCreateXML(
        connection->handle, domain_xml(mirrored ? mirrored->there() : request, place).c_str(),
        VIR_DOMAIN_START_AUTODESTROY)};
    if (!guest.domain) {
        const auto why = last_error();
        return connection->closed()
                   ? Result<GuestEnd>(lost())
                   : fail(FaultDomain::Host, "libvirt did not start the guest: " + why);
    }
    std::optional<decltype(GuestEnd::outcome)> forced; // why rig ended it
    Steady::time_point forced_at, destroyed_at;        // the first and the last attempt
    const auto force = [&](decltype(GuestEnd::outcome) why) {
        if (!forced) forced = why, forced_at = Steady::now();
        destroyed_at = Steady::now();
        virDomainDestroy(guest.domain);
    };
    for (bool gone = false; !gone;) {
        bool fired = false;
        {
            std::unique_lock lock(domains.mutex);
            auto& news = domains.guests.at(place.name);
            domains.changed.wait_for(lock, kPoll, [&] {
                return news.stopped || (news.watchdog_fired && !forced) || domains.closed;
            });
            gone = news.stopped || domains.closed;
            fired = news.watchdog_fired;
            end.panicked = news.panicked;
            if (news.stopped) end.outcome = outcome_of(*news.stopped);
        }
        // Read the rest after the guest's end, too: a protocol violation found only then still
        // counts.
        mirror(gone);
        if (!forced && !files.read()) force(Cancelled{});
        if (gone) break;
        if (forced) { // events can get lost, and a QEMU that is stuck in the kernel does not die
            if (Steady::now() - forced_at > kDeathPatience) return lost();
            if (Steady::now() - destroyed_at > std::chrono::seconds(1)) force(*forced);
            continue;
        }
        if (files.flooded()) {
            end.console_flood = true;
            force(Cancelled{});
        }
        if (files.halted()) force(Exited{0}); // counts as powered off
        if (stop.stop_requested()) force(Cancelled{});
        if (forced) continue;
        const bool late = Steady::now() - begun > request.deadline;
        if (late && !fired) {
            if (remote)
                end.starved_seconds = starved_elsewhere(
                    guest.domain, std::chrono::duration<double>(Steady::now() - begun).count());
            else if (const auto pid = pid_of(place.name))
                end.starved_seconds = starved_seconds(pid);
        }
        if (!late && !fired) continue;
        examine(guest.domain, request.memory_dump, fired ? 0 : kLooksAgain, end);
        if (fired)
            force(WatchdogFired{});
        else
            force(TimedOut{});
    }
    if (end.outcome == decltype(end.outcome){Exited{}} && connection->closed()) return lost();
    if (end.outcome == decltype(end.outcome){Lost{}})
        end.messages = "domain " + place.name + " of " + connection->uri;
    if (forced) end.outcome = *forced;
    // The guest's last output is missing, so that its end cannot be classified.
    if (unread && !mirrored->torn()) {
        end.outcome = Lost{true};
        end.messages =
            fmt::format("what domain {} wrote on {} could not be had", place.name, connection->uri);
    }
    end.seconds = std::chrono::duration<double>(Steady::now() - begun).count();
    end.console_torn = files.rotated() || (mirrored && mirrored->torn());
    return end;
}

std::string LibvirtHypervisor::adapter() const {
    return connection_->uri;
}

Result<std::optional<OtherHost>> LibvirtHypervisor::other_host() {
    RIG_TRY(connection, current());
    if (!connection->pool) return std::optional<OtherHost>();
    OtherHost out{connection->uri, {}, 0};
    unsigned char* map = nullptr;
    const int cpus = virNodeGetCPUMap(connection->handle, &map, nullptr, 0);
    for (int cpu = 0; cpu < cpus; ++cpu)
        if (VIR_CPU_USED(map, cpu)) out.cpus.push_back(cpu);
    std::free(map);
    int count = 0;
    virNodeGetMemoryStats(connection->handle, VIR_NODE_MEMORY_STATS_ALL_CELLS, nullptr, &count, 0);
    std::vector<virNodeMemoryStats> stats(static_cast<std::size_t>(std::max(count, 0)));
    if (cpus < 0 || stats.empty() ||
        virNodeGetMemoryStats(connection->handle, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats.data(),
                              &count, 0) < 0)
        return fail(FaultDomain::Host,
                    fmt::format("libvirt: {} does not tell its CPUs and memory: {}",
                                connection->uri, last_error()));
    for (const auto& one :
         stats) // in KiB; page cache counts as available, since it can be reclaimed
        for (const char* free : {VIR_NODE_MEMORY_STATS_FREE, VIR_NODE_MEMORY_STATS_CACHED,
                                 VIR_NODE_MEMORY_STATS_BUFFERS})
            if (std::string_view(one.field) == free) out.memory += one.value * 1024;
    return std::optional<OtherHost>(std::move(out));
}

Result<std::string> LibvirtHypervisor::version(const Arch& arch) {
    RIG_CHECK(has_machine(arch));
    unsigned long v = 0;
    if (virConnectGetVersion(connection_->handle, &v) < 0)
        return fail(FaultDomain::Host, "libvirt: no version of QEMU: " + last_error());
    return fmt::format("QEMU {}.{}.{} of libvirt", v / 1'000'000, v / 1000 % 1000, v % 1000);
}

std::string LibvirtHypervisor::libvirt_version() const {
    unsigned long v = 0;
    if (virConnectGetLibVersion(connection_->handle, &v) < 0) return "unknown";
    return fmt::format("{}.{}.{}", v / 1'000'000, v / 1000 % 1000, v % 1000);
}

} // namespace rig
