// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/workload_parameters.h"

#include "guest/protocol/system_call.h"
#include "rig/spec/experiment_keys.h"
#include "rig/spec/value_rules.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {
namespace {

Status read_tables(const SpecTable& table, const WorkloadParameter& parameter,
                   std::vector<ParameterTable>& out) {
    RIG_TRY(entries, table.tables(parameter.key, parameter.maximum));
    const auto section = "workload." + parameter.key;
    for (const auto& entry : entries) {
        RIG_CHECK(KeyedTable(entry, section).only());
        ParameterTable one;
        for (const auto& key : parameter.keys) {
            if (key.required) RIG_CHECK(entry.require(key.key, key.meaning));
            std::optional<ParameterValue> value;
            RIG_CHECK(read_parameter(entry, key, value));
            one.values[key.key] = value ? *value : key.standard;
        }
        out.push_back(std::move(one));
    }
    return {};
}

// Whole numbers become texts.
Status read_arguments(const SpecTable& table, const WorkloadParameter& parameter,
                      std::vector<std::string>& out) {
    const auto want = fmt::format("an array of at most {}, each {}", parameter.maximum,
                                  guest::call_argument_forms());
    const auto* list = table.find(parameter.key)->as_array();
    if (!list || list->size() > parameter.maximum)
        return tl::unexpected(table.bad(parameter.key, want));
    for (const auto& node : *list) {
        if (const auto number = node.value_exact<std::int64_t>())
            out.push_back(std::to_string(*number));
        else if (const auto text = node.value_exact<std::string>();
                 text && !parameter.accepts(*text))
            out.push_back(*text);
        else
            return tl::unexpected(table.bad(
                parameter.key,
                text ? fmt::format("{}; {} is none of them", want, in_quotes(*text)) : want));
    }
    return {};
}

} // namespace

Status read_parameter(const SpecTable& table, const WorkloadParameter& parameter,
                      std::optional<ParameterValue>& out) {
    using enum WorkloadParameter::Type;
    const auto& key = parameter.key;
    if (!table.has(key)) return {};
    switch (parameter.type) {
    case Number: {
        unsigned number = 0;
        RIG_CHECK(table.integer(key, number, parameter.minimum, parameter.maximum));
        out = number;
        return {};
    }
    case KernelFunction:
    case Text: {
        std::string text;
        if (!parameter.choices.empty())
            RIG_CHECK(table.choice(key, text, parameter.choices));
        else
            RIG_CHECK(table.text(key, text,
                                 parameter.type == Text ? Rule(parameter.accepts)
                                                        : Rule(rules::kernel_function)));
        out = text;
        return {};
    }
    case Command: {
        std::vector<std::string> words;
        RIG_CHECK(table.texts(key, words, parameter.maximum, rules::at_most(4096)));
        if (words.empty() || !words[0].starts_with('/'))
            return tl::unexpected(table.bad(key, parameter.meaning));
        out = words;
        return {};
    }
    case Texts: {
        std::vector<std::string> texts;
        RIG_CHECK(table.texts(key, texts, parameter.maximum, Rule(parameter.accepts)));
        auto sorted = texts;
        std::sort(sorted.begin(), sorted.end());
        if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
            return tl::unexpected(table.bad(key, "each of them once"));
        out = texts;
        return {};
    }
    case Arguments: {
        std::vector<std::string> arguments;
        RIG_CHECK(read_arguments(table, parameter, arguments));
        out = arguments;
        return {};
    }
    case Tables: {
        std::vector<ParameterTable> tables;
        RIG_CHECK(read_tables(table, parameter, tables));
        out = tables;
        return {};
    }
    }
    return {};
}

Status check_parameters(const SpecTable& table, const WorkloadSpec& workload, unsigned vcpus) {
    const auto& declared = workload_named(workload.name);
    const auto fault = declared.refuse ? declared.refuse(workload, vcpus) : std::nullopt;
    if (!fault) return {};
    const auto list =
        std::find_if(declared.parameters.begin(), declared.parameters.end(),
                     [&](const WorkloadParameter& one) { return one.key == fault->list; });
    RIG_TRY(entries, table.tables(fault->list, list->maximum));
    const auto& entry = entries.at(fault->table);
    RIG_CHECK(entry.require(fault->key, fault->want));
    return tl::unexpected(entry.bad(fault->key, fault->want));
}

Status read_bystanders(const SpecTable& table, WorkloadSpec& workload, unsigned vcpus) {
    const KeyedTable keys(table, "workload");
    RIG_CHECK(table.boolean("bystanders", workload.bystanders));
    RIG_CHECK(keys.integer("bystander_period_us", workload.bystander_period_us));
    for (const char* key : {"bystander_mode", "bystander_cpus"})
        if (table.has(key) && !workload.bystanders)
            return tl::unexpected(table.bad(key, "it left out, or workload.bystanders = true"));
    std::string mode = "sleep";
    RIG_CHECK(keys.choice("bystander_mode", mode));
    workload.bystander_mode = mode == "user"   ? BystanderMode::User
                              : mode == "busy" ? BystanderMode::Busy
                                               : BystanderMode::Sleep;
    if (workload.bystander_mode == BystanderMode::User && table.has("bystander_period_us"))
        return tl::unexpected(table.bad(
            "bystander_period_us", "it left out: with bystander_mode = \"user\" nothing sleeps"));
    RIG_CHECK(table.text("bystander_cpus", workload.bystander_cpus,
                         [&](const std::string& text) -> std::optional<std::string> {
                             const auto cpus = guest::parse_cpu_list(text);
                             if (cpus && *std::max_element(cpus->begin(), cpus->end()) < vcpus)
                                 return std::nullopt;
                             return fmt::format("CPUs below guest.vcpus = {}, such as \"1-3\" or "
                                                "\"1,3\", each once",
                                                vcpus);
                         }));
    RIG_TRY(caller, table.table("caller_bystander"));
    if (!caller) return {};
    const KeyedTable of_caller(*caller, "workload.caller_bystander");
    RIG_CHECK(of_caller.only());
    CallerBystander one;
    RIG_CHECK(caller->integer("cpu", one.cpu, 0, vcpus - 1));
    RIG_CHECK(of_caller.integer("period_us", one.period_us));
    RIG_CHECK(of_caller.integer("priority", one.priority));
    workload.caller_bystander = one;
    return {};
}

} // namespace rig
