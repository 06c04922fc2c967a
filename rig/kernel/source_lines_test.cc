// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/source_lines.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

// One letter a line: Blank, Comment, Macro, Directive, code; '.' for code that is only marks.
std::string kinds(std::string_view text) {
    std::string letters;
    for (const auto& line : source_lines(text))
        letters += line.kind == LineKind::Blank       ? 'b'
                   : line.kind == LineKind::Comment   ? 'c'
                   : line.kind == LineKind::Macro     ? 'm'
                   : line.kind == LineKind::Directive ? 'd'
                   : line.marks_only                  ? '.'
                                                      : 'x';
    return letters;
}

TEST(SourceLines, CommentsBlanksAndCode) {
    EXPECT_EQ(kinds("\n  \t\n/* one */\n// two\nint a; // three\n"), "bbccx");
    EXPECT_EQ(kinds("/*\n * text\n\n */\nint a;\n"), "ccbcx");
    EXPECT_EQ(kinds("/* a */ int b; /* c\n d */ int e;\n"), "xx");
    EXPECT_EQ(kinds("// goes on \\\nhere\nint a;\n"), "ccx");
    EXPECT_EQ(kinds("char *s = \"/* no comment\";\nint a;\n"), "xx");
    EXPECT_EQ(kinds("char c = '\"', d = '\\'';\n/* a */\n"), "xc");
    EXPECT_EQ(kinds("f(\"a \\\nb\");\n"), "xx");
    EXPECT_EQ(kinds(""), "");
    EXPECT_EQ(kinds("int a"), "x");
    EXPECT_EQ(kinds("/* never ends\nint a;\n"), "cc");
}

TEST(SourceLines, DirectivesAndMacrosWithTheirContinuedLines) {
    EXPECT_EQ(kinds("#define A(x) \\\n\tdo { \\\n\n int a;\n"), "mmmx");
    EXPECT_EQ(kinds("  #  define A 1\n#include <a.h>\n#ifdef A /* a */\n#endif\n"), "mddd");
    EXPECT_EQ(kinds("#define A /* a\n b */ 1\nint c;\n"), "mmx");
    EXPECT_EQ(kinds("#if defined(A) && \\\n    B\nint a;\n"), "ddx");
    EXPECT_EQ(kinds("int a = b\n# define X\n;\n"), "xm.");
    EXPECT_EQ(kinds("a # b;\n"), "x"); // no directive within a line
}

TEST(SourceLines, MarksFromWhichNoCodeIsMade) {
    EXPECT_EQ(kinds("{\n}\n} else {\ndo {\n};\nout:\ncase A:\ndefault:\ncase 1 ... 3:\n);\n"),
              "..........");
    EXPECT_EQ(kinds("} while (a);\nout: return;\ncase A: f();\nelse if (b)\nx ? a : b;\nbreak;\n"),
              "xxxxxx");
}

TEST(SourceLines, AssignmentsButNoComparisons) {
    const auto lines = source_lines("int a = 1;\nif (a == 1)\na += 2;\nint b;\n");
    EXPECT_TRUE(lines[0].assigns);
    EXPECT_FALSE(lines[1].assigns);
    EXPECT_TRUE(lines[2].assigns);
    EXPECT_FALSE(lines[3].assigns);
}

std::vector<SourcePlace> all_places(std::string_view text) {
    return source_places(text, [](unsigned) { return true; });
}

TEST(SourcePlaces, FunctionsWithTheirSignatures) {
    const auto places = all_places("static int a;\n"                         // 1
                                   "struct s {\n"                            // 2
                                   "\tint (*f)(int);\n"                      // 3
                                   "};\n"                                    // 4
                                   "static const struct s t = {\n"           // 5
                                   "\t.f = g,\n"                             // 6
                                   "};\n"                                    // 7
                                   "static inline __attribute__((unused))\n" // 8
                                   "struct s *h(int a,\n"                    // 9
                                   "\tint b)\n"                              // 10
                                   "{\n"                                     // 11
                                   "\treturn 0;\n"                           // 12
                                   "}\n"                                     // 13
                                   "int after(void);\n"                      // 14
                                   "SYSCALL_DEFINE1(x, int, a) { }\n"        // 15
                                   "struct s u = (struct s) { 0 };\n"        // 16
                                   "void v(void) __releases(a)\n"            // 17
                                   "{ }\n");                                 // 18
    ASSERT_EQ(places.size(), 18u);
    for (const unsigned line : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 14u, 16u})
        EXPECT_EQ(places[line - 1].function, "") << line;
    for (unsigned line = 8; line <= 13; ++line) {
        EXPECT_EQ(places[line - 1].function, "h") << line;
        EXPECT_EQ(places[line - 1].first, 8u);
        EXPECT_EQ(places[line - 1].last, 13u);
        EXPECT_EQ(places[line - 1].signature, line < 11) << line;
    }
    EXPECT_EQ(places[14].function, "SYSCALL_DEFINE1");
    EXPECT_EQ(places[17].function, "v");
}

TEST(SourcePlaces, TheLineInWhichAStatementBegins) {
    const auto places = all_places("void f(void)\n"         // 1
                                   "{\n"                    // 2
                                   "\tint a = g(1,\n"       // 3
                                   "\t\t2);\n"              // 4
                                   "\tif (a &&\n"           // 5
                                   "\t    b)\n"             // 6
                                   "\t\tc();\n"             // 7
                                   "\telse\n"               // 8
                                   "\t\td();\n"             // 9
                                   "\tstruct s e = {\n"     // 10
                                   "\t\t.x = 1,\n"          // 11
                                   "\t};\n"                 // 12
                                   "\tswitch (a) {\n"       // 13
                                   "\tcase A:\n"            // 14
                                   "\t\tx = y ? 1 :\n"      // 15
                                   "\t\t\t2;\n"             // 16
                                   "\t}\n"                  // 17
                                   "out:\n"                 // 18
                                   "\tx = ({ int i = 1;\n"  // 19
                                   "\t\ti; });\n"           // 20
                                   "\tfor (i = 0; i < 3;\n" // 21
                                   "\t     i++)\n"          // 22
                                   "\t\th();\n"             // 23
                                   "}\n");                  // 24
    const std::vector<unsigned> begun{0,  0,  3,  3,  5, 5,  7,  8,  9,  10, 10, 10,
                                      13, 14, 15, 15, 0, 18, 19, 19, 21, 21, 23, 0};
    for (std::size_t i = 0; i < begun.size(); ++i) {
        EXPECT_EQ(places[i].statement, begun[i]) << i + 1;
        EXPECT_EQ(places[i].function, "f") << i + 1;
    }
}

TEST(SourcePlaces, BracketsThatNoCompilerSawDoNotCount) {
    constexpr std::string_view text = "#ifdef A\n"      // 1
                                      "void f(int a)\n" // 2
                                      "{\n"             // 3
                                      "#else\n"         // 4
                                      "void g(void)\n"  // 5
                                      "{\n"             // 6
                                      "#endif\n"        // 7
                                      "\th();\n"        // 8
                                      "}\n"             // 9
                                      "int i;\n";       // 10
    const auto places = source_places(text, [](unsigned line) { return line < 2 || line > 3; });
    EXPECT_EQ(places[7].function, "g");
    EXPECT_EQ(places[7].first, 5u);
    EXPECT_EQ(places[9].function, "");
}

TEST(SourcePlaces, TextThatIsNoCHasPlacesAllTheSame) {
    for (const char* text :
         {"}}}}\n", "((((\n{\n", "f(x) {\n", "= {\n", "\"\n\n", "int f() { ( { ;\n"})
        EXPECT_FALSE(all_places(text).empty()) << text;
}

} // namespace
} // namespace rig
