// SPDX-License-Identifier: GPL-2.0-or-later
// What all HTML pages of rig share: escaping of text, and the page frame with its
// Content-Security-Policy. Pure. A page is one file: it loads nothing, and the policy allows only
// the inlined script to run.
#pragma once

#include "rig/html/web_assets.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rig {

// Escapes text for an element or a quoted attribute. Replaces control characters except line feeds
// and tabs by '?'. Shows characters that change the writing direction, which can make one name look
// like another, by number: "[U+202E]".
std::string escape_html(std::string_view text);

// Well-formed HTML. Only element() makes markup; all other text goes through escape_html().
class Markup {
 public:
    Markup() = default;
    Markup(std::string_view text) : html_(escape_html(text)) {}
    Markup(const std::string& text) : Markup(std::string_view(text)) {}
    Markup(const char* text) : Markup(std::string_view(text)) {}
    Markup& operator+=(const Markup& other) {
        html_ += other.html_;
        return *this;
    }
    const std::string& html() const { return html_; }
    bool empty() const { return html_.empty(); }

 private:
    friend Markup element(std::string_view, const std::vector<std::pair<std::string, std::string>>&,
                          const std::vector<Markup>&);
    std::string html_;
};

using Attributes = std::vector<std::pair<std::string, std::string>>;
using Children = std::vector<Markup>;
// `tag` and the attribute names must be constants of rig; attribute values are escaped.
Markup element(std::string_view tag, const Attributes& attributes, const Children& children);

struct Cell {
    Markup content;
    std::string kind{}; // "th": heads its row; "figure": no line breaks; "words"
};
struct TableRow {
    std::vector<Cell> cells;
    // "part": a detail of the row above; "group": heads the rows below, its cell spans all columns.
    std::string kind{};
};
// A table in a box that scrolls if it is wider than the page. `label` names the box for screen
// readers.
Markup table(const std::string& label, const std::vector<std::string>& head,
             const std::vector<TableRow>& rows);

// A <details> element, closed at first.
Markup details(const Markup& summary, const Children& children);

struct PageFrame {
    std::string title;
    Markup header, main, footer;
};
// The whole file. `assets` are inlined unchanged, see web_assets.h.
std::string render_page(const PageFrame& frame, const WebAssets& assets);

// "'sha256-…'": the source expression with which a policy allows exactly this inline script or
// style.
std::string csp_hash(std::string_view content);

} // namespace rig
