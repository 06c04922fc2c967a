// SPDX-License-Identifier: GPL-2.0-or-later
// The fault points of the kernel (Documentation/fault-injection/fault-injection.rst): one
// declaration for each, in its own file in this folder. A declaration contains the point's own
// attributes, the option that compiles it, and the function whose return value says whether a call
// is to fail. Nothing else in rig/ knows a fault point by name. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rig {

using FaultValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;
using FaultValues = std::map<std::string, FaultValue, std::less<>>;

// A key of [fault] that only some points have. It is called as the kernel calls the attribute.
struct FaultAttribute {
    enum class Type {
        Flag,
        Number,
        Function, // of the kernel, as in kallsyms
        Names,    // 1..high names, such as slab caches
    } type = Type::Flag;
    std::string key;
    std::int64_t low = 0, high = 0; // Number: the range. Names: the largest number of them
    FaultValue standard = {};       // as in a file without the key
    bool required = false;
    // Left alone if the file does not have the key. Others are always written.
    bool only_if_set = false;
    std::string example; // one line of TOML
    std::string text;    // for people, in Markdown
};

// One file that the agent writes, in the point's folder unless it is an absolute path.
struct FaultWrite {
    std::string file, value;
    // What the file must contain afterwards, without the line end. Empty: anything.
    std::string reads;
    bool operator==(const FaultWrite&) const = default;
};

// The function that decides whether a call fails.
struct FaultProbe {
    std::string function;
    std::string type;   // of its return value, as kprobe_events spells it: "u8"
    std::string failed; // what a perf filter says of the field `ret` if the call is to fail
    bool operator==(const FaultProbe&) const = default;
};

struct FaultPoint {
    std::string name; // its folder in debugfs: "failslab"
    std::string what; // the calls that it fails, in the plural: "slab allocations"
    // Options without CONFIG_ that compile it. Empty: rig knows the point and cannot inject there.
    std::vector<std::string> options = {};
    // Further ones that task-filter = true needs, and what to do where they are missing.
    std::vector<std::string> task_filter_options = {};
    std::string without_task_filter = {};
    std::vector<FaultAttribute> attributes = {};
    FaultProbe decides = {};
    // The same, if that depends on the attributes.
    FaultProbe (*decided_by)(const FaultValues&) = nullptr;
    // rig's names for the probes at entry and failure, and for their count in Sample::counts.
    std::string entry_event = {}, failed_event = {}, count_key = {};
    // Written before any probe is defined, and instead of one file for each attribute.
    std::vector<FaultWrite> (*first)(const FaultValues&) = nullptr;
    std::vector<FaultWrite> (*writes)(const FaultValues&) = nullptr;
    // Parts of the names of functions between a caller and `decides`. They are no site.
    std::vector<std::string> inner = {};
    // Why nothing was injected: what the attributes explain, and what they make likely. "" if
    // nothing. `key` precedes a key of the file.
    std::string (*why_none)(const FaultValues&, const std::string& key) = nullptr;
    std::string (*likely_why_none)(const FaultValues&, const std::string& key) = nullptr;
    // The functions that it can make fail, sorted. These are the names that are left when any known
    // kernel is linked: most allocators are macros and inline functions around them. Since 6.10
    // they end in _noprof.
    std::vector<std::string> functions = {};
};

// In the order in which they are documented. Names are unique. The first is the point of a file
// that names none.
const std::vector<const FaultPoint*>& all_fault_points();
std::vector<std::string> fault_point_names();
// Points of the kernel at which rig does not inject: name and functions.
const std::vector<FaultPoint>& other_fault_points();
// nullptr if no point of all_fault_points() has that name.
const FaultPoint* find_fault_point(std::string_view name);
// For a name that was checked when the experiment was read.
const FaultPoint& fault_point_named(std::string_view name);
const FaultPoint& standard_fault_point();

// The keys of all points, each once, with the first declaration of each.
std::vector<const FaultAttribute*> fault_attributes();
// The points that have the key, as `"failslab"` or `"a" or "b"`.
std::string points_with(std::string_view key);

// The value that the file has for the point's attribute, or its default. false, 0, "" and no names
// if the point has no such attribute, or one of another type.
bool flag_of(const FaultPoint& point, const FaultValues& values, std::string_view key);
std::int64_t number_of(const FaultPoint& point, const FaultValues& values, std::string_view key);
std::string text_of(const FaultPoint& point, const FaultValues& values, std::string_view key);
std::vector<std::string> names_of(const FaultPoint& point, const FaultValues& values,
                                  std::string_view key);
// The kernel functions that the point's own attributes name.
std::vector<std::string> functions_named(const FaultPoint& point, const FaultValues& values);

FaultProbe probe_of(const FaultPoint& point, const FaultValues& values);
// What is written of the point's own attributes, before and after probes are defined.
std::vector<FaultWrite> first_writes(const FaultPoint& point, const FaultValues& values);
std::vector<FaultWrite> own_writes(const FaultPoint& point, const FaultValues& values);

} // namespace rig
