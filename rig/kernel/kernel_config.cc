// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/kernel_config.h"

#include "rig/base/files.h"
#include "rig/base/shipped_files.h"
#include "rig/kernel/kconfig_reasons.h"
#include "rig/spec/value_rules.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <iterator>
#include <set>
#include <sstream>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kWhereKnown = " # where the tree has it";
constexpr const char* kLargeFragment = "configs/kernel/large.config";
constexpr std::string_view kUnknown = "unknown symbol"; // Kconfig's message

bool good_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '_';
    });
}

// "CONFIG_X=v" or "# CONFIG_X is not set" -> {X, v}; nullopt for any other line.
std::optional<std::pair<std::string, std::string>> parse_option(std::string_view line) {
    constexpr std::string_view prefix = "CONFIG_", unset = " is not set";
    if (line.starts_with("# CONFIG_") && line.ends_with(unset)) {
        const auto name = line.substr(9, line.size() - 9 - unset.size());
        if (good_name(name)) return std::pair{std::string(name), std::string("n")};
    }
    const auto equals = line.find('=');
    if (!line.starts_with(prefix) || equals == std::string_view::npos) return std::nullopt;
    const auto name = line.substr(prefix.size(), equals - prefix.size());
    if (!good_name(name) || equals + 1 == line.size()) return std::nullopt;
    return std::pair{std::string(name), std::string(line.substr(equals + 1))};
}

std::map<std::string, std::string> parse_config(std::string_view text) {
    std::map<std::string, std::string> values;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);)
        if (auto option = parse_option(line)) values.insert(*option);
    return values;
}

// The last request wins, and records what it overrides.
void request(OptionRequests& requests, const std::string& name, const std::string& value,
             std::string origin, bool where_known = false) {
    RequestedOption wanted{value, std::move(origin), {}, where_known};
    if (const auto before = requests.find(name); before != requests.end())
        wanted.overrides =
            before->second.value == value
                ? before->second.overrides
                : fmt::format("{} of {}", before->second.value, before->second.origin);
    requests[name] = std::move(wanted);
}

} // namespace

std::string origin_of(const RequestedOption& option) {
    return option.overrides.empty() ? option.origin
                                    : fmt::format("{}, over {}", option.origin, option.overrides);
}

Status merge_fragment(OptionRequests& requests, std::string_view text, const std::string& file) {
    std::istringstream lines{std::string(text)};
    unsigned number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())))
            line.pop_back();
        if (line.empty()) continue;
        const bool where_known = line.ends_with(kWhereKnown);
        if (where_known) line.erase(line.size() - kWhereKnown.size());
        if (auto option = parse_option(line)) {
            if (const auto accepted = rules::option_value(option->second))
                return fail(FaultDomain::Spec,
                            fmt::format("{}:{}: CONFIG_{}: found '{}', accepted: {}", file, number,
                                        option->first, option->second.substr(0, 80), *accepted));
            request(requests, option->first, option->second, fmt::format("{}:{}", file, number),
                    where_known);
            continue;
        }
        if (line[0] != '#')
            return fail(FaultDomain::Spec,
                        fmt::format("{}:{}: found '{}', accepted: CONFIG_NAME=value, "
                                    "'# CONFIG_NAME is not set', comments",
                                    file, number, line.substr(0, 80)));
    }
    return {};
}

std::vector<fs::path> kernel_fragments(const Spec& spec) {
    std::vector<fs::path> fragments;
    std::error_code error;
    auto named = spec.kernel.fragments;
    if (spec.guest.is_large()) named.push_back(or_shipped(spec.top, kLargeFragment));
    for (const auto& fragment : named) {
        fragments.push_back(fragment);
        const auto sibling =
            fragment.parent_path() / fmt::format("{}.{}{}", fragment.stem().string(),
                                                 spec.kernel.arch, fragment.extension().string());
        if (fs::is_regular_file(spec.top / sibling, error)) fragments.push_back(sibling);
    }
    return fragments;
}

Result<OptionRequests> requested_options(const Spec& spec, const Arm* arm) {
    OptionRequests requests;
    for (const auto& fragment : kernel_fragments(spec))
        RIG_CHECK(merge_fragment(requests, slurp(spec.top / fragment), fragment.string()));
    for (const auto& [name, value] : spec.kernel.options)
        request(requests, name, value, fmt::format("{} [kernel.options]", spec.file.string()));
    if (arm)
        for (const auto& [name, value] : arm->options)
            request(requests, name, value,
                    fmt::format("{} [arm.options] of {}", spec.file.string(), arm->name));
    return requests;
}

std::string render_fragment(const OptionRequests& requests) {
    std::string text;
    for (const auto& [name, request] : requests)
        text += request.value == "n" ? fmt::format("# CONFIG_{} is not set\n", name)
                                     : fmt::format("CONFIG_{}={}\n", name, request.value);
    return text;
}

std::map<std::string, std::string> kconfig_complaints(const OptionRequests& requests,
                                                      std::string_view output,
                                                      const std::string& fragment) {
    std::map<std::string, std::string> complaints;
    std::istringstream lines{std::string(output)};
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(fragment + ":")) continue;
        const auto number = std::strtoul(line.c_str() + fragment.size() + 1, nullptr, 10);
        const auto text = line.find("warning: ");
        if (text == std::string::npos || number == 0 || number > requests.size()) continue;
        const auto& [name, request] = // render_fragment() writes one line for each
            *std::next(requests.begin(), static_cast<std::ptrdiff_t>(number - 1));
        const auto says = line.substr(text + 9);
        // An unknown option may be requested as off, because one fragment serves several trees.
        if (says.starts_with(kUnknown) && request.value == "n") continue;
        complaints.emplace(name, says);
    }
    return complaints;
}

Status verify_config(const OptionRequests& requests, std::string_view config, const fs::path& tree,
                     const std::string& arch_folder,
                     const std::map<std::string, std::string>& complaints) {
    const auto values = parse_config(config);
    const auto final_value = [&](const std::string& name) {
        const auto found = values.find(name);
        return found == values.end() ? std::string("n") : found->second;
    };
    std::set<std::string> lost;
    for (const auto& [name, request] : requests) {
        const auto said = complaints.find(name);
        if (request.where_known && said != complaints.end() && said->second.starts_with(kUnknown))
            continue;
        if (said != complaints.end() || final_value(name) != request.value) lost.insert(name);
    }
    if (lost.empty()) return {};
    const auto reasons = kconfig_reasons(requests, lost, values, tree, arch_folder);
    std::string message = "requested kernel options did not survive:";
    for (const auto& name : lost) {
        const auto& request = requests.at(name);
        const auto said = complaints.find(name);
        message +=
            fmt::format("\n  CONFIG_{}: requested {} ({}), the final .config has {}: {}", name,
                        request.value, origin_of(request), final_value(name),
                        said == complaints.end()             ? reasons.at(name)
                        : said->second.starts_with(kUnknown) ? "this tree has no such option"
                                                             : "Kconfig says: " + said->second);
    }
    return fail(FaultDomain::Spec, message);
}

} // namespace rig
