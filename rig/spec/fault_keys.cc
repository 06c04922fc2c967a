// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/fault_keys.h"

#include "rig/spec/experiment_keys.h"
#include "rig/spec/value_rules.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {
namespace {

Status read_attribute(const SpecTable& table, const FaultAttribute& attribute,
                      FaultValues& values) {
    using enum FaultAttribute::Type;
    const auto& key = attribute.key;
    if (attribute.required) RIG_CHECK(table.require(key, attribute.example));
    if (!table.has(key)) return {};
    auto value = attribute.standard;
    switch (attribute.type) {
    case Flag:
        RIG_CHECK(table.boolean(key, std::get<bool>(value)));
        break;
    case Number:
        RIG_CHECK(table.integer(key, std::get<std::int64_t>(value), attribute.low, attribute.high));
        break;
    case Function:
        RIG_CHECK(table.text(key, std::get<std::string>(value), rules::kernel_function));
        break;
    case Names: {
        auto& names = std::get<std::vector<std::string>>(value);
        RIG_CHECK(
            table.texts(key, names, static_cast<std::size_t>(attribute.high), rules::cache_name));
        if (names.empty()) return tl::unexpected(table.bad(key, "at least one name"));
        auto sorted = names;
        std::sort(sorted.begin(), sorted.end());
        if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
            return tl::unexpected(table.bad(key, "each of them once"));
        break;
    }
    }
    values[key] = std::move(value);
    return {};
}

// Keys of the point. A key of another point is refused with the name of its own.
Status read_attributes(const SpecTable& table, const FaultPoint& point, FaultValues& values) {
    for (const auto& attribute : point.attributes)
        RIG_CHECK(read_attribute(table, attribute, values));
    for (const auto* other : fault_attributes()) {
        const bool own = std::any_of(
            point.attributes.begin(), point.attributes.end(),
            [&](const FaultAttribute& attribute) { return attribute.key == other->key; });
        if (!own && table.has(other->key))
            return tl::unexpected(table.bad(
                other->key, fmt::format("it left out, or point = {}", points_with(other->key))));
    }
    return {};
}

// "KEY-start" and "KEY-end": the first and the last function of a range.
Status read_range(const SpecTable& table, const std::string& key, std::string& first,
                  std::string& last) {
    const auto start = key + "-start", end = key + "-end";
    RIG_CHECK(table.text(start, first, rules::kernel_function));
    RIG_CHECK(table.text(end, last, rules::kernel_function));
    if (table.has(end) && !table.has(start))
        return tl::unexpected(table.bad(end, fmt::format("{} too", start)));
    return {};
}

Status read_fault(const SpecTable& table, bool listed, FaultSpec& fault) {
    const KeyedTable keys(table, "fault");
    RIG_CHECK(keys.only());
    RIG_CHECK(keys.choice("point", fault.point));
    if (listed || fault.point != standard_fault_point().name) fault.function.clear();
    RIG_CHECK(table.boolean("enabled", fault.enabled));
    RIG_CHECK(table.text("function", fault.function, rules::kernel_function));
    if (table.has("require-start") && table.has("function"))
        return tl::unexpected(
            table.bad("require-start", "it left out: function is the same for one function"));
    RIG_CHECK(read_range(table, "require", fault.function, fault.last));
    RIG_CHECK(read_range(table, "reject", fault.reject, fault.last_rejected));
    for (const auto& [key, out] : {std::pair{"interval", &fault.interval},
                                   {"probability", &fault.probability},
                                   {"space", &fault.space},
                                   {"stacktrace-depth", &fault.stacktrace_depth}})
        RIG_CHECK(keys.integer(key, *out));
    RIG_CHECK(keys.integer("times", fault.times));
    RIG_CHECK(table.boolean("task-filter", fault.task_filter));
    if (listed && table.has("stack_filter"))
        return tl::unexpected(table.bad(
            "stack_filter", "it left out: without function, calls at any site of the task fail"));
    RIG_CHECK(table.boolean("stack_filter", fault.stack_filter));
    return read_attributes(table, fault_point_named(fault.point), fault.values);
}

} // namespace

Status read_faults(const SpecTable& root, Spec& spec) {
    const auto* node = root.find("fault");
    spec.faults_listed = node && node->is_array();
    if (!spec.faults_listed) {
        RIG_TRY(table, root.table("fault"));
        return table ? read_fault(*table, false, spec.faults.front()) : Status{};
    }
    RIG_TRY(tables, root.tables("fault", KeyedTable(root, "").limit("fault")));
    spec.faults.clear();
    for (const auto& table : tables) {
        FaultSpec fault;
        RIG_CHECK(table.require(
            "point", fmt::format("a fault point such as \"{}\"", standard_fault_point().name)));
        RIG_CHECK(read_fault(table, true, fault));
        if (std::any_of(spec.faults.begin(), spec.faults.end(),
                        [&](const FaultSpec& other) { return other.point == fault.point; }))
            return tl::unexpected(
                table.bad("point", "one that no other [[fault]] has: the kernel has one set of "
                                   "attributes for each"));
        spec.faults.push_back(std::move(fault));
    }
    return {};
}

} // namespace rig
