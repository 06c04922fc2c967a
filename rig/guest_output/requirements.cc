// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/requirements.h"

#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

namespace rig {
namespace {

std::set<std::string> words(std::string text) {
    std::istringstream in(text);
    return {std::istream_iterator<std::string>(in), {}};
}

// "rv64imafdc_zicbom_zba" -> i, m, ..., zicbom, zba.
std::set<std::string> extensions(const std::string& isa) {
    std::set<std::string> out;
    std::istringstream parts(isa);
    for (std::string part; std::getline(parts, part, '_');) {
        const bool base = part.starts_with("rv32") || part.starts_with("rv64");
        if (!base) {
            out.insert(part);
            continue;
        }
        for (const char letter : part.substr(4))
            out.insert(std::string(1, letter));
    }
    return out;
}

std::string trimmed_end(std::string text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.pop_back();
    return text;
}

} // namespace

std::string requirement_key(std::string_view what, std::string_view name) {
    return fmt::format("{} {}", what, name);
}

std::set<std::string> cpu_flags(std::string_view cpuinfo) {
    std::optional<std::set<std::string>> common;
    std::istringstream lines{std::string(cpuinfo)};
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(':');
        if (colon == line.npos) continue;
        const auto key = trimmed_end(line.substr(0, colon));
        if (key != "flags" && key != "Features" && key != "isa") continue;
        const auto value = line.substr(line.find_first_not_of(' ', colon + 1) == line.npos
                                           ? line.size()
                                           : line.find_first_not_of(' ', colon + 1));
        const auto own = key == "isa" ? extensions(value) : words(value);
        if (!common) {
            common = own;
            continue;
        }
        std::erase_if(*common, [&](const std::string& flag) { return !own.contains(flag); });
    }
    return common.value_or(std::set<std::string>());
}

Result<std::map<std::string, std::uint64_t>>
look_up(const Requirements& required, std::string_view cpuinfo, const nlohmann::json& found) {
    const auto flags = cpu_flags(cpuinfo);
    std::map<std::string, std::uint64_t> out;
    for (const auto& flag : required.cpu_flags)
        out[requirement_key("CPU flag", flag)] = flags.contains(flag);
    if (!required.cpu_flags.empty() && flags.empty())
        return guest_error("the guest's /proc/cpuinfo names no flags of its CPUs");
    std::vector<std::string> asked;
    for (const auto& name : required.files)
        asked.push_back(requirement_key("file", name));
    for (const auto& name : required.tracepoints)
        asked.push_back(requirement_key("tracepoint", name));
    if (!found.is_array() || found.size() != asked.size())
        return guest_error(fmt::format("the guest did not say of {} required files and "
                                       "tracepoints whether they are there",
                                       asked.size()));
    for (std::size_t i = 0; i < asked.size(); ++i)
        out[asked[i]] = found[i].get<bool>();
    return out;
}

} // namespace rig
