#include "rig/kernel_config.h"

#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace rig {
namespace fs = std::filesystem;
namespace {

std::string slurp(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

bool good_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

// "CONFIG_X=v" or "# CONFIG_X is not set" -> {X, v}; nullopt for anything else.
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

// ---- what Kconfig tells about an option

struct KconfigEntry {
    std::string place; // "mm/Kconfig:1483"
    bool prompt = false;
    std::vector<std::string> depends; // expressions
};

// All entries of an option in the tree; several architectures may each have one. Only the common Kconfig files and those
// of x86 are read: an entry of another architecture says nothing here.
std::vector<KconfigEntry> kconfig_entries(const fs::path& tree, const std::string& name) {
    std::vector<KconfigEntry> entries;
    std::error_code error;
    for (fs::recursive_directory_iterator it(tree, error), end; !error && it != end; it.increment(error)) {
        const auto relative = it->path().lexically_relative(tree).string();
        if (it->is_directory(error)) {
            const bool other_arch = relative.starts_with("arch/") && !relative.starts_with("arch/x86");
            if (other_arch || relative == "Documentation" || relative == "tools") it.disable_recursion_pending();
            continue;
        }
        if (!it->path().filename().string().starts_with("Kconfig")) continue;
        std::ifstream in(it->path());
        bool inside = false, help = false;
        unsigned number = 0;
        for (std::string line; std::getline(in, line);) {
            ++number;
            std::smatch match;
            if (std::regex_match(line, match, std::regex("^(?:config|menuconfig)\\s+(\\w+)\\s*$"))) {
                inside = match[1] == name;
                help = false;
                if (inside) entries.push_back({fmt::format("{}:{}", relative, number), false, {}});
                continue;
            }
            if (!line.empty() && !std::isspace(static_cast<unsigned char>(line[0])) && line[0] != '#') inside = false;
            if (!inside || help) continue;
            if (std::regex_search(line, std::regex("^\\s+(?:help|---help---)\\s*$"))) help = true;
            else if (std::regex_search(line, std::regex("^\\s+(?:bool|tristate|string|int|hex|prompt)\\s+\""))) entries.back().prompt = true;
            else if (std::regex_match(line, match, std::regex("^\\s+depends on\\s+(.*)$"))) entries.back().depends.push_back(match[1]);
        }
    }
    return entries;
}

// The names of a dependency that are off although the expression wants them, or on although it negates them. Exact for
// conjunctions, and a list of suspects for anything with "||".
std::vector<std::string> suspects(const std::string& expression, const std::map<std::string, std::string>& config) {
    std::vector<std::string> unmet;
    const std::regex term("(!?)\\s*\\(?\\s*([A-Z][A-Z0-9_a-z]*)");
    for (auto it = std::sregex_iterator(expression.begin(), expression.end(), term); it != std::sregex_iterator(); ++it) {
        const auto found = config.find((*it)[2]);
        const bool on = found != config.end() && found->second != "n";
        const bool negated = (*it)[1].length() > 0;
        if (on == negated) unmet.push_back(fmt::format("{}={}", (*it)[2].str(), on ? found->second : "n"));
    }
    return unmet;
}

std::string explain(const fs::path& tree, const std::string& name, const std::map<std::string, std::string>& config) {
    const auto entries = kconfig_entries(tree, name);
    if (entries.empty()) return "this tree has no such option";
    std::vector<std::string> reasons;
    for (const auto& entry : entries) {
        std::vector<std::string> unmet;
        for (const auto& expression : entry.depends) {
            const auto names = suspects(expression, config);
            if (!names.empty()) unmet.push_back(fmt::format("depends on {} ({})", expression, fmt::join(names, ", ")));
        }
        if (!unmet.empty()) reasons.push_back(fmt::format("{}: {}", entry.place, fmt::join(unmet, "; ")));
        else if (!entry.prompt) reasons.push_back(fmt::format("{}: has no prompt: only a default or another option's select sets it", entry.place));
        else reasons.push_back(fmt::format("{}: its own dependencies look met; an enclosing menu, choice or select decides", entry.place));
    }
    return fmt::format("{}", fmt::join(reasons, "; "));
}

} // namespace

Status merge_fragment(OptionRequests& requests, std::string_view text, const std::string& file) {
    std::istringstream lines{std::string(text)};
    unsigned number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.pop_back();
        if (line.empty()) continue;
        if (auto option = parse_option(line)) {
            requests[option->first] = {option->second, fmt::format("{}:{}", file, number)};
            continue;
        }
        if (line[0] != '#') return fail(Blame::Spec, fmt::format("{}:{}: found '{}', accepted: CONFIG_NAME=value, '# CONFIG_NAME is not set', comments", file, number, line.substr(0, 80)));
    }
    return {};
}

Result<OptionRequests> requested_options(const Spec& spec) {
    OptionRequests requests;
    for (const auto& fragment : spec.kernel.fragments) RIG_CHECK(merge_fragment(requests, slurp(spec.top / fragment), fragment.string()));
    for (const auto& [name, value] : spec.kernel.options) requests[name] = {value, fmt::format("{} [kernel.options]", spec.file.string())};
    return requests;
}

std::string render_fragment(const OptionRequests& requests) {
    std::string text;
    for (const auto& [name, request] : requests)
        text += request.value == "n" ? fmt::format("# CONFIG_{} is not set\n", name) : fmt::format("CONFIG_{}={}\n", name, request.value);
    return text;
}

Status verify_config(const OptionRequests& requests, std::string_view config, const fs::path& tree) {
    const auto values = parse_config(config);
    std::string lost;
    for (const auto& [name, request] : requests) {
        const auto found = values.find(name);
        const std::string value = found == values.end() ? "n" : found->second;
        if (value == request.value) continue;
        lost += fmt::format("\n  CONFIG_{}: requested {} ({}), the final .config has {}: {}", name, request.value, request.origin, value, explain(tree, name, values));
    }
    if (lost.empty()) return {};
    return fail(Blame::Spec, "requested kernel options did not survive:" + lost);
}

} // namespace rig
