// SPDX-License-Identifier: GPL-2.0-or-later
// Objects that gcc makes here are the material, as a kernel's are made.
#include "rig/derive/changed_functions.h"

#include "rig/host/boost_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <string>
#include <vector>

namespace rig {
namespace {

constexpr const char* kSource = R"(
extern int printk(const char *text, ...);
extern int other(int);
static int table[4] = {1, 2, 3, 4};
static __attribute__((noinline)) int helper(int a) { return other(a) + table[a & 3]; }
int stays(int a) { return helper(a) + printk("stays %d\n", a) + helper(a + 1); }
int changes(int a) { return other(a) * 3; }
__attribute__((section(".init.text"))) int boots(int a) { return other(a) + 1; }
int jumps(int a)
{
    switch (a) {
    case 0: return other(10);
    case 1: return other(23);
    case 2: return other(37);
    case 3: return other(41);
    case 4: return other(59);
    case 5: return printk("six");
    }
    return 0;
}
#define BUG() do { asm volatile("1: ud2\n.pushsection __bug_table,\"aw\"\n.long 1b - .\n" \
    ".word %c0\n.popsection\n" : : "i" (__LINE__)); __builtin_unreachable(); } while (0)
int checks(int a) { if (a == 7) BUG(); return other(a); }
int sleeps(int a) { return other(__LINE__) + a; }
)";

class CompiledObjects : public ::testing::Test {
 protected:
    // Compiles both texts to mm/a.o and compares them.
    ChangedFunctions compare(const std::string& before, const std::string& after) {
        for (const auto& [side, text] : {std::pair("before", before), {"after", after}}) {
            dir.put(std::string(side) + "/mm/a.c", text);
            Command gcc;
            gcc.argv = {"gcc", "-O2", "-fcf-protection=none", "-fno-pic", "-c", "-o", "a.o", "a.c"};
            gcc.cwd = dir / side / "mm";
            const auto result = runner.run(gcc);
            EXPECT_TRUE(result && result->ok()) << result->out;
        }
        auto changed = compare_objects(dir / "before", dir / "after", {"mm/a.o"}, x86_64(), runner);
        EXPECT_TRUE(changed) << changed.error().message;
        return changed ? *changed : ChangedFunctions{};
    }
    static std::string with(const std::string& from, const std::string& to) {
        std::string text = kSource;
        const auto at = text.find(from);
        EXPECT_NE(at, text.npos) << from;
        return text.replace(at, from.size(), to);
    }
    static std::vector<std::string> words(const ChangedFunctions& changed) {
        std::vector<std::string> all;
        for (const auto& one : changed.functions)
            all.push_back(std::string(words_of(one.kind)) + " " + one.function +
                          (one.init ? " init" : "") + (one.only_numbers ? " numbers" : ""));
        return all;
    }
    using Words = std::vector<std::string>;
    testing::TempTree dir;
    BoostCommandRunner runner;
};

TEST_F(CompiledObjects, TheSameTextChangesNothing) {
    EXPECT_EQ(words(compare(kSource, kSource)), Words{});
}

TEST_F(CompiledObjects, AChangedFunctionIsFoundAndItsNeighboursAreNot) {
    // Longer code: what is behind it moves, and so do its callers' distances.
    const auto changed =
        compare(kSource, with("return other(a) * 3;", "return other(a) * other(a + 9) * 7;"));
    EXPECT_EQ(words(changed), Words{"changed changes"});
    EXPECT_EQ(changed.functions[0].object, "mm/a.o");
    EXPECT_EQ(changed.objects, 1u);
}

TEST_F(CompiledObjects, ACalleeThatGrowsChangesNoCaller) {
    EXPECT_EQ(words(compare(kSource, with("return other(a) + table[a & 3];",
                                          "return other(a * other(a)) + 5 * table[a & 3];"))),
              Words{"changed helper"});
}

TEST_F(CompiledObjects, AnotherTargetOfTheSameCallIsAChange) {
    EXPECT_EQ(words(compare(kSource, with("int changes(int a) { return other(a) * 3; }",
                                          "extern int third(int);\n"
                                          "int changes(int a) { return third(a) * 3; }"))),
              (Words{"changed changes", "changed sleeps numbers"})); // a line was added
}

TEST_F(CompiledObjects, AStringThatMovedIsNoChangeAndAnotherTextIs) {
    EXPECT_EQ(words(compare(kSource, with("int changes(int a) { return other(a) * 3; }",
                                          "int changes(int a) { return printk(\"new first\"); }"))),
              Words{"changed changes"});
    EXPECT_EQ(words(compare(kSource, with("stays %d", "stayed %d"))), Words{"changed stays"});
}

TEST_F(CompiledObjects, AJumpTableIsComparedByWhereItLeads) {
    EXPECT_EQ(
        words(compare(kSource, with("case 4: return other(59);", "case 4: return other(23);"))),
        Words{"changed jumps"});
}

TEST_F(CompiledObjects, TheLineNumberInABugTableIsNoChange) {
    // Two lines more: BUG()'s entry has another line; the number that a function passes on is code.
    const auto changed = compare(kSource, std::string("\n\n") + kSource);
    EXPECT_EQ(words(changed), Words{"changed sleeps numbers"});
    EXPECT_TRUE(changed.only_data.empty());
}

TEST_F(CompiledObjects, AFunctionComesAndGoesAndOneOfInitIsMarked) {
    EXPECT_EQ(words(compare(kSource, std::string(kSource) + "int last(int a) { return a; }\n")),
              Words{"added last"});
    EXPECT_EQ(words(compare(std::string(kSource) + "int last(int a) { return a; }\n", kSource)),
              Words{"removed last"});
    EXPECT_EQ(words(compare(kSource, with("return other(a) + 1;", "return other(a) + a;"))),
              Words{"changed boots init"});
}

TEST_F(CompiledObjects, ChangedDataIsNamedBySection) {
    const auto changed = compare(kSource, with("{1, 2, 3, 4}", "{1, 2, 3, 5}"));
    EXPECT_EQ(words(changed), Words{});
    ASSERT_EQ(changed.only_data.size(), 1u);
    EXPECT_EQ(changed.only_data[0].object, "mm/a.o");
    ASSERT_EQ(changed.only_data[0].sections.size(), 1u);
    EXPECT_TRUE(changed.only_data[0].sections[0] == ".data" ||
                changed.only_data[0].sections[0] == ".rodata");
}

TEST_F(CompiledObjects, AnObjectOfOneSideAddsItsFunctions) {
    compare(kSource, "int a(int x) { return x; }");
    std::filesystem::remove(dir / "before/mm/a.o");
    const auto changed =
        compare_objects(dir / "before", dir / "after", {"mm/a.o"}, x86_64(), runner);
    ASSERT_TRUE(changed);
    EXPECT_EQ(words(*changed), Words{"added a"});
}

// Relocations that are left between functions of one file, and addresses in two halves.
TEST_F(CompiledObjects, OtherArchitecturesAreComparedAsWell) {
    const std::string before = "extern int other(int);\n"
                               "static int cell;\n"
                               "__attribute__((noipa)) int grows(int a) { return other(a); }\n"
                               "int loops(int a) { while (a > cell) a -= grows(a); return a; }\n"
                               "int says(void) { return other((long)\"text\"); }\n"
                               "void sets(int a) { cell = a; }\n";
    auto after = before;
    after.replace(after.find("return other(a);"), 16, "return other(a) * other(a + 77);");
    unsigned compared = 0;
    for (const auto* arch : {&x86_64(), &arm64(), &riscv64()}) {
        bool compiled = true;
        for (const auto& [side, text] : {std::pair("before", before), {"after", after}}) {
            dir.put(std::string(side) + "/a.c", text);
            Command gcc;
            gcc.argv = {arch->cross + "gcc", "-O2", "-c", "-w", "-o", "a.o", "a.c"};
            gcc.cwd = dir / side;
            const auto result = runner.run(gcc);
            if (!result) compiled = false; // this host has no such compiler
            EXPECT_TRUE(!result || result->ok()) << result->out;
        }
        if (!compiled) continue;
        ++compared;
        const auto changed = compare_objects(dir / "before", dir / "after", {"a.o"}, *arch, runner);
        ASSERT_TRUE(changed) << changed.error().message;
        EXPECT_EQ(words(*changed), Words{"changed grows"}) << arch->name;
    }
    EXPECT_GE(compared, 1u); // the host's own
}

TEST_F(CompiledObjects, WhatIsNoObjectIsNamed) {
    dir.put("text.o", "no object");
    const auto text = read_object(dir / "text.o", x86_64(), runner);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(text.error().message.find("text.o: no ELF file"), std::string::npos);
    const auto program = read_object("/proc/self/exe", x86_64(), runner);
    ASSERT_FALSE(program);
    EXPECT_NE(program.error().message.find("no object file"), std::string::npos);
}

} // namespace
} // namespace rig
