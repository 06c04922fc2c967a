// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/lines_command.h"

#include "rig/base/text.h"
#include "rig/experiment/environment.h"
#include "rig/kernel/kernel_build.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

namespace rig {
namespace {

constexpr std::size_t kMostAddresses = 8; // of one line in the text; the JSON has all

std::string in_hex(std::uint64_t address) {
    return fmt::format("{:#x}", address);
}

std::string cut(std::string_view text, std::size_t width) {
    const auto plain = printable(stripped(text, " \t\r"));
    return plain.size() > width ? plain.substr(0, width - 3) + "..." : plain;
}

std::string address_text(const LineAddress& at) {
    std::string text = in_hex(at.start);
    if (at.end > at.start) text += fmt::format("-{:x}", at.end);
    if (!at.function.empty()) text += fmt::format("  {}+{:#x}", at.function, at.offset);
    return text;
}

} // namespace

std::string reason_of(const MappedLine& line) {
    return fmt::format("{}{}{}", words_of(line.reason),
                       line.detail.empty() ? "" : ": " + line.detail,
                       line.border ? " (next to the change)" : "");
}

std::size_t end_of_entry(const std::vector<MappedLine>& lines, std::size_t first) {
    const auto same = [](const MappedLine& a, const MappedLine& b) {
        return a.file == b.file && a.addresses.empty() && b.addresses.empty() &&
               b.line == a.line + 1 && reason_of(a) == reason_of(b);
    };
    auto last = first;
    while (last + 1 < lines.size() && same(lines[last], lines[last + 1]))
        ++last;
    return last;
}

std::string lines_text(const ArmLines& arm) {
    const auto& [name, against, kernel, map] = arm;
    std::set<std::string> files;
    std::size_t changed = 0, mapped = 0;
    for (const auto& line : map.lines) {
        files.insert(line.file);
        changed += !line.border;
        mapped += !line.border && is_counted(line.reason);
    }
    std::string text = fmt::format("{}: {} that {} does not have, in {}", name,
                                   plural(changed, "line"), against, plural(files.size(), "file"));
    if (!map.why_not.empty())
        return text + "\n" + wrapped("not mapped: " + map.why_not, page, 2) + "\n";
    text +=
        fmt::format("; {} instructions\n", mapped == 1 ? "1 has" : fmt::format("{} have", mapped));
    std::string file;
    for (std::size_t i = 0, end = 0; i < map.lines.size(); i = end) {
        const auto& line = map.lines[i];
        end = end_of_entry(map.lines, i) + 1;
        if (line.file != file) text += printable(line.file) + "\n";
        file = line.file;
        const auto numbers = end - i > 1 ? fmt::format("{}-{}", line.line, map.lines[end - 1].line)
                                         : std::to_string(line.line);
        auto entry = fmt::format("  {:<11}{}", numbers, reason_of(line));
        if (end - i == 1 && line.reason != LineReason::Blank)
            entry +=
                ": " + cut(line.text,
                           std::max<std::size_t>(20, page - std::min(page - 20, entry.size() + 2)));
        text += wrapped(entry, page, 13) + "\n";
        for (std::size_t at = 0; at < std::min(line.addresses.size(), kMostAddresses); ++at)
            text += fmt::format("             {}\n", address_text(line.addresses[at]));
        if (line.addresses.size() > kMostAddresses)
            text +=
                fmt::format("             and {} more\n", line.addresses.size() - kMostAddresses);
    }
    text += fmt::format("{} compiled once more with debug information, in {:.1f} s; the kernel "
                        "loads the same bytes\n",
                        plural(map.objects.size(), "object"), map.seconds);
    return text;
}

std::string lines_json(const ArmLines& arm) {
    using nlohmann::json;
    json lines = json::array();
    for (const auto& line : arm.map.lines) {
        json addresses = json::array();
        for (const auto& at : line.addresses) {
            json one{{"start", in_hex(at.start)}, {"end", in_hex(at.end)}};
            if (!at.function.empty()) {
                one["function"] = at.function;
                one["offset"] = at.offset;
            }
            addresses.push_back(std::move(one));
        }
        json one{{"file", line.file},
                 {"line", line.line},
                 {"text", line.text},
                 {"border", line.border},
                 {"reason", arm.map.why_not.empty() ? key_of(line.reason) : "not-mapped"},
                 {"addresses", addresses}};
        if (!line.detail.empty()) one["detail"] = line.detail;
        lines.push_back(std::move(one));
    }
    json all{{"arm", arm.arm}, {"against", arm.against},     {"kernel", arm.kernel.key},
             {"lines", lines}, {"objects", arm.map.objects}, {"seconds", arm.map.seconds}};
    if (!arm.map.why_not.empty()) all["not_mapped"] = arm.map.why_not;
    return all.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<ArmLines> lines_of_arm(const Spec& spec, const std::string& name, const std::string& against,
                              const Environment& environment) {
    RIG_TRY(arm, arm_of(spec, name));
    if (spec.arms.size() < 2)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: it has one arm, and lines are the difference of two",
                                spec.file.string()));
    const auto& baseline = spec.arms.front();
    const bool is_baseline = arm->name == baseline.name;
    const Arm* other = is_baseline ? &spec.arms[1] : &baseline;
    if (!against.empty()) {
        RIG_TRY(named, arm_of(spec, against));
        other = named;
    }
    if (other->name == arm->name)
        return fail(FaultDomain::Spec, "--against names the arm itself, want another one");
    const BuildContext context{environment.cache, environment.runner, environment.progress, 0};
    // Removed lines are those of the baseline; of two other arms the later one has what is added.
    const bool before = is_baseline || (other->name != baseline.name && arm < other);
    RIG_TRY(changes,
            changes_between(spec, before ? *arm : *other, before ? *other : *arm, context));
    RIG_TRY(kernel, build_kernel(spec, *arm, context));
    RIG_TRY(map, map_lines(spec, *arm, kernel, changes, before ? TreeSide::Before : TreeSide::After,
                           context));
    return ArmLines{arm->name, other->name, kernel, map};
}

Result<CommandOutput> lines_command(const LinesOptions& line, const CommonOptions& common,
                                    const Environment& environment) {
    RIG_TRY(spec, load_and_warn(line.spec, line.overrides, common));
    RIG_TRY(lines, lines_of_arm(spec, line.arm, line.against, environment));
    const auto exit = lines.map.why_not.empty() ? Exit::Pass : Exit::Inconclusive;
    return CommandOutput{common.json ? lines_json(lines) : lines_text(lines), exit};
}

} // namespace rig
