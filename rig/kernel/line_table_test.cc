// SPDX-License-Identifier: GPL-2.0-or-later
// Programs that gcc compiles here are the material: what it does with a line is the point.
#include "rig/kernel/line_table.h"

#include "rig/host/boost_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <string_view>

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHeader = "static inline int twice(int a)\n"            // 1
                                "{\n"                                         // 2
                                "    return cell * a;\n"                      // 3
                                "}\n"                                         // 4
                                "static inline int unused(int a)\n"           // 5
                                "{\n"                                         // 6
                                "    return a * 3;\n"                         // 7
                                "}\n";                                        // 8
constexpr const char* kSource = "volatile int cell = 2;\n"                    // 1
                                "#include \"../include/twice.h\"\n"           // 2
                                "int f(int a)\n"                              // 3
                                "{\n"                                         // 4
                                "    int b;\n"                                // 5
                                "    b = twice(a);\n"                         // 6
                                "    if (0) {\n"                              // 7
                                "        b = 7777;\n"                         // 8
                                "    }\n"                                     // 9
                                "    return b + 1;\n"                         // 10
                                "}\n"                                         // 11
                                "int g(int a)\n"                              // 12
                                "{\n"                                         // 13
                                "    return twice(a) - 1;\n"                  // 14
                                "}\n"                                         // 15
                                "__attribute__((section(\".init.text\")))\n"  // 16
                                "int h(int a)\n"                              // 17
                                "{\n"                                         // 18
                                "    return a ^ 5;\n"                         // 19
                                "}\n"                                         // 20
                                "__attribute__((section(\".dropped\")))\n"    // 21
                                "int d(int a)\n"                              // 22
                                "{\n"                                         // 23
                                "    return a ^ 9;\n"                         // 24
                                "}\n"                                         // 25
                                "int _start(void) { return f(1) + g(2); }\n"; // 26

class CompiledLines : public ::testing::Test {
 protected:
    CompiledLines() {
        dir.put("top/include/twice.h", kHeader);
        dir.put("top/mm/a.c", kSource);
        fs::create_directories(dir / "top/obj");
        // As a kernel's linker script does with what it does not want.
        dir.put("top/obj/script", "ENTRY(_start)\nPHDRS { text PT_LOAD; note PT_NOTE; }\n"
                                  "SECTIONS { . = 0x10000; .text : { *(.text) } :text\n"
                                  ".note.gnu.build-id : { *(.note.gnu.build-id) } :text :note\n"
                                  ".data : { *(.data) } :text\n"
                                  ".init.text : { *(.init.text) } :text\n"
                                  "/DISCARD/ : { *(.dropped) *(.comment) *(.note.GNU-stack) } }\n");
    }
    // Compiled as a kernel is: in a folder of the sources, with names relative to it.
    fs::path compiled(const std::string& name, std::vector<std::string> options) {
        Command gcc;
        gcc.argv = {"gcc",
                    "-O2",
                    "-ffreestanding",
                    "-fno-pic",
                    "-fno-asynchronous-unwind-tables",
                    "-fcf-protection=none"};
        gcc.argv.insert(gcc.argv.end(), options.begin(), options.end());
        for (const char* word : {"-c", "-o", "a.o", "../mm/a.c"})
            gcc.argv.emplace_back(word);
        gcc.cwd = dir / "top/obj";
        auto result = runner.run(gcc);
        EXPECT_TRUE(result && result->ok()) << (result ? result->out : result.error().message);
        Command ld;
        ld.argv = {"ld", "--build-id", "-T", "script", "-o", name, "a.o"};
        ld.cwd = gcc.cwd;
        result = runner.run(ld);
        EXPECT_TRUE(result && result->ok()) << (result ? result->out : result.error().message);
        return dir / "top/obj" / name;
    }
    LineTable read(const fs::path& elf) {
        auto table = LineTable::read(elf, dir / "top", {"mm/a.c", "include/twice.h"});
        EXPECT_TRUE(table) << table.error().message;
        return table.value_or(LineTable{});
    }
    testing::TempTree dir;
    BoostCommandRunner runner;
};

TEST_F(CompiledLines, EachLineHasTheRangesOfItsCode) {
    const auto table = read(compiled("a", {"-g"}));
    EXPECT_EQ(table.units(), std::set<std::string>{"mm/a.c"});
    for (const unsigned line : {10u, 14u, 26u}) {
        const auto* code = table.find("mm/a.c", line);
        ASSERT_TRUE(code) << line;
        EXPECT_FALSE(code->text.empty()) << line;
        EXPECT_TRUE(code->init.empty()) << line;
        EXPECT_FALSE(code->discarded) << line;
        for (const auto& range : code->text) {
            EXPECT_GE(range.start, 0x10000u);
            EXPECT_LT(range.start, range.end);
        }
    }
    // What was never reached, and what is no code.
    for (const unsigned line : {1u, 2u, 8u, 9u, 99u})
        EXPECT_FALSE(table.find("mm/a.c", line)) << line;
    EXPECT_FALSE(table.find("mm/b.c", 10));
}

TEST_F(CompiledLines, ALineOfAHeaderHasTheRangesOfAllInlinedCopies) {
    const auto table = read(compiled("a", {"-g"}));
    const auto* code = table.find("include/twice.h", 3);
    ASSERT_TRUE(code);
    // In f() and g(), and in the copies of these in _start().
    EXPECT_GE(code->text.size(), 2u);
    for (std::size_t i = 1; i < code->text.size(); ++i)
        EXPECT_LT(code->text[i - 1].end, code->text[i].start);
    EXPECT_FALSE(table.find("include/twice.h", 7)); // of a function that nobody calls
}

TEST_F(CompiledLines, AStatementWithoutAnInstructionOfItsOwnHasThatOfAnother) {
    dir.put("top/mm/a.c", "int table[4];\n"                          // 1
                          "static inline int sum(int a)\n"           // 2
                          "{\n"                                      // 3
                          "    int b = a + a;\n"                     // 4
                          "    return b + 1;\n"                      // 5
                          "}\n"                                      // 6
                          "int _start(int a) { return sum(a); }\n"); // 7
    const auto elf = compiled("a", {"-g"});
    const auto table = read(elf);
    // One lea computes both lines; the row of the instruction itself names one of them.
    const auto *first = table.find("mm/a.c", 4), *second = table.find("mm/a.c", 5);
    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    EXPECT_TRUE(first->text.empty() && first->init.empty());
    ASSERT_EQ(first->merged.size(), 1u);
    EXPECT_GE(first->merged[0], 0x10000u);
    EXPECT_LT(first->merged[0], 0x10010u);
}

TEST_F(CompiledLines, ACallThatWasInlinedHasTheFirstStatementOfTheFunction) {
    dir.put("top/mm/a.c", "volatile int cell, other;\n"                              // 1
                          "static inline void set(int n)\n"                          // 2
                          "{\n"                                                      // 3
                          "    cell = n;\n"                                          // 4
                          "    while (n--)\n"                                        // 5
                          "        other = n;\n"                                     // 6
                          "}\n"                                                      // 7
                          "static inline void nothing(int n) { (void)n; }\n"         // 8
                          "static inline void both(int n) { nothing(n); set(n); }\n" // 9
                          "int f(int n)\n"                                           // 10
                          "{\n"                                                      // 11
                          "    set(n);\n"                                            // 12
                          "    return n;\n"                                          // 13
                          "}\n"                                                      // 14
                          "int _start(int n)\n"                                      // 15
                          "{\n"                                                      // 16
                          "    nothing(n);\n"                                        // 17
                          "    both(n);\n"                                           // 18
                          "    return n + 1;\n"                                      // 19
                          "}\n"                                                      // 20
                          "__attribute__((section(\".init.text\")))\n"               // 21
                          "void h(int n)\n"                                          // 22
                          "{\n"                                                      // 23
                          "    set(n);\n"                                            // 24
                          "}\n");                                                    // 25
    const auto table = read(compiled("a", {"-g"}));
    const auto* body = table.find("mm/a.c", 4);
    ASSERT_TRUE(body);
    ASSERT_EQ(body->text.size(), 2u); // in f() and in _start(): set() itself is not there
    for (const auto& [line, copy] : {std::pair(12u, 0u), {18u, 1u}}) {
        const auto* call = table.find("mm/a.c", line);
        ASSERT_TRUE(call) << line;
        EXPECT_TRUE(call->text.empty() && call->merged.empty()) << line;
        // Not the loop, and of the functions inlined into it the first that has an instruction.
        EXPECT_EQ(call->inlined, std::vector<CodeRange>{body->text[copy]}) << line;
        EXPECT_EQ(call->callees, std::set<std::string>{line == 12 ? "set" : "both"});
    }
    // A function without an instruction: nothing runs that only it runs.
    const auto* empty = table.find("mm/a.c", 17);
    EXPECT_TRUE(!empty || empty->inlined.empty());
    const auto* init = table.find("mm/a.c", 24);
    ASSERT_TRUE(init);
    EXPECT_TRUE(init->text.empty() && init->inlined.empty());
    EXPECT_EQ(init->init, body->init);
}

TEST_F(CompiledLines, BoundsHaveAnAddressForEachCopy) {
    dir.put("top/mm/a.c", "static inline int sum(int a)\n"                      // 1
                          "{\n"                                                 // 2
                          "    int b = a + a;\n"                                // 3
                          "    return b + 1;\n"                                 // 4
                          "}\n"                                                 // 5
                          "int f(int a) { return sum(a); }\n"                   // 6
                          "int _start(int a) { return sum(a + 2) * f(a); }\n"); // 7
    const auto table = read(compiled("a", {"-g"}));
    const auto* line = table.find("mm/a.c", 3);
    ASSERT_TRUE(line);
    if (line->text.empty()) {
        EXPECT_GE(line->merged.size(), 2u);
    }
    for (std::size_t i = 1; i < line->merged.size(); ++i)
        EXPECT_LT(line->merged[i - 1], line->merged[i]);
}

TEST_F(CompiledLines, InitCodeAndDiscardedCodeAreToldApart) {
    const auto table = read(compiled("a", {"-g"}));
    const auto* init = table.find("mm/a.c", 19);
    ASSERT_TRUE(init);
    EXPECT_TRUE(init->text.empty());
    EXPECT_FALSE(init->init.empty());
    const auto* dropped = table.find("mm/a.c", 24);
    ASSERT_TRUE(dropped);
    EXPECT_TRUE(dropped->text.empty() && dropped->init.empty());
    EXPECT_TRUE(dropped->discarded);
}

TEST_F(CompiledLines, DeclarationsAreThoseOfDwarf) {
    const auto table = read(compiled("a", {"-g"}));
    EXPECT_TRUE(table.declares("mm/a.c", 1));
    EXPECT_TRUE(table.declares("mm/a.c", 5));
    EXPECT_FALSE(table.declares("mm/a.c", 8));
}

TEST_F(CompiledLines, OlderDwarfIsReadAlike) {
    const auto now = read(compiled("a", {"-g"})), older = read(compiled("b", {"-gdwarf-4"}));
    for (unsigned line = 1; line <= 26; ++line) {
        const auto *a = now.find("mm/a.c", line), *b = older.find("mm/a.c", line);
        ASSERT_EQ(!a, !b) << line;
        if (a) {
            EXPECT_EQ(a->text, b->text) << line;
        }
    }
}

TEST_F(CompiledLines, WhatCannotBeReadIsAnError) {
    const auto elf = compiled("a", {"-g"});
    const auto of = [&](const fs::path& file, std::size_t rows = kMaxLineRows) {
        const auto table = LineTable::read(file, dir / "top", {"mm/a.c"}, rows);
        return table ? std::string() : table.error().message;
    };
    EXPECT_NE(of(dir / "none").find("cannot open"), std::string::npos);
    EXPECT_NE(of(dir.put("text", "no ELF\n")).find("is no ELF file"), std::string::npos);
    EXPECT_NE(of(compiled("bare", {})), "");
    EXPECT_NE(of(elf, 3).find("more than 3 rows"), std::string::npos);
    // Cut short, and damaged in every 7th byte from somewhere on: an error or a table, no crash.
    const auto bytes = testing::read_text(elf);
    for (std::size_t cut = 1; cut < bytes.size(); cut += bytes.size() / 40) {
        of(dir.put("cut", std::string_view(bytes).substr(0, cut)));
        auto damaged = bytes;
        for (std::size_t at = cut; at < damaged.size(); at += 7)
            damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
        of(dir.put("damaged", damaged));
    }
}

TEST_F(CompiledLines, DebugInformationDoesNotChangeWhatIsLoaded) {
    const auto bare = compiled("bare", {}), debug = compiled("debug", {"-g"});
    // The build ID differs, and it is loaded.
    EXPECT_NE(testing::read_text(bare), testing::read_text(debug));
    auto difference = loaded_difference(bare, debug);
    ASSERT_TRUE(difference) << difference.error().message;
    EXPECT_EQ(*difference, "");
    // One byte of the code.
    std::string source = kSource;
    source.replace(source.find("^ 5"), 3, "^ 6");
    dir.put("top/mm/a.c", source);
    difference = loaded_difference(bare, compiled("other", {"-g"}));
    ASSERT_TRUE(difference) << difference.error().message;
    EXPECT_NE(difference->find("they differ at address 0x"), std::string::npos) << *difference;
    // More code.
    dir.put("top/mm/a.c", source + "int more(int a) { return a * 3 + 4; }\n");
    difference = loaded_difference(bare, compiled("larger", {"-g"}));
    ASSERT_TRUE(difference) << difference.error().message;
    EXPECT_NE(*difference, "");
    EXPECT_FALSE(loaded_difference(bare, dir / "none"));
    const auto bytes = testing::read_text(bare);
    EXPECT_FALSE(loaded_difference(bare, dir.put("cut", std::string_view(bytes).substr(0, 200))));
}

} // namespace
} // namespace rig
