// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/symbol_table.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

constexpr const char* kMap = "ffffffff81000000 T _text\n"
                             "ffffffff8116e390 t tlb_remove_table_smp_sync\n"
                             "ffffffff8116e8d0 T tlb_remove_table\n"
                             "ffffffff8116e8d0 T __pfx_alias\n"
                             "ffffffff8116eaf0 T tlb_flush_mmu\n"
                             "ffffffff8116eb00 t twin\n"
                             "ffffffff8116eb40 t twin\n";

TEST(SymbolTable, BoundsEndAtTheNextAddress) {
    const auto table = SymbolTable::parse(kMap, "System.map");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->address("tlb_remove_table_smp_sync"), 0xffffffff8116e390u);
    const auto bounds = table->bounds("tlb_remove_table");
    ASSERT_TRUE(bounds);
    EXPECT_EQ(bounds->start, 0xffffffff8116e8d0u);
    EXPECT_EQ(bounds->end, 0xffffffff8116eaf0u); // not that of the alias at the same address
    EXPECT_EQ(table->address("twin"), 0xffffffff8116eb00u);
}

TEST(SymbolTable, EachFunctionOfAName) {
    const auto table = SymbolTable::parse(std::string(kMap) + "ffffffff8116eb80 T _etext\n"
                                                              "ffffffff8116eb90 d twin\n"
                                                              "ffffffff8116eba0 d behind\n",
                                          "System.map");
    ASSERT_TRUE(table);
    const auto twins = table->text_bounds("twin");
    ASSERT_EQ(twins.size(), 2u); // and not the datum
    EXPECT_EQ(twins[0].start, 0xffffffff8116eb00u);
    EXPECT_EQ(twins[0].end, 0xffffffff8116eb40u);
    EXPECT_EQ(twins[1].start, 0xffffffff8116eb40u);
    EXPECT_EQ(twins[1].end, 0xffffffff8116eb80u);
    EXPECT_EQ(table->text_bounds("tlb_flush_mmu").size(), 1u);
    EXPECT_TRUE(table->text_bounds("tlb_flush").empty());
}

TEST(SymbolTable, AbsentAndLastSymbols) {
    const auto table = SymbolTable::parse(kMap, "System.map");
    ASSERT_TRUE(table);
    EXPECT_FALSE(table->address("tlb_remove"));
    EXPECT_FALSE(table->bounds("nothing"));
    // The end of the last symbol is unknown.
    EXPECT_FALSE(SymbolTable::parse("ffffffff81000000 T only\n", "m")->bounds("only"));
}

TEST(SymbolTable, PlacesLieInFunctions) {
    const auto table =
        SymbolTable::parse("0000000000000000 D __per_cpu_start\n"
                           "ffffffff81000000 T _text\n"
                           "ffffffff81000010 A a_constant\n" // not an address, whatever its value
                           "ffffffff81000020 t a.isra.0\n"
                           "ffffffff81000040 t a.constprop.0\n"
                           "ffffffff81000060 T _etext\n"
                           "ffffffff81000070 R __start_rodata\n"
                           "ffffffff81000080 t behind\n"
                           "ffffffff81000090 t the_last\n",
                           "System.map")
            .value();
    const auto at = [&](std::uint64_t address) {
        const auto place = table.place(address);
        return place ? std::string(place->name) + "+" + std::to_string(place->offset) : "nowhere";
    };
    EXPECT_EQ(at(0xffffffff81000000), "_text+0");
    EXPECT_EQ(at(0xffffffff8100001f), "_text+31");
    EXPECT_EQ(at(0xffffffff81000020), "a.isra.0+0");
    EXPECT_EQ(at(0xffffffff8100005f), "a.constprop.0+31");
    for (const std::uint64_t address : {0x0ull, 0x401234ull, 0xffffffff80ffffffull})
        EXPECT_EQ(at(address), "nowhere") << address;
    EXPECT_EQ(at(0xffffffff81000070), "nowhere"); // read-only data
    EXPECT_EQ(at(0xffffffff81000088), "behind+8");
    for (const std::uint64_t address :
         {0xffffffff81000090ull, 0xffffffffc0001000ull, 0xffffffffffffffffull})
        EXPECT_EQ(at(address), "nowhere") << address; // after the last symbol, whose end is unknown
}

// Of several symbols at one address, the last in the order of kallsyms, not of System.map.
TEST(SymbolTable, OfSeveralNamesTheOneThatPerfTakes) {
    const auto name = [](const std::string& lines) {
        const auto table =
            SymbolTable::parse(lines + "ffffffff81000040 T next\n", "System.map").value();
        const auto copy = table; // shares the names
        return std::string(copy.place(0xffffffff81000001)->name);
    };
    EXPECT_EQ(name("ffffffff81000000 t first\nffffffff81000000 t second\n"), "second");
    EXPECT_EQ(name("ffffffff81000000 t second\nffffffff81000000 t first\n"), "first");
    EXPECT_EQ(name("ffffffff81000000 T __x64_sys_ni_syscall\nffffffff81000000 t plain\n"),
              "__x64_sys_ni_syscall"); // has more underscores
    EXPECT_EQ(name("ffffffff81000000 W weak\nffffffff81000000 T __strong\n"), "weak");
    EXPECT_EQ(name("ffffffff81000000 T __irqentry_text_start\nffffffff81000000 T ___deep\n"),
              "__irqentry_text_start"); // provided by the linker script
    EXPECT_EQ(name("ffffffff81000000 T code\nffffffff81000000 D data\n"), "code");
}

TEST(SymbolTable, FunctionsAreThoseOfTheTextEachToTheNextSymbol) {
    const auto table = SymbolTable::parse("ffffffff81000000 T _text\n"
                                          "ffffffff81000010 t twice\n"
                                          "ffffffff81000020 D data\n"
                                          "ffffffff81000030 W twice\n"
                                          "ffffffff81000030 T __alias\n"
                                          "00000000000000ff A constant\n"
                                          "ffffffff81000040 T last\n",
                                          "System.map")
                           .value(); // the names are views of it
    const auto functions = table.functions();
    ASSERT_EQ(functions.size(), 3u);
    EXPECT_EQ(functions[0].name, "_text");
    EXPECT_EQ(functions[1].name, "twice");
    EXPECT_EQ(functions[1].start, 0xffffffff81000010);
    EXPECT_EQ(functions[1].end, 0xffffffff81000020);
    EXPECT_EQ(functions[2].name, "twice") << "as in place(): weak symbols come last";
    EXPECT_EQ(functions[2].end, 0xffffffff81000040);
}

TEST(SymbolTable, MalformedInputNamesTheLine) {
    const auto bad = SymbolTable::parse("ffffffff81000000 T _text\nhello\n", "System.map");
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error().message.find("System.map:2: found 'hello'"), std::string::npos)
        << bad.error().message;
    EXPECT_FALSE(SymbolTable::parse("", "System.map"));
}

} // namespace
} // namespace rig
