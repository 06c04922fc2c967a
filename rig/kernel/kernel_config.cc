// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/kernel_config.h"

#include "rig/base/files.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace rig {
namespace fs = std::filesystem;
namespace {

bool good_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '_';
    });
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

using Values = std::map<std::string, std::string>;

// A Kconfig expression: n = 0, m = 1, y = 2. A macro call such as $(cc-option,...) is taken as y:
// only make can tell.
class Expression {
 public:
    Expression(std::string_view text, const Values& values) : rest_(text), values_(values) {}
    int evaluate() {
        int value = conjunction();
        while (take("||"))
            value = std::max(value, conjunction());
        return value;
    }

 private:
    int conjunction() {
        int value = factor();
        while (take("&&"))
            value = std::min(value, factor());
        return value;
    }
    int factor() {
        if (take("(")) {
            const int value = evaluate();
            take(")");
            return value;
        }
        skip_blanks();
        if (!rest_.starts_with("!=") && take("!")) return 2 - factor();
        const auto left = operand();
        for (const char* op : {"!=", "<=", ">=", "=", "<", ">"})
            if (take(op)) return compare(left, op, operand());
        return left == "y" ? 2 : left == "m" ? 1 : 0;
    }
    static int compare(const std::string& left, std::string_view op, const std::string& right) {
        if (op == "=") return left == right ? 2 : 0;
        if (op == "!=") return left != right ? 2 : 0;
        const long a = std::strtol(left.c_str(), nullptr, 0),
                   b = std::strtol(right.c_str(), nullptr, 0);
        return (op == "<" ? a < b : op == ">" ? a > b : op == "<=" ? a <= b : a >= b) ? 2 : 0;
    }
    std::string operand() {
        skip_blanks();
        if (rest_.starts_with('"') || rest_.starts_with('$')) {
            const auto end = std::min(rest_.find(rest_[0] == '"' ? '"' : ')', 1), rest_.size() - 1);
            const auto word = rest_.substr(0, end + 1);
            rest_.remove_prefix(end + 1);
            return word[0] == '$' ? "y" : std::string(word.substr(1, word.size() - 2));
        }
        std::size_t n = 0;
        while (n < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[n])) ||
                                    rest_[n] == '_' || rest_[n] == '-'))
            ++n;
        const std::string word(rest_.substr(0, n));
        rest_.remove_prefix(n ? n : std::min<std::size_t>(1, rest_.size())); // always onwards
        if (const auto found = values_.find(word); found != values_.end()) return found->second;
        const bool literal = word == "y" || word == "m" ||
                             (!word.empty() && std::isdigit(static_cast<unsigned char>(word[0])));
        return literal ? word : "n";
    }
    void skip_blanks() {
        while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0])))
            rest_.remove_prefix(1);
    }
    bool take(std::string_view token) {
        skip_blanks();
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }
    std::string_view rest_;
    const Values& values_;
};

// The parts of `expression`, cut at its outermost "&&", that do not hold, each with the values of
// the names in it.
std::vector<std::string> unmet_parts(const std::string& expression, const Values& values) {
    std::vector<std::string> parts{""}, unmet;
    int depth = 0;
    bool alternatives = false;
    for (std::size_t i = 0; i < expression.size(); ++i) {
        depth += expression[i] == '(' ? 1 : expression[i] == ')' ? -1 : 0;
        if (depth == 0 && expression.compare(i, 2, "&&") == 0)
            parts.emplace_back(), ++i;
        else
            parts.back() += expression[i];
        alternatives = alternatives || (depth == 0 && expression.compare(i, 2, "||") == 0);
    }
    if (alternatives) parts = {expression}; // "A && B || C" is one part
    static const std::regex name("\\b[A-Z][A-Za-z0-9_]*\\b");
    for (const auto& part : parts) {
        if (Expression(part, values).evaluate() > 0) continue;
        std::vector<std::string> shown;
        for (auto it = std::sregex_iterator(part.begin(), part.end(), name);
             it != std::sregex_iterator(); ++it) {
            const auto found = values.find(it->str());
            shown.push_back(
                fmt::format("{}={}", it->str(), found == values.end() ? "n" : found->second));
        }
        unmet.push_back(fmt::format("{}", fmt::join(shown, ", ")));
    }
    return unmet;
}

struct KconfigEntry {
    std::string place; // "mm/Kconfig:1483"
    bool prompt = false;
    std::vector<std::string>
        depends; // its own, those of the blocks around it in this file, and its prompt's "if"
};
struct Kconfig {
    std::map<std::string, std::vector<KconfigEntry>> entries;
    std::map<std::string, std::vector<std::pair<std::string, std::string>>>
        selects; // name -> {selector, its "if"}
};

// Reads one file for the entries of `names` and for who selects them.
void read_kconfig(std::istream& in, const std::string& file, const std::set<std::string>& names,
                  Kconfig& kconfig) {
    struct Block {
        std::string keyword, condition;
    };
    std::vector<Block> blocks;
    std::string current; // the config entry we are in; empty: none
    bool wanted = false, help = false, menu_head = false;
    unsigned number = 0;
    for (std::string line; std::getline(in, line);) {
        const unsigned first = ++number;
        for (std::string more; line.ends_with('\\') && std::getline(in, more); ++number)
            line.replace(line.size() - 1, 1, more);
        if (line.empty() || line[0] == '#') continue;
        const bool outer = !std::isspace(static_cast<unsigned char>(line[0]));
        std::istringstream words(line);
        std::string keyword, rest;
        words >> keyword;
        std::getline(words >> std::ws, rest);
        if (const auto comment = rest.find(" #");
            comment != std::string::npos && rest.find('"') == std::string::npos)
            rest.resize(comment);
        if (outer) {
            wanted = help = menu_head = false;
            current.clear();
            if (keyword == "config" || keyword == "menuconfig") {
                current = rest;
                wanted = names.contains(current);
                if (!wanted) continue;
                KconfigEntry entry{fmt::format("{}:{}", file, first), false, {}};
                for (const auto& block : blocks)
                    if (!block.condition.empty()) entry.depends.push_back(block.condition);
                kconfig.entries[current].push_back(std::move(entry));
            } else if (keyword == "if" || keyword == "menu" || keyword == "choice") {
                blocks.push_back({keyword, keyword == "if" ? rest : std::string()});
                menu_head = keyword != "if";
            } else if ((keyword == "endif" || keyword == "endmenu" || keyword == "endchoice") &&
                       !blocks.empty()) {
                blocks.pop_back();
            }
            continue;
        }
        if (help) continue;
        if (keyword == "help" || keyword == "---help---")
            help = true;
        else if (menu_head && keyword == "depends")
            blocks.back().condition = rest.substr(std::min<std::size_t>(3, rest.size())); // "on "
        else if (keyword == "select" && !current.empty()) {
            const auto condition = rest.find(" if ");
            const auto target = rest.substr(0, rest.find_first_of(" \t"));
            if (names.contains(target))
                kconfig.selects[target].emplace_back(
                    current, condition == std::string::npos ? "y" : rest.substr(condition + 4));
        }
        if (!wanted) continue;
        auto& entry = kconfig.entries[current].back();
        if (keyword == "depends")
            entry.depends.push_back(rest.substr(std::min<std::size_t>(3, rest.size())));
        else if (rest.starts_with('"') &&
                 (keyword == "bool" || keyword == "tristate" || keyword == "string" ||
                  keyword == "int" || keyword == "hex" || keyword == "prompt")) {
            entry.prompt = true;
            if (const auto condition = rest.rfind("\" if "); condition != std::string::npos)
                entry.depends.push_back(rest.substr(condition + 5));
        }
    }
}

// Only the common files and those of the architecture are read: an entry of another says nothing
// here.
Kconfig read_kconfig_files(const fs::path& tree, const std::set<std::string>& names,
                           const std::string& arch_folder) {
    const auto own = "arch/" + arch_folder;
    Kconfig kconfig;
    std::error_code error;
    for (fs::recursive_directory_iterator it(tree, error), end; !error && it != end;
         it.increment(error)) {
        const auto relative = it->path().lexically_relative(tree).string();
        if (it->is_directory(error)) {
            const bool other_arch = relative.starts_with("arch/") && relative != own &&
                                    !relative.starts_with(own + "/");
            if (other_arch || relative == "Documentation" || relative == "tools")
                it.disable_recursion_pending();
        } else if (it->path().filename().string().starts_with("Kconfig")) {
            std::ifstream in(it->path());
            read_kconfig(in, relative, names, kconfig);
        }
    }
    return kconfig;
}

std::string explain(const Kconfig& kconfig, const std::string& name, const std::string& requested,
                    const Values& values) {
    std::vector<std::string> reasons;
    if (const auto selects = kconfig.selects.find(name);
        requested == "n" && selects != kconfig.selects.end())
        for (const auto& [selector, condition] : selects->second)
            if (values.contains(selector) &&
                Expression(selector + " && (" + condition + ")", values).evaluate() > 0)
                reasons.push_back("selected by " + selector);
    const auto entries = kconfig.entries.find(name);
    if (entries == kconfig.entries.end()) return "this tree has no such option";
    for (const auto& entry : entries->second) {
        std::vector<std::string> unmet;
        for (const auto& expression : entry.depends)
            for (const auto& values_of_part : unmet_parts(expression, values))
                unmet.push_back(fmt::format("depends on {} ({})", expression, values_of_part));
        if (!unmet.empty())
            reasons.push_back(fmt::format("{}: {}", entry.place, fmt::join(unmet, "; ")));
        else if (!entry.prompt)
            reasons.push_back(
                fmt::format("{}: has no prompt: only a default or another option's select sets it",
                            entry.place));
        else if (reasons.empty())
            reasons.push_back(fmt::format(
                "{}: its own dependencies look met; a choice or an enclosing menu decides",
                entry.place));
    }
    return fmt::format("{}", fmt::join(reasons, "; "));
}

} // namespace

Status merge_fragment(OptionRequests& requests, std::string_view text, const std::string& file) {
    std::istringstream lines{std::string(text)};
    unsigned number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())))
            line.pop_back();
        if (line.empty()) continue;
        if (auto option = parse_option(line)) {
            requests[option->first] = {option->second, fmt::format("{}:{}", file, number)};
            continue;
        }
        if (line[0] != '#')
            return fail(Blame::Spec, fmt::format("{}:{}: found '{}', accepted: CONFIG_NAME=value, "
                                                 "'# CONFIG_NAME is not set', comments",
                                                 file, number, line.substr(0, 80)));
    }
    return {};
}

std::vector<fs::path> kernel_fragments(const Spec& spec) {
    std::vector<fs::path> fragments;
    std::error_code error;
    for (const auto& fragment : spec.kernel.fragments) {
        fragments.push_back(fragment);
        const auto sibling =
            fragment.parent_path() / fmt::format("{}.{}{}", fragment.stem().string(),
                                                 spec.kernel.arch, fragment.extension().string());
        if (fs::is_regular_file(spec.top / sibling, error)) fragments.push_back(sibling);
    }
    return fragments;
}

Result<OptionRequests> requested_options(const Spec& spec) {
    OptionRequests requests;
    for (const auto& fragment : kernel_fragments(spec))
        RIG_CHECK(merge_fragment(requests, slurp(spec.top / fragment), fragment.string()));
    for (const auto& [name, value] : spec.kernel.options)
        requests[name] = {value, fmt::format("{} [kernel.options]", spec.file.string())};
    return requests;
}

std::string render_fragment(const OptionRequests& requests) {
    std::string text;
    for (const auto& [name, request] : requests)
        text += request.value == "n" ? fmt::format("# CONFIG_{} is not set\n", name)
                                     : fmt::format("CONFIG_{}={}\n", name, request.value);
    return text;
}

Status verify_config(const OptionRequests& requests, std::string_view config, const fs::path& tree,
                     const std::string& arch_folder) {
    const auto values = parse_config(config);
    std::map<std::string, std::string> lost; // name -> what it is instead
    std::set<std::string> names;
    for (const auto& [name, request] : requests) {
        const auto found = values.find(name);
        const std::string value = found == values.end() ? "n" : found->second;
        if (value != request.value) lost[name] = value, names.insert(name);
    }
    if (lost.empty()) return {};
    const auto kconfig = read_kconfig_files(tree, names, arch_folder);
    std::string message = "requested kernel options did not survive:";
    for (const auto& [name, value] : lost) {
        const auto& request = requests.at(name);
        message += fmt::format("\n  CONFIG_{}: requested {} ({}), the final .config has {}: {}",
                               name, request.value, request.origin, value,
                               explain(kconfig, name, request.value, values));
    }
    return fail(Blame::Spec, message);
}

} // namespace rig
