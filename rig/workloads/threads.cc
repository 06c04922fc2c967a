// SPDX-License-Identifier: GPL-2.0-or-later
// Groups of threads that an experiment file declares. One iteration is a round: all threads start
// at a barrier, and the round ends when each has made its calls.
#include "guest/protocol/system_call.h"
#include "guest/protocol/thread_groups.h"
#include "rig/workloads/declarations.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace rig::workloads {
namespace {

using Wanted = std::optional<std::string>;

Wanted group_name(const std::string& text) {
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    if (!text.empty() && text.size() <= 11 && (text[0] < '0' || text[0] > '9') &&
        std::all_of(text.begin(), text.end(), plain))
        return {};
    return "1 to 11 of a-z 0-9, the first a letter";
}

Wanted cpu_list(const std::string& text) {
    return guest::parse_cpu_list(text) ? Wanted() : "CPUs such as \"0-3\" or \"0,2\", each once";
}

Wanted system_call(const std::string& text) {
    if (!guest::system_call_number(text))
        return "a system call that x86-64, arm64 and riscv64 have, such as \"membarrier\" or "
               "\"openat\"";
    const auto why = guest::why_not_looped(text);
    return why.empty() ? Wanted() : "another system call: " + why;
}

Wanted argument(const std::string& text) {
    return guest::parse_call_argument(text) ? Wanted() : guest::call_argument_forms();
}

Wanted error(const std::string& text) {
    return guest::error_number(text) ? Wanted() : "an error such as \"EAGAIN\"";
}

Wanted absolute_path(const std::string& text) {
    return text.starts_with('/') && text.size() <= 1024 ? Wanted()
                                                        : "an absolute path in the guest";
}

const std::vector<WorkloadParameter>& group_keys() {
    using enum WorkloadParameter::Type;
    using Texts_ = std::vector<std::string>;
    static const std::vector<WorkloadParameter> keys = {
        {Text, "name", "the group's name such as \"callers\"", 0, 0, std::string(), true,
         group_name},
        {Number, "threads", "threads of the group", 1, guest::kMaxThreads, 1u},
        {Text, "cpus", "the CPUs of its threads, such as \"0-3\"", 0, 0, std::string(), true,
         cpu_list},
        {Text,
         "policy",
         "scheduling policy",
         0,
         0,
         std::string("other"),
         false,
         nullptr,
         {},
         {"other", "fifo", "rr", "batch", "idle"}},
        {Number, "priority", "real-time priority", 1, 99, 0u},
        {Text, "call", "the system call that each thread makes again and again", 0, 0,
         std::string(), false, system_call},
        {Arguments, "args", "its arguments", 0, guest::kMaxCallArguments, Texts_(), false,
         argument},
        {Command, "command", "1..64 words such as [\"/bin/true\"], the first a path in the guest",
         1, 64, Texts_()},
        {Number, "calls", "calls of each thread in a round", 1, 65536, 0u},
        {Text, "until", "the group whose end ends this one", 0, 0, std::string(), false,
         group_name},
        {Number, "pause_us", "pause of a thread between two calls, in microseconds", 0, 10000000,
         0u},
        {Texts, "errors", "errors with which the call may fail", 0, guest::kMaxErrors, Texts_(),
         false, error},
        {Number, "region_kib", "KiB of memory that \"@region\" is the address of", 4, 524288, 0u},
        {Text,
         "region_of",
         "whether each thread has such memory or the group",
         0,
         0,
         std::string("thread"),
         false,
         nullptr,
         {},
         {"thread", "group"}},
        {Number, "touch_pages",
         "pages of the region, evenly spread, that a thread writes before each call", 0, 131072,
         0u},
        {Text, "file", "the file that \"@file\" is a descriptor of", 0, 0, std::string(), false,
         absolute_path},
        {Text, "prepare", "a system call that each thread makes once, before the window opens", 0,
         0, std::string(), false, system_call},
        {Arguments, "prepare_args", "its arguments", 0, guest::kMaxCallArguments, Texts_(), false,
         argument},
    };
    return keys;
}

std::vector<ParameterTable> groups_of(const WorkloadSpec& workload) {
    return workload.tables("group");
}

bool has_command(const ParameterTable& group) {
    return !group.words("command").empty();
}

bool may_start_processes(const WorkloadSpec& workload) {
    const auto groups = groups_of(workload);
    return std::any_of(groups.begin(), groups.end(), has_command);
}

std::vector<std::string> counters(const WorkloadSpec& workload) {
    std::vector<std::string> names;
    for (const auto& group : groups_of(workload)) {
        const auto name = group.text("name");
        names.push_back(guest::calls_counter(name));
        names.push_back(guest::errors_counter(name));
        for (const auto& one : group.words("errors"))
            names.push_back(guest::error_counter(name, one));
        for (unsigned i = 0; i < group.number("threads"); ++i)
            names.push_back(guest::calls_counter(guest::thread_name(name, i)));
    }
    return names;
}

std::vector<WorkloadTiming> timings(const WorkloadSpec& workload) {
    std::vector<WorkloadTiming> all;
    for (const auto& group : groups_of(workload)) {
        WorkloadTiming whole{group.text("name"), {}};
        for (unsigned i = 0; i < group.number("threads"); ++i)
            whole.parts.push_back(guest::thread_name(whole.name, i));
        all.push_back(whole);
        for (const auto& part : whole.parts)
            all.push_back({part, {part}});
    }
    return all;
}

// The calls of groups with a number of calls. How many others make is not known beforehand.
std::uint64_t calls_per_round(const WorkloadSpec& workload) {
    std::uint64_t calls = 0;
    for (const auto& group : groups_of(workload))
        calls += std::uint64_t{group.number("threads")} * group.number("calls");
    return calls;
}

// The first value of one group that does not go with the others of this group. Its `key` is empty
// if there is none.
ParameterFault fault_in(const ParameterTable& group, unsigned vcpus) {
    const auto fault = [](const char* key, std::string want) {
        return ParameterFault{"", 0, key, std::move(want)};
    };
    const bool command = has_command(group), call = !group.text("call").empty();
    if (command == call)
        return fault(call ? "command" : "call",
                     call ? "it left out: the group makes a system call"
                          : "it, or command, to say what the threads do again and again");
    for (const char* key : {"args", "errors", "prepare_args"})
        if (command && !group.words(key).empty())
            return fault(key, "it left out: it goes with a system call");
    if (command && !group.text("prepare").empty())
        return fault("prepare", "it left out: it goes with a system call");
    if (group.text("prepare").empty() && !group.words("prepare_args").empty())
        return fault("prepare_args", "it left out, or prepare");
    const bool counted = group.number("calls") > 0, until = !group.text("until").empty();
    if (counted == until)
        return fault(counted ? "until" : "calls",
                     counted ? "it left out: calls says when the group ends"
                             : "it, or until, to say when the group ends");
    const auto policy = group.text("policy");
    const bool real_time = policy == "fifo" || policy == "rr";
    if (real_time && group.number("priority") == 0)
        return fault("priority", "1 to 99 with policy = \"fifo\" or \"rr\"");
    if (!real_time && group.number("priority") > 0)
        return fault("priority", "it left out, or policy = \"fifo\" or \"rr\"");
    const auto cpus = guest::parse_cpu_list(group.text("cpus"));
    for (const unsigned cpu : *cpus)
        if (cpu >= vcpus) return fault("cpus", fmt::format("CPUs below guest.vcpus = {}", vcpus));
    bool region = group.number("touch_pages") > 0, file = false;
    for (const char* key : {"args", "prepare_args"})
        for (const auto& word : group.words(key)) {
            const auto parsed = guest::parse_call_argument(word).value();
            using Kind = guest::CallArgument::Kind;
            region = region || parsed.kind == Kind::Region;
            file = file || parsed.kind == Kind::File;
            if (parsed.kind == Kind::Region && group.number("region_kib") > 0 &&
                parsed.number >= std::int64_t{group.number("region_kib")} * 1024)
                return fault(key, fmt::format("an offset below region_kib = {}",
                                              group.number("region_kib")));
        }
    if (region != (group.number("region_kib") > 0))
        return fault("region_kib", region ? "it: the group uses a region"
                                          : "it left out: nothing uses the region");
    if (group.number("touch_pages") > group.number("region_kib") / 4)
        return fault("touch_pages", fmt::format("at most the {} pages of the region",
                                                group.number("region_kib") / 4));
    if (file != !group.text("file").empty())
        return fault("file", file ? "it: \"@file\" is an argument"
                                  : "it left out: no argument is \"@file\"");
    return {};
}

std::optional<ParameterFault> refuse(const WorkloadSpec& workload, unsigned vcpus) {
    const auto groups = groups_of(workload);
    std::set<std::string> names;
    unsigned threads = 0;
    for (const auto& group : groups)
        threads += group.number("threads");
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const auto& group = groups[i];
        auto fault = fault_in(group, vcpus);
        const auto complain = [&](const char* key, std::string want) {
            if (fault.key.empty()) fault = {"", 0, key, std::move(want)};
        };
        if (!names.insert(group.text("name")).second)
            complain("name", "a name that no other group has");
        if (threads > guest::kMaxThreads)
            complain("threads", fmt::format("at most {} threads in all groups together, not {}",
                                            guest::kMaxThreads, threads));
        const auto most = guest::kept_latencies(threads);
        if (std::uint64_t{group.number("calls")} * workload.iterations > most)
            complain("calls", fmt::format("at most {} calls of a thread in all {} rounds, since "
                                          "every latency is kept",
                                          most, workload.iterations));
        if (const auto until = group.text("until"); !until.empty()) {
            const auto other = std::find_if(groups.begin(), groups.end(), [&](const auto& one) {
                return one.text("name") == until && one.number("calls") > 0;
            });
            if (other == groups.end())
                complain("until", "the name of another group, which has a number of calls");
        }
        if (fault.key.empty()) continue;
        fault.list = "group";
        fault.table = i;
        return fault;
    }
    return std::nullopt;
}

// The main thread opens the barrier with futex(2) and waits for the last thread in readv(2). It
// makes no other call of these names in the window.
TimedCall round_of_threads() {
    return {"a round", "syscalls:sys_enter_futex", "syscalls:sys_exit_readv", "", false, true};
}

std::string hint_for_threads(HintFor what, const HintFacts&) {
    switch (what) {
    case HintFor::TargetNotHit:
        return "no group's call reached it: look at call, args and prepare, and at the counters of "
               "errors";
    case HintFor::NoInjection:
        return "no allocation was to be made to fail on the way of the groups' calls: look at "
               "call, args and touch_pages";
    default:
        return "";
    }
}

} // namespace

const Workload& threads() {
    using enum WorkloadParameter::Type;
    static const std::string uncounted = "page tables are those of the groups' regions";
    static const Workload workload{
        .name = "threads",
        .purpose = "groups of threads that make a system call or run a command, again and again",
        .parameters = {{Tables, "group", "1 to 8 tables [[workload.group]]", 1, guest::kMaxGroups,
                        std::vector<ParameterTable>{}, true, nullptr, group_keys()}},
        .refused = {{"tables", uncounted},
                    {"pages_per_table", uncounted},
                    {"command", "each group has its own"},
                    {"call", "each group has its own"}},
        .iteration = round_of_threads(),
        .may_start_processes = may_start_processes,
        .has_threads = true,
        .work = "calls of its groups",
        .work_claim = "each group its calls",
        .work_per_call = calls_per_round,
        .plan_only = {{"tables", 4}, {"pages_per_table", 4}},
        .counters = counters,
        .timings = timings,
        .refuse = refuse,
        .hint = hint_for_threads,
    };
    return workload;
}

} // namespace rig::workloads
