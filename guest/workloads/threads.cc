// SPDX-License-Identifier: GPL-2.0-or-later
// Groups of threads. Each thread makes one system call again and again, or runs a command. One
// iteration is a round: all threads start at a barrier, and the round ends when each of them has
// made its calls, or when the group on whose end it waits has ended.
//
// The main thread stays out of the way: it sleeps while a round lasts. Its futex(2), which opens
// the barrier, and its readv(2), which returns when the last thread is done, are where perf sees
// the round begin and end. In the window it makes no other call of these names.
#include "guest/arch.h"
#include "guest/files.h"
#include "guest/workloads/fork_own.h"
#include "guest/workloads/mapping.h"
#include "guest/workloads/program.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/futex.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace rig::guest {
namespace {

// What one thread counts, in memory that it shares with the agent.
struct ThreadLog {
    std::uint64_t calls = 0;  // also those that failed
    std::uint64_t failed = 0; // with a declared error
    std::uint64_t by_error[kMaxErrors] = {};
    std::uint32_t kept = 0; // latencies of calls that succeeded
};

// The logs of all threads in one mapping, each followed by its latencies.
class ThreadLogs {
 public:
    bool map(unsigned threads) {
        if (memory_) ::munmap(memory_, size_);
        most_ = kept_latencies(threads);
        stride_ = sizeof(ThreadLog) + most_ * sizeof(std::uint64_t);
        size_ = threads * stride_;
        void* p = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        memory_ = p == MAP_FAILED ? nullptr : static_cast<char*>(p);
        for (unsigned i = 0; memory_ && i < threads; ++i)
            new (memory_ + i * stride_) ThreadLog;
        return memory_;
    }
    ThreadLog& log(unsigned thread) const {
        return *reinterpret_cast<ThreadLog*>(memory_ + thread * stride_);
    }
    std::uint64_t* latencies(unsigned thread) const {
        return reinterpret_cast<std::uint64_t*>(memory_ + thread * stride_ + sizeof(ThreadLog));
    }
    unsigned most() const { return most_; }

 private:
    char* memory_ = nullptr;
    std::size_t size_ = 0, stride_ = 0;
    unsigned most_ = 0;
};
ThreadLogs thread_logs;

unsigned all_threads(const WorkloadParams& params) {
    unsigned sum = 0;
    for (const auto& group : params.groups)
        sum += group.threads;
    return sum;
}

bool runs_commands(const WorkloadParams& params) {
    return std::any_of(params.groups.begin(), params.groups.end(),
                       [](const ThreadGroup& group) { return !group.command.empty(); });
}

// What the threads of the workload's process share.
struct Team {
    const WorkloadParams* params = nullptr;
    WorkloadReport* report = nullptr;
    std::atomic<std::uint32_t> round{0};         // 0: before the first one; the threads wait on it
    std::atomic<unsigned> ready{0};              // threads that are prepared, or cannot be
    std::atomic<unsigned> running{0};            // threads that are not done with this round
    std::atomic<unsigned> left[kMaxGroups] = {}; // the same, of each group
    std::atomic<bool> broken{false};             // report->error is set
    int done[2] = {-1, -1};                      // the last thread writes to this pipe
};
Team team;

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
    return ::syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

// Ends the workload with this error, if it is the first one.
[[gnu::format(printf, 1, 2)]] void give_up(const char* format, ...) {
    if (team.broken.exchange(true)) return;
    std::va_list list;
    va_start(list, format);
    std::vsnprintf(team.report->error, sizeof team.report->error, format, list);
    va_end(list);
}

struct Member {
    const ThreadGroup* group = nullptr;
    std::size_t group_index = 0;
    unsigned index = 0;     // in its group
    unsigned slot = 0;      // among all threads
    char* region = nullptr; // mapped by the main thread
    int file = -1;
    std::uint64_t arguments[kMaxCallArguments] = {};

    bool get_ready();
    void make_calls();

 private:
    void resolve(const NamedCall& named);
    long call(const NamedCall& named) const;
    bool make_one(ThreadLog& log, std::uint64_t* latencies);
    bool run_command() const;
    void touch_region() const;
};

void Member::resolve(const NamedCall& named) {
    std::fill(std::begin(arguments), std::end(arguments), 0);
    for (std::size_t i = 0; i < named.arguments.size(); ++i) {
        const auto& argument = named.arguments[i];
        const auto number = static_cast<std::uint64_t>(argument.number);
        switch (argument.kind) {
        case CallArgument::Kind::Number:
            arguments[i] = number;
            break;
        case CallArgument::Kind::Region:
            arguments[i] = reinterpret_cast<std::uintptr_t>(region) + number;
            break;
        case CallArgument::Kind::File:
            arguments[i] = static_cast<std::uint64_t>(file);
            break;
        case CallArgument::Kind::Cpu:
            arguments[i] = group->cpu_of(index);
            break;
        case CallArgument::Kind::NextCpu:
            arguments[i] = group->cpu_of((index + 1) % group->threads);
            break;
        case CallArgument::Kind::Thread:
            arguments[i] = index;
            break;
        case CallArgument::Kind::Text:
            arguments[i] = reinterpret_cast<std::uintptr_t>(argument.text.c_str());
            break;
        }
    }
}

long Member::call(const NamedCall& named) const {
    const auto* a = arguments;
    return ::syscall(named.number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

bool Member::get_ready() {
    ::prctl(PR_SET_NAME, ("rig-" + group->name).c_str());
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(group->cpu_of(index), &set);
    const auto failed = [&](const char* what) {
        give_up("group %s: %s: %s", group->name.c_str(), what, std::strerror(errno));
        return false;
    };
    if (::sched_setaffinity(0, sizeof set, &set) != 0) return failed("its CPUs");
    if (!group->file.empty()) {
        file = ::open(group->file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0) file = ::open(group->file.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) return failed(group->file.c_str());
    }
    if (group->prepare.number >= 0) {
        resolve(group->prepare);
        if (call(group->prepare) < 0) return failed(group->prepare.name.c_str());
    }
    resolve(group->call);
    // No page fault is to fall into the window.
    std::memset(thread_logs.latencies(slot), 0, thread_logs.most() * sizeof(std::uint64_t));
    sched_param parameters{};
    parameters.sched_priority = group->priority;
    if (::sched_setscheduler(0, group->policy, &parameters) != 0)
        return failed("its scheduling policy");
    return true;
}

void Member::touch_region() const {
    const std::size_t step = group->region_bytes / group->touch_pages / kPage * kPage;
    for (unsigned page = 0; page < group->touch_pages; ++page)
        *static_cast<volatile char*>(region + page * step) = 1;
}

bool Member::run_command() const {
    const pid_t child = ::fork();
    if (child == 0) become(group->command, team.params->output);
    if (child < 0) {
        give_up("group %s: fork: %s", group->name.c_str(), std::strerror(errno));
        return false;
    }
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED) != 0 && errno == EINTR) {
    }
    if (!is_own_child(child, *team.report)) {
        give_up("a child got pid %d: pids wrapped around", child);
        return false;
    }
    if (info.si_code == CLD_EXITED && info.si_status == 0) return true;
    give_up(info.si_code == CLD_EXITED ? "group %s: its command ended with exit code %d"
                                       : "group %s: its command was killed by signal %d",
            group->name.c_str(), info.si_status);
    return false;
}

bool Member::make_one(ThreadLog& log, std::uint64_t* latencies) {
    if (group->touch_pages) touch_region();
    const std::uint64_t before = monotonic_ns();
    long result = 0;
    if (group->command.empty())
        result = call(group->call);
    else if (!run_command())
        return false;
    const int error = result < 0 ? errno : 0;
    const std::uint64_t took = monotonic_ns() - before;
    ++log.calls;
    if (error) {
        const auto known = std::find(group->errors.begin(), group->errors.end(), error);
        if (known == group->errors.end()) {
            give_up("group %s: %s failed with %s in call %llu of thread %u, which its errors do "
                    "not list",
                    group->name.c_str(), group->call.name.c_str(), error_name(error).c_str(),
                    static_cast<unsigned long long>(log.calls), index);
            return false;
        }
        ++log.failed;
        ++log.by_error[known - group->errors.begin()];
        return true;
    }
    if (log.kept == thread_logs.most()) {
        give_up("group %s: thread %u made more than the %u calls whose latencies are kept: a "
                "longer pause_us, or fewer rounds",
                group->name.c_str(), index, thread_logs.most());
        return false;
    }
    latencies[log.kept++] = took;
    return true;
}

void Member::make_calls() {
    ThreadLog& log = thread_logs.log(slot);
    std::uint64_t* latencies = thread_logs.latencies(slot);
    for (unsigned made = 0; !team.broken.load();) {
        if (!make_one(log, latencies)) return;
        ++made;
        // Every thread makes at least one call in each round.
        if (group->calls ? made == group->calls : team.left[group->until].load() == 0) return;
        // A single-threaded emulator gives the turn to the next CPU here.
        relax();
        if (group->pause_us) sleep_until_ns(monotonic_ns() + group->pause_us * 1000ull);
    }
}

void live(Member member) {
    team.report->thread_ids[member.slot] = ::gettid();
    member.get_ready();
    team.ready.fetch_add(1);
    for (std::uint32_t seen = 0;; ++seen) {
        while (team.round.load() == seen)
            futex(team.round, FUTEX_WAIT_PRIVATE, seen);
        member.make_calls();
        team.left[member.group_index].fetch_sub(1);
        if (team.running.fetch_sub(1) != 1) continue;
        while (::write(team.done[1], "d", 1) < 0 && errno == EINTR) {
        }
    }
}

// The memory of each thread or group is in a slot of its own, so that nothing else shares its page
// tables.
char* map_region(const WorkloadParams& params, const ThreadGroup& group, unsigned& slots,
                 WorkloadReport& report) {
    const auto address = slot_address(params, slots++);
    char* region = drop_anchor(address, report) ? map_at(address, group.region_bytes) : nullptr;
    if (!region) {
        if (!report.error[0]) complain(report, "the region");
        return nullptr;
    }
    for (std::size_t at = 0; at < group.region_bytes; at += kPage)
        region[at] = 1;
    return region;
}

bool start_threads(const WorkloadParams& params, WorkloadReport& report) {
    unsigned slot = 0, slots = 0;
    for (std::size_t g = 0; g < params.groups.size(); ++g) {
        const auto& group = params.groups[g];
        char* region = nullptr;
        for (unsigned i = 0; i < group.threads; ++i, ++slot) {
            if (group.region_bytes && (i == 0 || !group.region_of_group))
                if (!(region = map_region(params, group, slots, report))) return false;
            std::thread(live, Member{&group, g, i, slot, region}).detach();
        }
    }
    report.threads = slot;
    while (team.ready.load() < slot)
        sleep_until_ns(monotonic_ns() + 100'000);
    const auto tasks = own_tasks(::getpid(), report);
    if (*std::min_element(tasks.threads.begin(), tasks.threads.end()) < tasks.pid)
        give_up("the threads' ids wrapped around");
    return !team.broken.load();
}

void prepare_threads(const WorkloadParams& params, WorkloadReport& report) {
    // As the workload "command" does.
    if (runs_commands(params)) write_file("/proc/sys/kernel/pid_max", "4194304");
    if (!prepare_common(params, report)) return;
    team.params = &params;
    team.report = &report;
    if (::pipe2(team.done, O_CLOEXEC) != 0) {
        complain(report, "pipe");
        return;
    }
    start_threads(params, report);
}

void run_threads(const WorkloadParams& params, WorkloadReport& report) {
    const auto& groups = params.groups;
    if (runs_commands(params) && !reserve_child_pids(report)) return;
    at_pace(params, [&](unsigned i) {
        for (std::size_t g = 0; g < groups.size(); ++g)
            team.left[g].store(groups[g].threads);
        team.running.store(report.threads);
        char byte = 0;
        const iovec vector{&byte, 1};
        const std::uint64_t before = monotonic_ns();
        team.round.store(i + 1);
        futex(team.round, FUTEX_WAKE_PRIVATE, INT_MAX);
        if (::readv(team.done[0], &vector, 1) != 1) return complain(report, "readv");
        report.call_ns[i] = monotonic_ns() - before;
        report.calls = i + 1;
        return !team.broken.load();
    });
    unsigned slot = 0;
    for (const auto& group : groups)
        for (unsigned i = 0; i < group.threads; ++i, ++slot)
            if (group.calls) report.tables_freed += thread_logs.log(slot).calls;
}

bool share_logs(const WorkloadParams& params, std::string& error) {
    if (thread_logs.map(all_threads(params))) return true;
    error = errno_text("the threads' logs");
    return false;
}

void add_results(const WorkloadParams& params, nlohmann::json& workload) {
    auto& counters = workload["counters"];
    auto& timings = workload["timings"] = nlohmann::json::object();
    unsigned slot = 0;
    for (const auto& group : params.groups) {
        std::uint64_t calls = 0, failed = 0;
        std::vector<std::uint64_t> by_error(group.errors.size());
        for (unsigned i = 0; i < group.threads; ++i, ++slot) {
            const ThreadLog& log = thread_logs.log(slot);
            calls += log.calls;
            failed += log.failed;
            for (std::size_t e = 0; e < by_error.size(); ++e)
                by_error[e] += log.by_error[e];
            const auto name = thread_name(group.name, i);
            counters[calls_counter(name)] = log.calls;
            const std::uint64_t* latencies = thread_logs.latencies(slot);
            timings[name] = std::vector<std::uint64_t>(
                latencies, latencies + std::min(log.kept, thread_logs.most()));
        }
        counters[calls_counter(group.name)] = calls;
        counters[errors_counter(group.name)] = failed;
        for (std::size_t e = 0; e < by_error.size(); ++e)
            counters[error_counter(group.name, error_name(group.errors[e]))] = by_error[e];
    }
}

} // namespace

extern const Workload kThreads;
const Workload kThreads{"threads", prepare_threads, run_threads, share_logs, add_results};

} // namespace rig::guest
