// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/html_page.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

TEST(EscapeHtml, LeavesNothingThatMarkupIsMadeOf) {
    EXPECT_EQ(escape_html("<script>alert(\"x\")</script>"),
              "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
    EXPECT_EQ(escape_html("\" onerror='x'"), "&quot; onerror=&#39;x&#39;");
    // Text that is already escaped is escaped like any other.
    EXPECT_EQ(escape_html("&lt;"), "&amp;lt;");
    EXPECT_EQ(escape_html("43.1 µs ×4"), "43.1 µs ×4");
}

TEST(EscapeHtml, ControlsAreSeen) {
    EXPECT_EQ(escape_html("a\nb\tc"), "a\nb\tc");
    EXPECT_EQ(escape_html(std::string_view("a\0b\x1b[2Jc\x7f\xC2\x85\r", 12)), "a?b?[2Jc???");
    // U+202E would reverse the reading direction of the following text, as would U+2066 and U+200F.
    EXPECT_EQ(escape_html("a\xE2\x80\xAE"
                          "b\xE2\x81\xA6"
                          "c\xE2\x80\x8F"),
              "a[U+202E]b[U+2066]c[U+200F]");
    // A line separator is text; a lead byte at the end does not swallow anything.
    EXPECT_EQ(escape_html("a\xE2\x80\xA8"
                          "b\xE2"),
              "a\xE2\x80\xA8"
              "b\xE2");
    EXPECT_EQ(escape_html("\xE2<"), "\xE2&lt;");
}

TEST(Element, EscapesTextAndAttributesOnce) {
    const std::string hostile = "\"><img src=x>";
    EXPECT_EQ(element("b", {{"title", hostile}}, {hostile}).html(),
              "<b title=\"&quot;&gt;&lt;img src=x&gt;\">&quot;&gt;&lt;img src=x&gt;</b>");
    EXPECT_EQ(element("div", {}, {"a", element("b", {}, {"<"}), "c"}).html(),
              "<div>a<b>&lt;</b>c</div>");
    EXPECT_EQ(element("meta", {{"name", "x"}}, {}).html(), "<meta name=\"x\">\n");
}

TEST(Table, ScrollsInABoxWithAName) {
    const auto html = table("a \"name\"", {"Arm", "IPIs"},
                            {{{{"group"}}, "group"}, {{{"ipi", "th"}, {"240", "figure"}}, "part"}})
                          .html();
    EXPECT_TRUE(html.starts_with("<div class=\"box\" role=\"region\" tabindex=\"0\" aria-label=\"a "
                                 "&quot;name&quot;\"><table>"))
        << html;
    EXPECT_NE(html.find("<th scope=\"rowgroup\" colspan=\"2\">group</th>"), std::string::npos)
        << html;
    EXPECT_NE(
        html.find(
            "<tr class=\"part\"><th scope=\"row\">ipi</th><td class=\"figure\">240</td></tr>"),
        std::string::npos)
        << html;
}

TEST(CspHash, IsThatOfTheStandardsExample) {
    // W3C, Content Security Policy Level 2, section 7.17.2.
    EXPECT_EQ(csp_hash("alert('Hello, world.');"),
              "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
    EXPECT_NE(csp_hash("alert('Hello, world!');"), csp_hash("alert('Hello, world.');"));
}

TEST(Page, AllowsNothingButItsOwnScriptAndStyle) {
    const WebAssets assets{"let a = 1 < 2;", "p { color: red }"};
    const auto page = render_page({"a <title>", element("h1", {}, {"x"}), {}, {}}, assets);
    EXPECT_NE(page.find("<title>a &lt;title&gt;</title>"), std::string::npos);
    EXPECT_NE(page.find("<script>let a = 1 < 2;</script>"), std::string::npos);
    const auto policy = escape_html("default-src 'none'; script-src " + csp_hash(assets.script) +
                                    "; style-src " + csp_hash(assets.style) +
                                    "; img-src data:; base-uri 'none'; form-action 'none'");
    const auto at = page.find(policy);
    ASSERT_NE(at, std::string::npos) << page;
    // A policy applies only to what follows it.
    EXPECT_LT(at, page.find("<style>"));
    EXPECT_EQ(page.find("unsafe"), std::string::npos);
}

} // namespace
} // namespace rig
