// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/fault_injection.h"

#include "guest/files.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace rig::guest {
namespace {

// The point of a plan that has one and does not name it.
constexpr const char* kUnnamedPoint = "fail_page_alloc";

} // namespace

FaultInjection::FaultInjection(const nlohmann::json& plan, const std::string& debugfs,
                               std::string proc)
    : proc_(std::move(proc)) {
    const auto add = [&](const std::string& name, const nlohmann::json& first,
                         const nlohmann::json& attributes) {
        Point point{name, debugfs + "/" + name, {}, {}};
        point.first = writes_of(first, point);
        point.attributes = writes_of(attributes, point);
        points_.push_back(std::move(point));
    };
    listed_ = plan.contains("faults");
    if (!listed_) {
        const auto& fault = plan.at("fault");
        enabled_ = fault.at("enabled").get<bool>();
        add(kUnnamedPoint, nlohmann::json::array(), fault.at("attributes"));
        return;
    }
    for (const auto& fault : plan.at("faults"))
        add(fault.at("point"), fault.at("first"), fault.at("attributes"));
}

std::vector<FaultInjection::Write> FaultInjection::writes_of(const nlohmann::json& list,
                                                             const Point& point) const {
    std::vector<Write> out;
    for (const auto& one : list) {
        const auto file = one.at(0).get<std::string>(), value = one.at(1).get<std::string>();
        out.push_back({file.starts_with('/') ? file : point.folder + "/" + file, value,
                       one.size() > 2 ? one.at(2).get<std::string>() : value,
                       file.starts_with('/') ? file : point.name + "/" + file, file});
    }
    return out;
}

bool FaultInjection::write(const Write& one, std::string& read, std::string& error) {
    if (!write_file(one.file, one.value)) {
        error = errno_text(one.name + " = " + one.value);
        return false;
    }
    read.clear();
    if (one.reads.empty()) return true;
    if (!read_file(one.file, read)) {
        error = errno_text(one.name);
        return false;
    }
    while (!read.empty() && read.back() == '\n')
        read.pop_back();
    if (read == one.reads) return true;
    error = one.name + " contains '" + read + "' after '" + one.value + "' was written";
    return false;
}

bool FaultInjection::prepare(std::string& error) const {
    std::string read;
    return std::all_of(points_.begin(), points_.end(), [&](const Point& point) {
        return std::all_of(point.first.begin(), point.first.end(),
                           [&](const Write& one) { return write(one, read, error); });
    });
}

nlohmann::json& FaultInjection::part_of(nlohmann::json& result, const Point& point) const {
    return listed_ ? result["faults"][point.name] : result;
}

bool FaultInjection::arm(const OwnTasks& tasks, nlohmann::json& result, std::string& error) const {
    if (!enabled_ || points_.empty()) return true;
    for (const auto& point : points_) {
        auto& readback = part_of(result, point)["readback"];
        for (const auto& one : point.attributes) {
            std::string read;
            if (!write(one, read, error)) return false;
            readback[one.attribute] = read;
        }
    }
    const auto mark = [&](pid_t task) {
        return write_file(proc_ + "/" + std::to_string(task) + "/make-it-fail", "1");
    };
    if (mark(tasks.pid) && std::all_of(tasks.threads.begin(), tasks.threads.end(), mark))
        return true;
    error = errno_text("make-it-fail");
    return false;
}

std::vector<long long> FaultInjection::times() const {
    std::vector<long long> out;
    for (const auto& point : points_) {
        std::string text;
        out.push_back(read_file(point.folder + "/times", text) ? std::atoll(text.c_str()) : 0);
    }
    return out;
}

void FaultInjection::disarm() const {
    for (const auto& point : points_)
        write_file(point.folder + "/probability", "0");
}

void FaultInjection::report(const std::vector<long long>& before,
                            const std::vector<long long>& after, nlohmann::json& result) const {
    for (std::size_t i = 0; i < points_.size(); ++i) {
        auto& part = part_of(result, points_[i]);
        part["times_before"] = before.at(i);
        part["times_after"] = after.at(i);
    }
}

} // namespace rig::guest
