// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/derive/ways_to_function.h"

#include "rig/derive/fault_points.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace rig {
namespace {

using Node = CallGraph::Node;
constexpr Node kNone = std::numeric_limits<Node>::max();

// A breadth-first search: for each function that is reached, the neighbour through which.
class Search {
 public:
    template<class Next, class Ends>
    Search(const CallGraph& graph, const std::set<Node>& from, Next next, Ends ends)
        : via_(graph.functions().size(), kNone), depth_(graph.functions().size(), 0) {
        std::deque<Node> queue(from.begin(), from.end());
        for (const auto node : from)
            via_[node] = node;
        for (; !queue.empty(); queue.pop_front()) {
            const auto node = queue.front();
            order_.push_back(node);
            if (!from.contains(node) && ends(node)) continue;
            for (const auto other : next(node))
                if (via_[other] == kNone) {
                    via_[other] = node;
                    depth_[other] = depth_[node] + 1;
                    queue.push_back(other);
                }
        }
    }
    bool reached(Node node) const { return via_[node] != kNone; }
    unsigned depth(Node node) const { return depth_[node]; }
    const std::vector<Node>& order() const { return order_; } // nearest first
    // From `node` back to where the search began.
    CallPath path(const CallGraph& graph, Node node) const {
        CallPath path{graph.name(node)};
        for (; via_[node] != node; node = via_[node])
            path.push_back(graph.name(via_[node]));
        return path;
    }

 private:
    std::vector<Node> via_;
    std::vector<unsigned> depth_;
    std::vector<Node> order_;
};

const FaultPoint* fault_point_of(const CallGraph::Function& function) {
    for (const auto& name : function.names)
        if (const auto* point = rig::fault_point_of(source_name(name))) return point;
    return nullptr;
}

std::string_view system_call_of(const CallGraph::Function& function) {
    for (const auto& name : function.names)
        if (const auto call = rig::system_call_of(name); !call.empty()) return call;
    return {};
}

constexpr std::string_view kEnter = "syscalls:sys_enter_";

// What one iteration of a shipped workload is for certain: a system call, or a kernel function. A
// workload that runs the user's command does not tell.
std::optional<WorkloadWay> way_of(const Workload& workload, const CallGraph& graph,
                                  const std::map<std::string_view, Node>& calls,
                                  const Search& callers) {
    for (const auto& parameter : workload.parameters)
        if (parameter.type == WorkloadParameter::Type::Command) return std::nullopt;
    const auto& iteration = workload.iteration;
    if (!iteration.function.empty()) {
        for (const auto node : graph.named(iteration.function))
            if (callers.reached(node)) return WorkloadWay{workload.name, iteration.function};
        return std::nullopt;
    }
    if (!iteration.enter.starts_with(kEnter)) return std::nullopt;
    const auto call = std::string_view(iteration.enter).substr(kEnter.size());
    if (!calls.contains(call)) return std::nullopt;
    return WorkloadWay{workload.name, std::string(call)};
}

template<class Way> void by_length(std::vector<Way>& ways) {
    std::ranges::stable_sort(ways, [](const Way& a, const Way& b) {
        return std::make_tuple(a.path.size(), a.path) < std::make_tuple(b.path.size(), b.path);
    });
}

} // namespace

std::string_view system_call_of(std::string_view symbol) {
    // What SYSCALL_DEFINE() makes of a system call, by architecture; and on all of them.
    for (const std::string_view prefix :
         {"__x64_sys_", "__arm64_sys_", "__riscv_sys_", "__se_sys_", "__do_sys_"})
        if (symbol.starts_with(prefix)) return source_name(symbol.substr(prefix.size()));
    return {};
}

WaysToFunctions ways_to(const CallGraph& graph, const std::vector<WantedFunction>& wanted) {
    WaysToFunctions ways;
    std::set<Node> targets;
    for (const auto& one : wanted) {
        const auto nodes = graph.named(one.name, one.file);
        targets.insert(nodes.begin(), nodes.end());
        if (nodes.empty()) ways.missing.push_back(one.name);
    }
    const Search callers(
        graph, targets, [&](Node node) -> const auto& { return graph.at(node).callers; },
        [&](Node node) { return !system_call_of(graph.at(node)).empty(); });
    std::map<std::string_view, Node> calls;
    for (const auto node : callers.order()) {
        const auto& function = graph.at(node);
        if (const auto call = system_call_of(function); !call.empty()) {
            if (calls.emplace(call, node).second)
                ways.system_calls.push_back({std::string(call), callers.path(graph, node)});
        } else if (function.address_taken || function.initcall) {
            ways.indirect.push_back(
                {graph.name(node), function.initcall || function.init, callers.path(graph, node)});
        }
    }
    by_length(ways.system_calls);
    by_length(ways.indirect);
    for (const auto* workload : all_workloads())
        if (auto way = way_of(*workload, graph, calls, callers))
            ways.workloads.push_back(std::move(*way));

    const Search callees(
        graph, targets, [&](Node node) -> const auto& { return graph.at(node).callees; },
        [&](Node node) {
            return fault_point_of(graph.at(node)) ||
                   leaves_the_caller(source_name(graph.name(node)));
        });
    for (const auto caller : callees.order()) {
        if (!targets.contains(caller) && (fault_point_of(graph.at(caller)) ||
                                          leaves_the_caller(source_name(graph.name(caller)))))
            continue;
        auto above = callees.path(graph, caller);
        std::ranges::reverse(above);
        for (const auto callee : graph.at(caller).callees) {
            const auto* point = fault_point_of(graph.at(callee));
            if (!point) continue;
            AllocationBelow below{point->name, graph.name(callee), above};
            below.path.push_back(graph.name(callee));
            ways.allocations.push_back(std::move(below));
        }
    }
    by_length(ways.allocations);
    return ways;
}

} // namespace rig
