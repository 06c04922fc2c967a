// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/kconfig_reasons.h"

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

using Values = std::map<std::string, std::string>;

// Evaluates a Kconfig expression: n = 0, m = 1, y = 2. A macro call such as $(cc-option,...) counts
// as y, because only make can evaluate it.
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
        rest_.remove_prefix(n ? n : std::min<std::size_t>(1, rest_.size())); // always make progress
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

struct KconfigEntry {
    std::string place; // "mm/Kconfig:1483"
    bool prompt = false;
    std::string type, range; // "hex"; "8 64"
    // Its own dependencies, those of the blocks around it in this file, and the "if" of its prompt.
    std::vector<std::string> depends;
};
struct Choice {
    std::string place;
    std::vector<std::string> members;
};
struct Kconfig {
    std::map<std::string, std::vector<KconfigEntry>> entries;
    // Name -> {selector, its "if"}.
    std::map<std::string, std::vector<std::pair<std::string, std::string>>> selects;
    std::vector<Choice> choices;
};

std::size_t indentation(std::string_view line) {
    std::size_t columns = 0;
    for (const char c : line) {
        if (c != ' ' && c != '\t') break;
        columns = c == '\t' ? (columns | 7) + 1 : columns + 1;
    }
    return columns;
}

bool blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// Reads from Kconfig files the entries of `names`, what selects them, and all choices. As in
// Kconfig itself, the first word determines the meaning of a line, not its indentation. Only a help
// text ends where its indentation ends.
class KconfigReader {
 public:
    KconfigReader(const std::set<std::string>& names, Kconfig& kconfig)
        : names_(names), kconfig_(kconfig) {}

    void read(std::istream& in, const std::string& file) {
        blocks_.clear();
        current_.clear();
        wanted_ = menu_head_ = false;
        bool help = false;
        std::size_t margin = 0; // indentation of the help text; 0 before its first line
        unsigned number = 0;
        for (std::string line; std::getline(in, line);) {
            const unsigned first = ++number;
            if (blank(line)) continue;
            if (help && indentation(line) > 0 && indentation(line) >= margin) {
                if (margin == 0) margin = indentation(line);
                continue;
            }
            help = false;
            for (std::string more; line.ends_with('\\') && std::getline(in, more); ++number)
                line.replace(line.size() - 1, 1, more);
            std::istringstream words(line);
            std::string keyword, rest;
            words >> keyword;
            if (keyword.starts_with('#')) continue;
            std::getline(words >> std::ws, rest);
            if (const auto comment = rest.find(" #");
                comment != std::string::npos && rest.find('"') == std::string::npos)
                rest.resize(comment);
            while (!rest.empty() && std::isspace(static_cast<unsigned char>(rest.back())))
                rest.pop_back();
            if (keyword == "help" || keyword == "---help---")
                help = true, margin = 0;
            else if (!begins(keyword, rest, fmt::format("{}:{}", file, first)))
                attribute(keyword, rest);
        }
    }

 private:
    struct Block {
        std::string keyword, condition;
        std::size_t choice = 0; // index of the choice
    };

    bool begins(const std::string& keyword, const std::string& rest, const std::string& place) {
        static const std::set<std::string> words{
            "config",    "menuconfig", "if",     "menu",     "choice",  "endif",   "endmenu",
            "endchoice", "comment",    "source", "mainmenu", "rsource", "osource", "orsource"};
        if (!words.contains(keyword)) return false;
        wanted_ = menu_head_ = false;
        current_.clear();
        if (keyword == "config" || keyword == "menuconfig") {
            current_ = rest;
            for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block)
                if (block->keyword == "choice") {
                    kconfig_.choices[block->choice].members.push_back(current_);
                    break;
                }
            wanted_ = names_.contains(current_);
            if (!wanted_) return true;
            KconfigEntry entry;
            entry.place = place;
            for (const auto& block : blocks_)
                if (!block.condition.empty()) entry.depends.push_back(block.condition);
            kconfig_.entries[current_].push_back(std::move(entry));
        } else if (keyword == "if" || keyword == "menu" || keyword == "choice") {
            blocks_.push_back(
                {keyword, keyword == "if" ? rest : std::string(), kconfig_.choices.size()});
            if (keyword == "choice") kconfig_.choices.push_back({place, {}});
            menu_head_ = keyword != "if";
        } else if (keyword.starts_with("end") && !blocks_.empty()) {
            blocks_.pop_back();
        }
        return true;
    }

    void attribute(const std::string& keyword, const std::string& rest) {
        const auto on = rest.substr(std::min<std::size_t>(3, rest.size())); // after "on "
        if (menu_head_ && keyword == "depends") {
            auto& condition = blocks_.back().condition;
            condition = condition.empty() ? on : fmt::format("({}) && ({})", condition, on);
        } else if (keyword == "select" && !current_.empty()) {
            const auto condition = rest.find(" if ");
            const auto target = rest.substr(0, rest.find_first_of(" \t"));
            if (names_.contains(target))
                kconfig_.selects[target].emplace_back(
                    current_, condition == std::string::npos ? "y" : rest.substr(condition + 4));
        }
        if (!wanted_) return;
        auto& entry = kconfig_.entries[current_].back();
        const bool type = keyword == "bool" || keyword == "tristate" || keyword == "string" ||
                          keyword == "int" || keyword == "hex";
        if (type) entry.type = keyword;
        if (keyword == "range") entry.range = rest;
        if (keyword == "depends") {
            entry.depends.push_back(on);
        } else if (rest.starts_with('"') && (type || keyword == "prompt")) {
            entry.prompt = true;
            if (const auto condition = rest.rfind("\" if "); condition != std::string::npos)
                entry.depends.push_back(rest.substr(condition + 5));
        }
    }

    const std::set<std::string>& names_;
    Kconfig& kconfig_;
    std::vector<Block> blocks_;
    std::string current_; // the current config entry; empty: none
    bool wanted_ = false, menu_head_ = false;
};

// Reads only the common files and those of the architecture: entries of other architectures do not
// apply.
Kconfig read_kconfig_files(const fs::path& tree, const std::set<std::string>& names,
                           const std::string& arch_folder) {
    const auto own = "arch/" + arch_folder;
    Kconfig kconfig;
    KconfigReader reader(names, kconfig);
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
            reader.read(in, relative);
        }
    }
    return kconfig;
}

// Finds out why an option does not have the requested value.
class Reasons {
 public:
    Reasons(const OptionRequests& requests, const Values& values, const Kconfig& kconfig)
        : requests_(requests), values_(values), kconfig_(kconfig) {}

    std::string of(const std::string& name) const {
        const auto& requested = requests_.at(name).value;
        std::vector<std::string> reasons;
        if (const auto selects = kconfig_.selects.find(name);
            requested == "n" && selects != kconfig_.selects.end())
            for (const auto& [selector, condition] : selects->second)
                if (values_.contains(selector) &&
                    Expression(selector + " && (" + condition + ")", values_).evaluate() > 0)
                    reasons.push_back("selected by " + selector + origin(selector));
        const auto entries = kconfig_.entries.find(name);
        if (entries == kconfig_.entries.end()) return "this tree has no such option";
        const auto choice = of_choice(name, requested);
        for (const auto& entry : entries->second) {
            std::vector<std::string> unmet;
            for (const auto& expression : entry.depends)
                for (const auto& values_of_part : unmet_parts(expression))
                    unmet.push_back(fmt::format("depends on {} ({})", expression, values_of_part));
            if (!unmet.empty())
                reasons.push_back(fmt::format("{}: {}", entry.place, fmt::join(unmet, "; ")));
            else if (!entry.prompt)
                reasons.push_back(fmt::format(
                    "{}: has no prompt: only a default or another option's select sets it",
                    entry.place));
            else if (!choice.empty())
                reasons.push_back(choice);
            else if (entry.type == "hex" && value(name) == "0x" + requested)
                reasons.push_back(
                    fmt::format("{}: is of type hex: write 0x with hex digits", entry.place));
            else if (!entry.range.empty())
                reasons.push_back(fmt::format("{}: is of the range {}", entry.place, entry.range));
            else if (reasons.empty())
                reasons.push_back(fmt::format(
                    "{}: its own dependencies look met; an enclosing menu of another file decides",
                    entry.place));
        }
        return fmt::format("{}", fmt::join(reasons, "; "));
    }

 private:
    std::string value(const std::string& name) const {
        const auto found = values_.find(name);
        return found == values_.end() ? "n" : found->second;
    }

    // What requested the option, and what that overrides: " by configs/debug.config:3, over y of
    // base.config:2".
    std::string origin(const std::string& name) const {
        const auto found = requests_.find(name);
        return found == requests_.end() ? std::string() : " by " + origin_of(found->second);
    }

    // Only one member of a choice can be set.
    std::string of_choice(const std::string& name, const std::string& requested) const {
        for (const auto& choice : kconfig_.choices) {
            if (std::find(choice.members.begin(), choice.members.end(), name) ==
                choice.members.end())
                continue;
            std::vector<std::string> chosen, others;
            for (const auto& member : choice.members) {
                if (member == name) continue;
                others.push_back(member);
                if (value(member) == "y") chosen.push_back(member + "=y" + origin(member));
            }
            if (requested == "y" && !chosen.empty())
                return fmt::format("{}: this choice has one member at a time, and that is {}",
                                   choice.place, chosen[0]);
            if (requested == "n" && value(name) == "y" && !others.empty())
                return fmt::format("{}: this choice always has a member; ask for another one: {}",
                                   choice.place, fmt::join(others, ", "));
        }
        return {};
    }

    // Splits `expression` at its outermost "&&", and returns the parts that are not met, each with
    // the values of the names in it.
    std::vector<std::string> unmet_parts(const std::string& expression) const {
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
        if (alternatives) parts = {expression}; // "A && B || C" is not split
        static const std::regex name("\\b[A-Z][A-Za-z0-9_]*\\b");
        for (const auto& part : parts) {
            if (Expression(part, values_).evaluate() > 0) continue;
            std::vector<std::string> shown;
            for (auto it = std::sregex_iterator(part.begin(), part.end(), name);
                 it != std::sregex_iterator(); ++it)
                shown.push_back(
                    fmt::format("{}={}{}", it->str(), value(it->str()), origin(it->str())));
            unmet.push_back(fmt::format("{}", fmt::join(shown, ", ")));
        }
        return unmet;
    }

    const OptionRequests& requests_;
    const Values& values_;
    const Kconfig& kconfig_;
};

} // namespace

std::map<std::string, std::string> kconfig_reasons(const OptionRequests& requests,
                                                   const std::set<std::string>& lost,
                                                   const std::map<std::string, std::string>& values,
                                                   const fs::path& tree,
                                                   const std::string& arch_folder) {
    const auto kconfig = read_kconfig_files(tree, lost, arch_folder);
    const Reasons reasons(requests, values, kconfig);
    std::map<std::string, std::string> out;
    for (const auto& name : lost)
        out[name] = reasons.of(name);
    return out;
}

} // namespace rig
