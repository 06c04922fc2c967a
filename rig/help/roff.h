// SPDX-License-Identifier: GPL-2.0-or-later
// Text in the language of man pages, man(7). Pure.
#pragma once

#include <string>
#include <string_view>

namespace rig::roff {

// Plain text: backslashes, dashes and quotes are printed as they are. The text may have several
// lines, and none of them is taken for a request.
std::string escaped(std::string_view text);
// In bold.
std::string bold(std::string_view text);
// An argument of a request, in double quotes.
std::string quoted(std::string_view text);
// Lines that are printed as they are, indented.
std::string literal(std::string_view text);
// Markdown as docs/ uses it: paragraphs, lists, fences, tables, `code`, links (their text) and
// **bold**.
std::string of_markdown(std::string_view text);
// The text of one line of Markdown without its marks.
std::string plain(std::string_view markdown);

} // namespace rig::roff
