// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/html_page.h"

#include <array>
#include <fmt/format.h>
#include <openssl/evp.h>

namespace rig {
namespace {

// Direction controls: U+202A..U+202E, U+2066..U+2069, U+200E, U+200F, in UTF-8 E2 80 8E, E2 80 8F,
// E2 80 AA..AE, E2 81 A6..A9.
unsigned direction_control(std::string_view at) {
    if (at.size() < 3 || at[0] != '\xE2') return 0;
    const auto second = static_cast<unsigned char>(at[1]),
               third = static_cast<unsigned char>(at[2]);
    const bool mark = second == 0x80 && (third == 0x8E || third == 0x8F);
    const bool embedding = second == 0x80 && third >= 0xAA && third <= 0xAE;
    const bool isolate = second == 0x81 && third >= 0xA6 && third <= 0xA9;
    return mark || embedding || isolate ? 0x2000u + (second & 0x3Fu) * 64 + (third & 0x3Fu) : 0;
}

bool is_void(std::string_view tag) {
    return tag == "meta" || tag == "br";
}

} // namespace

std::string escape_html(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        switch (c) {
        case '&':
            out += "&amp;";
            continue;
        case '<':
            out += "&lt;";
            continue;
        case '>':
            out += "&gt;";
            continue;
        case '"':
            out += "&quot;";
            continue;
        case '\'':
            out += "&#39;";
            continue;
        case '\n':
        case '\t':
            out += c;
            continue;
        default:
            break;
        }
        if (const auto direction = direction_control(text.substr(i))) {
            out += fmt::format("[U+{:04X}]", direction);
            i += 2;
        } else if (c == '\xC2' && i + 1 < text.size() &&
                   static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
                   static_cast<unsigned char>(text[i + 1]) < 0xA0) {
            out += '?'; // U+0080..U+009F
            ++i;
        } else {
            out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
        }
    }
    return out;
}

Markup element(std::string_view tag, const Attributes& attributes, const Children& children) {
    Markup out;
    auto& html = out.html_;
    html += '<';
    html += tag;
    for (const auto& [name, value] : attributes)
        html += fmt::format(" {}=\"{}\"", name, escape_html(value));
    html += '>';
    for (const auto& child : children)
        html += child.html();
    if (!is_void(tag)) html += fmt::format("</{}>", tag);
    // One line per block element, for people who read the source or compare two pages.
    if (tag == "tr" || tag == "p" || tag == "section" || tag == "figure" || tag == "li" ||
        tag == "meta" || tag == "thead")
        html += '\n';
    return out;
}

Markup table(const std::string& label, const std::vector<std::string>& head,
             const std::vector<TableRow>& rows) {
    Children heads, body;
    for (const auto& text : head)
        heads.push_back(element("th", {{"scope", "col"}}, {text}));
    for (const auto& row : rows) {
        Children cells;
        for (const auto& cell : row.cells) {
            if (row.kind == "group")
                cells.push_back(
                    element("th", {{"scope", "rowgroup"}, {"colspan", std::to_string(head.size())}},
                            {cell.content}));
            else if (cell.kind == "th")
                cells.push_back(element("th", {{"scope", "row"}}, {cell.content}));
            else
                cells.push_back(element(
                    "td", cell.kind.empty() ? Attributes{} : Attributes{{"class", cell.kind}},
                    {cell.content}));
        }
        body.push_back(element(
            "tr", row.kind.empty() ? Attributes{} : Attributes{{"class", row.kind}}, cells));
    }
    // A scrollable box must be reachable with the keyboard.
    return element(
        "div", {{"class", "box"}, {"role", "region"}, {"tabindex", "0"}, {"aria-label", label}},
        {element("table", {},
                 {element("thead", {}, {element("tr", {}, heads)}), element("tbody", {}, body)})});
}

Markup details(const Markup& summary, const Children& children) {
    Children all{element("summary", {}, {summary})};
    all.insert(all.end(), children.begin(), children.end());
    return element("details", {}, all);
}

std::string csp_hash(std::string_view content) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_Digest(content.data(), content.size(), digest.data(), &length, EVP_sha256(), nullptr);
    // Base64 has four characters for three bytes, plus a NUL.
    std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> base64{};
    const auto written = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(length));
    return fmt::format("'sha256-{}'", std::string_view(reinterpret_cast<const char*>(base64.data()),
                                                       static_cast<std::size_t>(written)));
}

std::string render_page(const PageFrame& frame, const WebAssets& assets) {
    const auto policy = fmt::format("default-src 'none'; script-src {}; style-src {}; img-src "
                                    "data:; base-uri 'none'; form-action 'none'",
                                    csp_hash(assets.script), csp_hash(assets.style));
    const auto meta =
        element("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", policy}}, {});
    const auto viewport = element(
        "meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}}, {});
    std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    out += meta.html() + viewport.html() + element("title", {}, {frame.title}).html();
    out += fmt::format("\n<style>{}</style>\n</head>\n<body>\n", assets.style);
    out += element("header", {}, {frame.header}).html() + "\n" +
           element("main", {}, {frame.main}).html() + "\n" +
           element("footer", {}, {frame.footer}).html();
    out += fmt::format("\n<script>{}</script>\n</body>\n</html>\n", assets.script);
    return out;
}

} // namespace rig
