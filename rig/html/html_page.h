// SPDX-License-Identifier: GPL-2.0-or-later
// What every page rig writes has in common, whatever it is about: text that cannot become markup,
// and the frame with its policy. Pure. A page is one file: it asks for nothing, and its
// Content-Security-Policy lets nothing run but the script inlined in it.
#pragma once

#include "rig/html/web_assets.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rig {

// Text as HTML shows it, in an element and in a quoted attribute alike. Control characters become
// '?' but line feeds and tabs; those that turn the direction of writing, with which a name can pass
// for another, are shown by number: "[U+202E]".
std::string escape_html(std::string_view text);

// HTML that is whole. Only element() makes markup; everything else goes through escape_html().
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
// `tag` and the attributes' names are ours; their values are text.
Markup element(std::string_view tag, const Attributes& attributes, const Children& children);

struct Cell {
    Markup content;
    std::string kind{}; // "th": heads its row; "figure": not broken; "words"
};
struct TableRow {
    std::vector<Cell> cells;
    std::string
        kind{}; // "part": of the row above; "group": heads those below, its cell spans all columns
};
// In a box of its own that scrolls if it is wider than the page. `label` names it for those who do
// not see it.
Markup table(const std::string& label, const std::vector<std::string>& head,
             const std::vector<TableRow>& rows);

// <details>: closed until asked for.
Markup details(const Markup& summary, const Children& children);

struct PageFrame {
    std::string title;
    Markup header, main, footer;
};
// The whole file. `assets` are inlined as they are, see web_assets.h.
std::string render_page(const PageFrame& frame, const WebAssets& assets);

// "'sha256-…'": the source expression by which a policy lets exactly this inline script or style
// through.
std::string csp_hash(std::string_view content);

} // namespace rig
