// SPDX-License-Identifier: GPL-2.0-or-later
// tests/help.py also gives all pages to man --warnings.
#include "rig/help/man_page.h"

#include "rig/help/roff.h"
#include "rig/spec/experiment_keys.h"
#include "rig/testing/program_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

bool shows(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

TEST(Roff, TextIsNeverTakenForARequest) {
    EXPECT_EQ(roff::escaped(".TH\n'x \\n a-b `c` ^~"),
              "\\&.TH\n\\&\\(aqx \\en a\\-b \\(gac\\(ga \\(ha\\(ti");
    EXPECT_EQ(roff::quoted("a \"b\""), "\"a \\(dqb\\(dq\"");
    EXPECT_EQ(roff::of_markdown("`.x` is it"), ".PP\n\\fB\\&.x\\fR is it\n");
}

TEST(Roff, MarkdownOfTheReference) {
    EXPECT_EQ(roff::of_markdown("See [the\npage](x.md#a) and **this**."),
              ".PP\nSee the page and \\fBthis\\fR\\&.\n");
    EXPECT_EQ(roff::of_markdown("Two:\n\n- `a`: one\n  line\n- b"),
              ".PP\nTwo:\n.IP \\(bu 2\n\\fBa\\fR: one line\n.IP \\(bu 2\nb\n");
    EXPECT_EQ(roff::of_markdown("```toml\na = \"b\"\n```"),
              ".PP\n.RS 4\n.nf\na = \"b\"\n.fi\n.RE\n");
    EXPECT_EQ(roff::of_markdown("| a | b |\n|---|---|\n| `long` | c |"),
              ".PP\n.RS 4\n.nf\na     b\nlong  c\n.fi\n.RE\n");
    EXPECT_EQ(roff::plain("the `key` of [x](y)"), "the key of x");
    // Marks without an end are text.
    EXPECT_EQ(roff::plain("a[0] `b"), "a[0] `b");
}

TEST(ManPages, OneForEachCommandAndTheFile) {
    const auto pages = man_pages(small_program());
    std::vector<std::string> names;
    for (const auto& [name, text] : pages)
        names.push_back(name);
    EXPECT_EQ(names,
              (std::vector<std::string>{"man1/rig-compare.1", "man1/rig-explain.1",
                                        "man1/rig-triage.1", "man1/rig.1", "man5/rig.toml.5"}));
    const auto& page = pages.at("man1/rig-compare.1");
    EXPECT_TRUE(shows(page, ".SH \"NAME\"\nrig\\-compare \\- Boot and compare\n")) << page;
    EXPECT_TRUE(shows(page, ".TP\n\\fB\\-\\-arm\\fR \\fITEXT\\fR\nArm of the experiment\n"))
        << page;
    EXPECT_TRUE(shows(page, "KEY=VALUE:\n.br\na  first\n.br\nb  second\n")) << page;
    EXPECT_TRUE(shows(page, ".SH \"EXAMPLES\"\n.PP\n.RS 4\n.nf\n  rig compare x.toml")) << page;
    EXPECT_TRUE(shows(page, "\\(aqquoted\\(aq \\e text")) << page;
    EXPECT_TRUE(shows(page, ".SH \"EXIT STATUS\"\n.PP\n0 done, 3 host fault.\n")) << page;
    EXPECT_TRUE(shows(page, ".SH \"DESCRIPTION\"\n.PP\nLong text.\n")) << page;
    const auto& whole = pages.at("man1/rig.1");
    for (const auto* part :
         {"rig \\- tests patches", "rig\\-explain", "Default: results.", "One of: auto, never."})
        EXPECT_TRUE(shows(whole, part)) << part << "\n" << whole;
}

TEST(ManPages, EveryKeyHasTypeDefaultRangeAndExample) {
    const auto text = man_pages(small_program()).at("man5/rig.toml.5");
    std::size_t at = 0;
    for (const auto& key : experiment_keys()) {
        const auto head = ".SS " + roff::quoted(key.name) + "\n";
        at = text.find(head, at);
        ASSERT_NE(at, text.npos) << key.section << '.' << key.name;
        at += head.size();
        const auto part = text.substr(at, text.find(".SS ", at) - at);
        EXPECT_TRUE(shows(part, "Type: ") && shows(part, " Default: ") && shows(part, " Range: "))
            << part;
        EXPECT_TRUE(shows(part, roff::escaped("Example: " + key.example))) << part;
    }
}

} // namespace
} // namespace rig
