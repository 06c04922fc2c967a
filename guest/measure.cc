// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/measure.h"
#include "guest/background.h"

#include "guest/bystanders.h"
#include "guest/fault_injection.h"
#include "guest/files.h"
#include "guest/instruments.h"
#include "guest/window_marks.h"
#include "guest/workload_commands.h"
#include "guest/workloads/fork_own.h"
#include "guest/workloads/workload.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rig::guest {
namespace {

using nlohmann::json;

// A child that has prepared itself and waits on a pipe for its start. When it is done it reports
// that and waits again, so that perf is stopped and fault injection disarmed before its exit tears
// down the address space: page tables freed by the exit do not belong to the workload.
struct WorkloadProcess {
    pid_t pid = -1;
    int steer = -1; // write: the first byte starts it, the second lets it exit
    int news = -1;  // read: 'r' = ready, 'd' = done, end of file = died
    WorkloadReport* report = nullptr;
    const Workload* workload = nullptr;
    WorkloadParams params = {};

    // The tasks that make the calls, once it is ready.
    OwnTasks tasks() const { return own_tasks(pid, *report); }

    bool steer_on() const { return ::write(steer, "g", 1) == 1; }
    bool wait_for(char word) const {
        char byte = 0;
        return ::read(news, &byte, 1) == 1 && byte == word;
    }
    int reap() {
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        pid = -1;
        ::close(steer);
        ::close(news);
        return status;
    }
};

WorkloadParams read_params(const json& plan, const std::string& output) {
    const auto& w = plan.at("workload");
    const auto& p = plan.at("perturbation");
    WorkloadParams params;
    params.iterations = std::min(w.at("iterations").get<unsigned>(), kMaxIterations);
    params.tables = w.at("tables");
    params.pages_per_table = w.at("pages_per_table");
    params.pace_us = w.at("pace_us");
    params.start_offset_us = p.at("start_offset_us");
    params.ballast_pages = p.at("ballast_pages");
    params.address_slot = p.at("address_slot");
    params.command = w.value("command", std::vector<std::string>());
    if (w.contains("group")) params.groups = read_groups(w.at("group"));
    params.output = output;
    return params;
}

bool start_workload(const json& plan, const std::string& output, Deadline& deadline,
                    WorkloadProcess& process, std::string& error) {
    const auto name = plan.at("workload").at("name").get<std::string>();
    const Workload* workload = process.workload = find_workload(name);
    if (!workload) {
        error = "no workload named '" + name + "'";
        return false;
    }
    const WorkloadParams& params = process.params = read_params(plan, output);
    if (workload->share && !workload->share(params, error)) return false;
    void* shared = ::mmap(nullptr, sizeof(WorkloadReport), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int steer[2], news[2];
    if (shared == MAP_FAILED || ::pipe2(steer, O_CLOEXEC) != 0 || ::pipe2(news, O_CLOEXEC) != 0) {
        error = errno_text("set-up");
        return false;
    }
    process.report = new (shared) WorkloadReport;
    process.pid = ::fork();
    if (process.pid == 0) {
        ::prctl(PR_SET_NAME, "workload");
        ::prctl(PR_SET_TIMERSLACK, 1);
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(0, &set);
        ::sched_setaffinity(0, sizeof set, &set);
        ::close(steer[1]);
        ::close(news[0]);
        char byte = 0;
        workload->prepare(params, *process.report);
        if (::write(news[1], "r", 1) != 1 || ::read(steer[0], &byte, 1) != 1) ::_exit(125);
        if (!process.report->error[0]) workload->run(params, *process.report);
        if (::write(news[1], "d", 1) != 1 || ::read(steer[0], &byte, 1) != 1) ::_exit(125);
        ::_exit(process.report->error[0] ? 1 : 0);
    }
    ::close(steer[0]);
    ::close(news[1]);
    process.steer = steer[1];
    process.news = news[0];
    deadline.awaits(process.pid);
    const bool ok = process.pid > 0 && process.wait_for('r');
    deadline.awaits(0);
    if (!ok) error = "the workload did not get ready";
    return ok;
}

BystanderPlan bystander_plan(const json& plan, unsigned cpus) {
    using Mode = BystanderPlan::Mode;
    BystanderPlan out;
    out.period_us = plan.at("period_us");
    out.burst_iterations = plan.at("burst_iterations");
    if (plan.at("enabled").get<bool>()) {
        std::vector<unsigned> others;
        for (unsigned cpu = 1; cpu < cpus; ++cpu)
            others.push_back(cpu);
        out.cpus = plan.value("cpus", others);
    }
    out.mode = plan.value("user", false)     ? Mode::User
               : plan.at("busy").get<bool>() ? Mode::Busy
                                             : Mode::Sleep;
    if (plan.contains("caller")) {
        const auto& caller = plan.at("caller");
        out.caller = {true, caller.at("cpu"), caller.at("period_us"), caller.at("priority")};
    }
    return out;
}

// NUMA nodes with memory or CPUs; 1 if the kernel knows of none.
unsigned numa_nodes() {
    unsigned nodes = 0;
    while (::access(("/sys/devices/system/node/node" + std::to_string(nodes)).c_str(), F_OK) == 0)
        ++nodes;
    return std::max(nodes, 1u);
}

json outcome_of(int status) {
    if (WIFSIGNALED(status)) return {{"signal", WTERMSIG(status)}};
    return {{"exit", WEXITSTATUS(status)}};
}

json wakeups(unsigned cpu, const BystanderLog& log) {
    return {{"cpu", cpu},
            {"dropped", log.dropped},
            {"wakeup_ns", std::vector<std::uint64_t>(log.wakeup_ns, log.wakeup_ns + log.count)}};
}

void add_bystander_results(const Bystanders& bystanders, json& result) {
    const auto& plan = bystanders.plan();
    json all = json::array(), user = json::array();
    for (std::size_t n = 0; n < plan.cpus.size(); ++n) {
        if (plan.mode == BystanderPlan::Mode::User) {
            const UserLog& log = bystanders.user_log(n);
            user.push_back({{"cpu", plan.cpus[n]},
                            {"work", log.work},
                            {"window_ns", bystanders.recorded_ns()},
                            {"gap_ns", bystanders.ticks_to_ns(log.gap_ticks)}});
            continue;
        }
        const BystanderLog& log = bystanders.log(n);
        all.push_back(wakeups(plan.cpus[n], log));
        all.back()["burst_ns"] = std::vector<std::uint64_t>(log.burst_ns, log.burst_ns + log.count);
    }
    result["bystanders"] = all;
    if (plan.mode == BystanderPlan::Mode::User) result["user_bystanders"] = user;
    if (plan.caller.wanted)
        result["caller_bystander"] = wakeups(plan.caller.cpu, bystanders.caller_log());
}

// One pass: its input from the plan, and its results.
struct Pass {
    const json& plan; // the whole plan
    const json& own;  // of this pass: {"name", "stat", "record"}
    Channel& channel;
    Deadline& deadline;
    Bystanders& bystanders;
    const FaultInjection& faults;
    const WindowMarks& marks;
    unsigned window;              // reported to the plugin while the workload runs
    json result = json::object(); // this pass's part of the Result frame
    std::string stage{}, error{};

    std::string name() const { return own.at("name").get<std::string>(); }
    // Output file of the commands that the workload runs; absent if it runs none.
    std::string command_output() const { return "/tmp/" + name() + "-command.txt"; }
    bool printed() const { return ::access(command_output().c_str(), F_OK) == 0; }
    bool run();

 private:
    bool measured(WorkloadProcess& workload, Backgrounds& backgrounds);
    json step(const std::string& of_workload) const {
        return run_step(plan, of_workload, name(), channel, deadline);
    }
    bool workload_did_its_calls(const WorkloadProcess& workload) const {
        return result.value("workload_done", false) && !workload.report->error[0];
    }
    bool named_by_host() const {
        return plan.at("kernel_names").get<std::string>() == kNamedByHost;
    }
    bool start_recording(PerfProcess& record, const std::vector<std::string>& args);
    json counters_of(const WorkloadReport& report) const;
    void send_output();
};

bool Pass::run() {
    WorkloadProcess workload;
    Backgrounds backgrounds;
    stage = "workload.setup";
    if (!step_succeeded(plan, "setup", step("setup"), error)) return false;
    stage = "workload";
    const bool ok = start_workload(plan, command_output(), deadline, workload, error) &&
                    measured(workload, backgrounds);
    for (const auto& output : backgrounds.outputs())
        channel.send_file(output, "/tmp/" + output);
    faults.disarm();
    // The workload's process is still there, with what it has mapped and opened. Only if it did all
    // its calls is there an operation to check.
    if (ok && workload_did_its_calls(workload)) {
        const auto checked = step("check");
        if (!checked.is_null()) result["check"] = checked;
    }
    if (workload.pid > 0) {
        if (!ok || !workload.steer_on()) ::kill(workload.pid, SIGKILL);
        const int status = workload.reap();
        result["workload"] = outcome_of(status);
    }
    if (!ok) return false;
    stage = "workload.teardown";
    // After a workload that failed, its failure is the news.
    if (!step_succeeded(plan, "teardown", step("teardown"), error) &&
        workload_did_its_calls(workload))
        return false;
    const WorkloadReport& report = *workload.report;
    const unsigned calls = std::min(report.calls, kMaxIterations);
    result["workload"]["error"] = std::string(report.error);
    if (report.error[0] && printed())
        result["workload"]["error"] = report.error + ("; it said: " + tail(command_output()));
    result["workload"]["calls"] = calls;
    result["workload"]["tables_freed"] = report.tables_freed;
    result["workload"]["counters"] = counters_of(report);
    result["workload"]["call_ns"] =
        std::vector<std::uint64_t>(report.call_ns, report.call_ns + calls);
    if (workload.workload->results) workload.workload->results(workload.params, result["workload"]);
    return true;
}

json Pass::counters_of(const WorkloadReport& report) const {
    json counters = json::object();
    // `names` below has a view of it.
    const auto name = plan.at("workload").at("name").get<std::string>();
    const auto names = workload_counters(name);
    for (std::size_t i = 0; i < names.size(); ++i)
        counters[std::string(names[i])] = report.counters[i];
    return counters;
}

bool Pass::start_recording(PerfProcess& record, const std::vector<std::string>& args) {
    // Hide the addresses until perf answers, which means that it has read the kernel's symbols.
    // They must be visible again before the list of probes is read.
    const KernelPointersHidden hidden(named_by_host());
    return record.start(name() + "-perf-record", args, error) && record.command("enable", error);
}

bool Pass::measured(WorkloadProcess& workload, Backgrounds& backgrounds) {
    stage = "fault injection";
    const OwnTasks tasks = workload.tasks();
    if (!faults.arm(tasks, result, error)) return false;
    const auto before = faults.times();

    stage = "perf";
    const bool counting = !own.at("stat").empty();
    PerfProcess stat, record;
    const auto with_events = [&](std::vector<std::string> args, const char* list) {
        const auto events = event_arguments(own.at(list), tasks);
        args.insert(args.end(), events.begin(), events.end());
        return args;
    };
    if (!start_recording(record, with_events({"record", "-a", "-q", "-N", "-B", "-m",
                                              std::to_string(plan.at("perf_pages").get<unsigned>()),
                                              "-o", "/tmp/perf.data"},
                                             "record")))
        return false;
    if (counting && (!stat.start(name() + "-perf-stat",
                                 with_events({"stat", "-a", "-A", "-x,", "-o",
                                              "/tmp/" + name() + "-perf-stat.csv"},
                                             "stat"),
                                 error) ||
                     !stat.command("enable", error)))
        return false;
    // Start these within perf's window: opening and closing its events stops every CPU for
    // milliseconds, which would show in the results of the background commands.
    stage = "background";
    if (!backgrounds.start(plan.at("backgrounds"), name(), error)) return false;
    channel.send_file(name() + "-interrupts-before.txt", "/proc/interrupts");

    stage = "workload";
    bystanders.record(own.at("bystanders").get<bool>());
    deadline.awaits(workload.pid);
    marks.begin(window);
    const bool started = workload.steer_on(), done = started && workload.wait_for('d');
    marks.begin(RIG_WINDOW_REST);
    deadline.awaits(0);
    bystanders.record(false);
    // If the workload died, its wait status is reported. perf is closed all the same, because its
    // output is evidence.
    result["workload_done"] = done;
    // The probes are armed now: the list shows where they are, and whether they are
    // optimised.
    if (counting) copy_file("/sys/kernel/debug/kprobes/list", "/tmp/kprobes.txt");
    stage = "background";
    if (!backgrounds.stop(error)) return false;
    stage = "perf";
    if ((counting && !stat.command("disable", error)) || !record.command("disable", error))
        return false;
    const auto after = faults.times();
    faults.disarm();
    channel.send_file(name() + "-interrupts-after.txt", "/proc/interrupts");
    if ((counting && !stat.stop(error)) || !record.stop(error)) return false;
    faults.report(before, after, result);
    send_output();
    return true;
}

void Pass::send_output() {
    const std::string script = "/tmp/" + name() + "-perf-script";
    std::vector<std::string> perf{"/bin/perf",          "script", "-i", "/tmp/perf.data", "--ns",
                                  "--show-lost-events", "-F"};
    if (named_by_host())
        perf.insert(perf.end(), {"comm,tid,cpu,time,event,ip,trace", "--kallsyms=/dev/null"});
    else
        perf.push_back("comm,tid,cpu,time,event,ip,sym,trace");
    run_to_file(perf, script + ".txt", script + ".err");
    for (const char* suffix : {"-perf-stat.csv", "-perf-script.txt", "-perf-record.err",
                               "-perf-stat.err", "-perf-script.err"})
        channel.send_file(name() + suffix, "/tmp/" + name() + suffix);
    ::unlink("/tmp/perf.data");
    if (printed()) channel.send_tail(name() + "-command.txt", command_output());
}

} // namespace

// What a command printed need not be UTF-8, and may be cut within a character.
static std::string text_of(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void measure(const json& plan, Channel& channel, Deadline& deadline) {
    const unsigned cpus = static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN));
    Bystanders bystanders;
    const auto fail = [&](const std::string& stage, const std::string& error) {
        bystanders.stop();
        channel.send(FrameType::Failure, text_of(json{{"stage", stage}, {"message", error}}));
    };
    std::string error;
    disable_probe_optimization();
    const FaultInjection faults(plan);
    if (!faults.prepare(error)) return fail("fault injection", error);
    if (!define_probes(plan.at("probes"), error)) return fail("kprobes", error);
    if (const auto missing = missing_events(plan); !missing.empty()) {
        error = "the kernel has no event";
        for (const auto& name : missing)
            error += " " + name;
        return fail("tracepoints", error);
    }
    if (!bystanders.start(bystander_plan(plan.at("bystanders"), cpus)))
        return fail("bystanders", errno_text("start"));

    json result = {{"cpus_online", cpus}, {"passes", json::array()}};
    if (plan.contains("numa")) result["nodes_online"] = numa_nodes();
    report_required(plan, channel, result);
    const WindowMarks marks;
    unsigned index = 0;
    for (const auto& own : plan.at("passes")) {
        Pass pass{plan, own, channel, deadline, bystanders, faults, marks, window_of_pass(index++)};
        if (!pass.run()) return fail(pass.name() + " pass: " + pass.stage, pass.error);
        pass.result["name"] = pass.name();
        result["passes"].push_back(pass.result);
    }
    bystanders.stop();
    channel.send_file("kprobes.txt", "/tmp/kprobes.txt");
    add_bystander_results(bystanders, result);
    const std::string text = text_of(result);
    // The samples of many CPUs do not fit into a frame. They are sent as a file; the Result frame
    // tells the host that the file is complete.
    write_file("/tmp/result.json", text);
    channel.send_file("result.json", "/tmp/result.json");
    channel.send(FrameType::Result, json{{"bytes", text.size()}}.dump());
}

} // namespace rig::guest
