// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/help/roff.h"

#include "rig/base/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>
#include <vector>

namespace rig::roff {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> out;
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);)
        out.push_back(line);
    return out;
}

// Calls `plain`, `code` and `strong` with the parts of a line of Markdown. Links become their text.
template<class Plain, class Code, class Strong>
void inline_parts(std::string_view text, Plain plain, Code code, Strong strong) {
    while (!text.empty()) {
        const auto mark = std::min({text.find('`'), text.find("**"), text.find('[')});
        if (mark == text.npos) return plain(text);
        plain(text.substr(0, mark));
        text.remove_prefix(mark);
        if (text[0] == '[') {
            const auto middle = text.find("]("), end = text.find(')', middle);
            if (middle == text.npos || end == text.npos) {
                plain(text.substr(0, 1));
                text.remove_prefix(1);
                continue;
            }
            inline_parts(text.substr(1, middle - 1), plain, code, strong);
            text.remove_prefix(end + 1);
            continue;
        }
        const std::string_view fence = text[0] == '`' ? "`" : "**";
        const auto end = text.find(fence, fence.size());
        if (end == text.npos) return plain(text);
        const auto inner = text.substr(fence.size(), end - fence.size());
        text[0] == '`' ? code(inner) : strong(inner);
        text.remove_prefix(end + fence.size());
    }
}

std::string inline_roff(std::string_view text) {
    std::string out;
    const auto plain = [&](std::string_view part) { out += escaped(part); };
    const auto strong = [&](std::string_view part) { out += bold(part); };
    inline_parts(text, plain, strong, strong);
    // A quote or dot at the beginning of a line would be a request.
    if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
    return out;
}

// A table as lines with columns.
std::string table_text(const std::vector<std::string>& rows) {
    std::vector<std::vector<std::string>> cells;
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        if (row.find_first_not_of("|-: ") == row.npos) continue; // the line below the head
        cells.emplace_back();
        std::istringstream in(row.substr(1));
        for (std::string cell; std::getline(in, cell, '|');)
            cells.back().push_back(plain(trimmed(cell)));
        widths.resize(std::max(widths.size(), cells.back().size()));
        for (std::size_t i = 0; i < cells.back().size(); ++i)
            widths[i] = std::max(widths[i], display_width(cells.back()[i]));
    }
    std::string out;
    for (const auto& row : cells) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += padded(row[i], widths[i] + 2);
        out += trimmed(line) + "\n";
    }
    return out;
}

} // namespace

std::string escaped(std::string_view text) {
    std::string out;
    bool start = true;
    for (const char c : text) {
        if (start && (c == '.' || c == '\'')) out += "\\&";
        start = c == '\n';
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if (c == '\'')
            out += "\\(aq";
        else if (c == '`')
            out += "\\(ga";
        else if (c == '^')
            out += "\\(ha";
        else if (c == '~')
            out += "\\(ti";
        else
            out += c;
    }
    return out;
}

std::string bold(std::string_view text) {
    return fmt::format("\\fB{}\\fR", escaped(text));
}

std::string quoted(std::string_view text) {
    std::string out;
    for (const char c : escaped(text))
        out += c == '"' ? std::string("\\(dq") : std::string(1, c);
    return fmt::format("\"{}\"", out);
}

std::string literal(std::string_view text) {
    return fmt::format(".PP\n.RS 4\n.nf\n{}\n.fi\n.RE\n", escaped(stripped(text, "\n")));
}

std::string of_markdown(std::string_view text) {
    std::string out;
    const auto lines = lines_of(text);
    bool new_paragraph = true;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto& line = lines[i];
        if (line.empty()) {
            new_paragraph = true;
        } else if (line.starts_with("```")) {
            std::string code;
            for (++i; i < lines.size() && !lines[i].starts_with("```"); ++i)
                code += lines[i] + "\n";
            out += literal(code);
            new_paragraph = true;
        } else if (line.starts_with("|")) {
            std::vector<std::string> rows;
            for (; i < lines.size() && lines[i].starts_with("|"); ++i)
                rows.push_back(lines[i]);
            --i;
            out += literal(table_text(rows));
            new_paragraph = true;
        } else {
            // A link or `code` may be broken over lines, so a paragraph is one text.
            const bool item = line.starts_with("- ");
            std::string whole = item ? line.substr(2) : line;
            for (;
                 i + 1 < lines.size() && !lines[i + 1].empty() && !lines[i + 1].starts_with("- ") &&
                 !lines[i + 1].starts_with("|") && !lines[i + 1].starts_with("```");
                 ++i)
                whole += " " + trimmed(lines[i + 1]);
            out += item ? ".IP \\(bu 2\n" : new_paragraph ? ".PP\n" : "";
            out += inline_roff(whole) + "\n";
            new_paragraph = false;
        }
    }
    return out;
}

std::string plain(std::string_view markdown) {
    std::string out;
    const auto add = [&](std::string_view part) { out += part; };
    inline_parts(markdown, add, add, add);
    return out;
}

} // namespace rig::roff
