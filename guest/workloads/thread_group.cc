// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/workloads/thread_group.h"

#include "guest/protocol/thread_groups.h"

#include <nlohmann/json.hpp>
#include <sched.h>
#include <stdexcept>

namespace rig::guest {
namespace {

[[noreturn]] void not_understood(const std::string& what, const std::string& value) {
    throw std::runtime_error(what + " '" + value + "' is not understood");
}

NamedCall read_call(const nlohmann::json& group, const char* name, const char* arguments) {
    NamedCall call;
    call.name = group.at(name).get<std::string>();
    if (call.name.empty()) return call;
    const auto number = system_call_number(call.name);
    if (!number) not_understood("system call", call.name);
    call.number = *number;
    for (const auto& text : group.at(arguments).get<std::vector<std::string>>()) {
        auto argument = parse_call_argument(text);
        if (!argument) not_understood("argument", text);
        call.arguments.push_back(std::move(*argument));
    }
    if (call.arguments.size() > kMaxCallArguments)
        not_understood("number of arguments", std::to_string(call.arguments.size()));
    return call;
}

int read_policy(const std::string& name) {
    if (name == "other") return SCHED_OTHER;
    if (name == "fifo") return SCHED_FIFO;
    if (name == "rr") return SCHED_RR;
    if (name == "batch") return SCHED_BATCH;
    if (name == "idle") return SCHED_IDLE;
    not_understood("policy", name);
}

} // namespace

std::vector<ThreadGroup> read_groups(const nlohmann::json& list) {
    std::vector<ThreadGroup> groups;
    for (const auto& one : list) {
        ThreadGroup group;
        group.name = one.at("name");
        group.threads = one.at("threads");
        const auto cpus = one.at("cpus").get<std::string>();
        const auto parsed = parse_cpu_list(cpus);
        if (!parsed) not_understood("list of CPUs", cpus);
        group.cpus = *parsed;
        group.policy = read_policy(one.at("policy"));
        group.priority = one.at("priority");
        group.call = read_call(one, "call", "args");
        group.command = one.at("command").get<std::vector<std::string>>();
        group.prepare = read_call(one, "prepare", "prepare_args");
        group.calls = one.at("calls");
        group.pause_us = one.at("pause_us");
        for (const auto& name : one.at("errors").get<std::vector<std::string>>()) {
            const auto number = error_number(name);
            if (!number || group.errors.size() == kMaxErrors) not_understood("error", name);
            group.errors.push_back(*number);
        }
        group.region_bytes = one.at("region_kib").get<std::size_t>() * 1024;
        group.region_of_group = one.at("region_of").get<std::string>() == "group";
        group.touch_pages = one.at("touch_pages");
        group.file = one.at("file");
        if ((group.call.number < 0) == group.command.empty())
            not_understood("what a group does,", group.name);
        groups.push_back(std::move(group));
    }
    unsigned threads = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        threads += groups[i].threads;
        if (groups[i].calls > 0) continue;
        const auto until = list.at(i).at("until").get<std::string>();
        auto& index = groups[i].until;
        while (index < groups.size() && (groups[index].name != until || groups[index].calls == 0))
            ++index;
        if (index == groups.size()) not_understood("until", until);
    }
    if (threads == 0 || threads > kMaxThreads)
        not_understood("number of threads", std::to_string(threads));
    return groups;
}

} // namespace rig::guest
