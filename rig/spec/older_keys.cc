// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/older_keys.h"

#include "rig/workloads/older_names.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace rig {
namespace {

constexpr const char* kOlderExpectation = "may-rise";
constexpr const char* kNewerExpectation = "at-most";

// Keys of the tables of an experiment file, as a file and as an override name them.
struct RenamedKey {
    const char *table, *before, *now;
};
constexpr RenamedKey kBound{"metrics", "at_most", "ratio"};
constexpr RenamedKey kPatches{"kernel", "enable", "prerequisites"};
constexpr RenamedKey kMarker{"arm", "witness", "marker"};
constexpr RenamedKey kOrder{"fault", "min_order", "min-order"};
constexpr RenamedKey kTasks{"fault", "task_filter", "task-filter"};

std::string place_of(const toml::node& node) {
    const auto& source = node.source();
    const auto file = source.path ? *source.path : std::string();
    return file.starts_with("--set ") ? file : fmt::format("{}:{}", file, source.begin.line);
}

std::string dotted(const std::string& prefix, const std::string& key) {
    return prefix.empty() ? key : prefix + "." + key;
}

Status rename_key(toml::table& table, const std::string& prefix, const std::string& before,
                  const std::string& now, std::vector<OlderKey>& found) {
    auto* node = table.get(before);
    if (!node) return {};
    if (table.contains(now))
        return tl::unexpected(spec_error(
            node->source().path ? *node->source().path : std::string(), node->source().begin,
            fmt::format("bad {}: it is the older name of {}, want one of the two",
                        dotted(prefix, before), dotted(prefix, now))));
    found.push_back({place_of(*node), dotted(prefix, before), dotted(prefix, now)});
    const toml::key key(now, toml::source_region(node->source()));
    node->visit([&](auto& typed) { table.insert_or_assign(key, std::move(typed)); });
    table.erase(before);
    return {};
}

Status rename_expectation(toml::table& metric, const std::string& prefix,
                          std::vector<OlderKey>& found) {
    RIG_CHECK(rename_key(metric, prefix, kBound.before, kBound.now, found));
    auto* expect = metric.get("expect");
    if (!expect || expect->value_or(std::string()) != kOlderExpectation) return {};
    found.push_back({place_of(*expect), fmt::format("expect = \"{}\"", kOlderExpectation),
                     fmt::format("expect = \"{}\"", kNewerExpectation)});
    *expect->as_string() = kNewerExpectation;
    return {};
}

Status rename_metrics(toml::table& root, std::vector<OlderKey>& found) {
    auto* metrics = root["metrics"].as_table();
    if (!metrics) return {};
    std::vector<std::string> names;
    for (const auto& [key, ignored] : *metrics)
        names.emplace_back(key.str());
    for (const auto& name : names) {
        const auto now = older::metric(name);
        if (now != name) RIG_CHECK(rename_key(*metrics, "metrics", name, now, found));
        if (auto* metric = metrics->get_as<toml::table>(now))
            RIG_CHECK(rename_expectation(*metric, "metrics." + now, found));
    }
    return {};
}

} // namespace

Status rename_older_keys(toml::table& root, std::vector<OlderKey>& found) {
    RIG_CHECK(rename_metrics(root, found));
    if (auto* kernel = root["kernel"].as_table())
        RIG_CHECK(rename_key(*kernel, kPatches.table, kPatches.before, kPatches.now, found));
    if (auto* fault = root["fault"].as_table())
        for (const auto& key : {kOrder, kTasks})
            RIG_CHECK(rename_key(*fault, key.table, key.before, key.now, found));
    if (auto* arms = root["arm"].as_array())
        for (auto& arm : *arms)
            if (auto* table = arm.as_table())
                RIG_CHECK(rename_key(*table, kMarker.table, kMarker.before, kMarker.now, found));
    return {};
}

Status rename_older_night_keys(toml::table& root, std::vector<OlderKey>& found) {
    return rename_key(root, "", "least_effect", "min_effect", found);
}

void rename_older_outcomes(toml::table& root, std::vector<OlderKey>& found) {
    auto* points = root["point"].as_array();
    if (!points) return;
    for (auto& point : *points) {
        auto* runs = point.is_table() ? (*point.as_table())["run"].as_array() : nullptr;
        if (!runs) continue;
        for (auto& run : *runs) {
            auto* expect = run.is_table() ? (*run.as_table())["expect"].as_string() : nullptr;
            if (!expect) continue;
            const auto before = expect->get(), now = older::verdict(before);
            if (now == before) continue;
            found.push_back({place_of(*expect), fmt::format("expect = \"{}\"", before),
                             fmt::format("expect = \"{}\"", now)});
            *expect = now;
        }
    }
}

void rename_older_parts(std::vector<std::string>& parts) {
    if (parts.size() < 2) return;
    if (parts[0] == kBound.table) parts[1] = older::metric(parts[1]);
    // kernel.KEY and fault.KEY, but metrics.NAME.KEY and arm.NAME.KEY.
    for (const auto& [key, at] : {std::pair{kPatches, std::size_t{1}},
                                  {kOrder, std::size_t{1}},
                                  {kTasks, std::size_t{1}},
                                  {kBound, std::size_t{2}},
                                  {kMarker, std::size_t{2}}})
        if (parts[0] == key.table && parts.size() > at && parts[at] == key.before)
            parts[at] = key.now;
}

std::string deprecation(const std::vector<OlderKey>& found) {
    if (found.empty()) return "";
    const auto& first = found.front();
    const auto more = found.size() - 1;
    return fmt::format(
        "{}: deprecated: {} is now {}{}; see docs/reference/renamed.md", first.place, first.before,
        first.now, more ? fmt::format(" ({} more older name{})", more, more == 1 ? "" : "s") : "");
}

} // namespace rig
