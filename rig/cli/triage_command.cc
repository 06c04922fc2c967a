// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/triage_command.h"

#include "rig/base/text.h"
#include "rig/guest_output/console_triage.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <istream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace rig {
namespace {

struct Console {
    std::string path;
    std::vector<Splat> splats;
    unsigned overflow = 0;
};

Result<Console> read_console(const std::filesystem::path& path, std::istream& standard_input) {
    const bool from_stdin = path == "-";
    std::ifstream file;
    if (!from_stdin) {
        std::error_code unknown;
        if (std::filesystem::is_directory(path, unknown))
            return fail(FaultDomain::Spec,
                        fmt::format("{}: is a folder, want a file", path.string()));
        file.open(path, std::ios::binary);
        if (!file)
            return fail(FaultDomain::Spec,
                        fmt::format("{}: cannot read it: {}", path.string(), std::strerror(errno)));
    }
    std::istream& in = from_stdin ? standard_input : file;
    ConsoleTriage triage;
    std::string piece(64 * 1024, '\0');
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
        triage.feed({piece.data(), static_cast<std::size_t>(in.gcount())});
    if (in.bad())
        return fail(FaultDomain::Spec, fmt::format("{}: cannot read it to its end",
                                                   from_stdin ? "standard input" : path.string()));
    triage.finish();
    return Console{path.string(), triage.splats(), triage.overflow()};
}

Status ended_well(const Result<CommandResult>& result, const std::string& what) {
    if (!result) return tl::unexpected(result.error());
    if (result->ok()) return {};
    return fail(
        FaultDomain::Spec,
        fmt::format("{}: {}: {}", what, describe(*result),
                    stripped(std::string_view(result->out)
                                 .substr(0, std::min<std::size_t>(result->out.size(), 300)))));
}

// The addresses of the wanted functions, by name.
Result<std::map<std::string, std::uint64_t>> addresses(const std::filesystem::path& vmlinux,
                                                       const std::set<std::string>& wanted,
                                                       CommandRunner& runner) {
    std::map<std::string, std::uint64_t> found;
    std::set<std::string> ambiguous; // names that several static functions have
    Command nm;
    nm.argv = {"nm", vmlinux.string()};
    nm.on_line = [&](std::string_view line) { // "ffffffff81000000 T name"
        std::uint64_t address = 0;
        const auto end = std::from_chars(line.data(), line.data() + line.size(), address, 16).ptr;
        const auto at = static_cast<std::size_t>(end - line.data());
        if (at == 0 || at + 3 >= line.size() ||
            (line[at + 1] != 't' && line[at + 1] != 'T' && line[at + 1] != 'w' &&
             line[at + 1] != 'W'))
            return;
        std::string name(line.substr(at + 3));
        if (!wanted.contains(name)) return;
        if (!found.emplace(name, address).second) ambiguous.insert(std::move(name));
    };
    RIG_CHECK(ended_well(runner.run(nm), "nm " + vmlinux.string()));
    // Rather no line than that of another function with this name.
    for (const auto& name : ambiguous)
        found.erase(name);
    return found;
}

// "mm/memory.c:12" by address, for those in the debug information.
Result<std::map<std::uint64_t, std::string>> lines_of(const std::filesystem::path& vmlinux,
                                                      const std::set<std::uint64_t>& wanted,
                                                      CommandRunner& runner) {
    std::map<std::uint64_t, std::string> found;
    if (wanted.empty()) return found;
    Command command;
    command.argv = {"addr2line", "-e", vmlinux.string()};
    for (const auto address : wanted)
        command.argv.push_back(fmt::format("{:#x}", address));
    const auto result = runner.run(command);
    RIG_CHECK(ended_well(result, "addr2line -e " + vmlinux.string()));
    std::string_view rest = result->out;
    for (const auto address : wanted) { // addr2line prints one line for each, in this order
        const auto end = std::min(rest.find('\n'), rest.size());
        auto line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        line = line.substr(0, line.find(" (discriminator"));
        if (line.empty() || line.starts_with("??") || line.ends_with(":?") || line.ends_with(":0"))
            continue;
        found[address] = std::string(line);
    }
    return found;
}

// File and line of the guilty function of each splat, if known.
Result<std::map<const Splat*, std::string>> resolve(const std::vector<Console>& consoles,
                                                    const std::filesystem::path& vmlinux,
                                                    CommandRunner& runner) {
    std::map<const Splat*, std::string> found;
    if (vmlinux.empty()) return found;
    if (!std::ifstream(vmlinux))
        return fail(FaultDomain::Spec, fmt::format("--vmlinux {}: cannot read it: {}",
                                                   vmlinux.string(), std::strerror(errno)));
    std::set<std::string> names;
    for (const auto& console : consoles)
        for (const auto& splat : console.splats)
            if (splat.place) names.insert(splat.place->symbol);
    RIG_TRY(symbols, addresses(vmlinux, names, runner));
    std::set<std::uint64_t> wanted;
    const auto address_of = [&](const Splat& splat) -> std::optional<std::uint64_t> {
        if (!splat.place) return std::nullopt;
        const auto symbol = symbols.find(splat.place->symbol);
        if (symbol == symbols.end()) return std::nullopt;
        return symbol->second + splat.place->offset;
    };
    for (const auto& console : consoles)
        for (const auto& splat : console.splats)
            if (const auto address = address_of(splat)) wanted.insert(*address);
    RIG_TRY(lines, lines_of(vmlinux, wanted, runner));
    for (const auto& console : consoles)
        for (const auto& splat : console.splats)
            if (const auto address = address_of(splat); address && lines.contains(*address))
                found[&splat] = lines[*address];
    return found;
}

std::string as_json(const Console& console, const std::map<const Splat*, std::string>& lines) {
    nlohmann::json out = {{"path", console.path}, {"splats", nlohmann::json::array()}};
    for (const auto& splat : console.splats) {
        auto& one = out["splats"].emplace_back(nlohmann::json{{"kind", name(splat.kind)},
                                                              {"title", splat.title},
                                                              {"function", splat.function},
                                                              {"guilty", splat.guilty},
                                                              {"count", splat.count}});
        if (const auto line = lines.find(&splat); line != lines.end()) one["line"] = line->second;
    }
    if (console.overflow) out["further_splats"] = console.overflow;
    return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string as_text(const Console& console, const std::map<const Splat*, std::string>& lines) {
    const auto path = console.path == "-" ? "standard input" : console.path;
    if (console.splats.empty()) return path + ": no kernel splat found\n";
    std::string out = path + ":\n";
    for (const auto& splat : console.splats) {
        out += fmt::format("  {}: {} ({} ×){}\n", name(splat.kind), in_words(splat), splat.count,
                           splat.fatal ? ", fatal" : "");
        const auto line = lines.find(&splat);
        if (!splat.guilty.empty() && (splat.guilty != splat.function || line != lines.end()))
            out += fmt::format("    guilty: {}{}\n", splat.guilty,
                               line == lines.end() ? "" : ", " + line->second);
    }
    if (console.overflow)
        out += fmt::format("  {} more of other kinds are not kept\n", console.overflow);
    return out;
}

} // namespace

Result<CommandOutput> triage_command(const TriageOptions& line, const CommonOptions& common,
                                     CommandRunner& runner, std::istream& standard_input) {
    auto files = line.files;
    if (files.empty()) files.emplace_back("-");
    std::vector<Console> consoles;
    for (const auto& file : files) {
        RIG_TRY(console, read_console(file, standard_input));
        consoles.push_back(std::move(console));
    }
    RIG_TRY(lines, resolve(consoles, line.vmlinux, runner));
    CommandOutput output;
    bool any = false;
    for (const auto& console : consoles) {
        output.text += common.json ? as_json(console, lines) : as_text(console, lines);
        any = any || !console.splats.empty();
    }
    if (any && !common.json)
        output.text += "\nA console does not tell what a program wrote to /dev/kmsg from the "
                       "kernel's words; such lines count as the kernel's.\n";
    return output;
}

} // namespace rig
