// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/fault_points/fault_point.h"

#include "rig/fault_points/fault_points.h"

#include <algorithm>
#include <cassert>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {
namespace {

// The value of the attribute if it is a T, else T{}.
template<class T>
T value_of(const FaultPoint& point, const FaultValues& values, std::string_view key) {
    const auto declared =
        std::find_if(point.attributes.begin(), point.attributes.end(),
                     [&](const FaultAttribute& attribute) { return attribute.key == key; });
    if (declared == point.attributes.end()) return T{};
    const auto given = values.find(key);
    const auto* value =
        std::get_if<T>(given == values.end() ? &declared->standard : &given->second);
    return value ? *value : T{};
}

} // namespace

const std::vector<const FaultPoint*>& all_fault_points() {
    static const std::vector<const FaultPoint*> all{
        &fault_points::fail_page_alloc(), &fault_points::failslab(), &fault_points::fail_usercopy(),
        &fault_points::fail_futex(), &fault_points::fail_function()};
    return all;
}

std::vector<std::string> fault_point_names() {
    std::vector<std::string> names;
    for (const auto* point : all_fault_points())
        names.push_back(point->name);
    return names;
}

const FaultPoint* find_fault_point(std::string_view name) {
    for (const auto* point : all_fault_points())
        if (point->name == name) return point;
    return nullptr;
}

const FaultPoint& fault_point_named(std::string_view name) {
    const auto* point = find_fault_point(name);
    assert(point);
    return *point;
}

const FaultPoint& standard_fault_point() {
    return *all_fault_points().front();
}

std::vector<const FaultAttribute*> fault_attributes() {
    std::vector<const FaultAttribute*> out;
    for (const auto* point : all_fault_points())
        for (const auto& attribute : point->attributes)
            if (std::none_of(out.begin(), out.end(),
                             [&](const FaultAttribute* one) { return one->key == attribute.key; }))
                out.push_back(&attribute);
    return out;
}

std::string points_with(std::string_view key) {
    std::vector<std::string> names;
    for (const auto* point : all_fault_points())
        for (const auto& attribute : point->attributes)
            if (attribute.key == key) names.push_back(fmt::format("\"{}\"", point->name));
    return fmt::format("{}", fmt::join(names, " or "));
}

bool flag_of(const FaultPoint& point, const FaultValues& values, std::string_view key) {
    return value_of<bool>(point, values, key);
}

std::int64_t number_of(const FaultPoint& point, const FaultValues& values, std::string_view key) {
    return value_of<std::int64_t>(point, values, key);
}

std::string text_of(const FaultPoint& point, const FaultValues& values, std::string_view key) {
    return value_of<std::string>(point, values, key);
}

std::vector<std::string> names_of(const FaultPoint& point, const FaultValues& values,
                                  std::string_view key) {
    return value_of<std::vector<std::string>>(point, values, key);
}

std::vector<std::string> functions_named(const FaultPoint& point, const FaultValues& values) {
    std::vector<std::string> out;
    for (const auto& attribute : point.attributes)
        if (attribute.type == FaultAttribute::Type::Function)
            if (auto function = text_of(point, values, attribute.key); !function.empty())
                out.push_back(std::move(function));
    return out;
}

FaultProbe probe_of(const FaultPoint& point, const FaultValues& values) {
    return point.decided_by ? point.decided_by(values) : point.decides;
}

std::vector<FaultWrite> first_writes(const FaultPoint& point, const FaultValues& values) {
    return point.first ? point.first(values) : std::vector<FaultWrite>{};
}

std::vector<FaultWrite> own_writes(const FaultPoint& point, const FaultValues& values) {
    if (point.writes) return point.writes(values);
    std::vector<FaultWrite> out;
    for (const auto& attribute : point.attributes) {
        if (attribute.only_if_set && !values.contains(attribute.key)) continue;
        const std::string value = attribute.type == FaultAttribute::Type::Flag
                                      ? flag_of(point, values, attribute.key) ? "Y" : "N"
                                      : std::to_string(number_of(point, values, attribute.key));
        out.push_back({attribute.key, value, value});
    }
    return out;
}

} // namespace rig
