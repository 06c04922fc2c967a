#include "rig/symbol_table.h"

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
    EXPECT_EQ(bounds->end, 0xffffffff8116eaf0u); // not the alias at the same address
    EXPECT_EQ(table->address("twin"), 0xffffffff8116eb00u);
}

TEST(SymbolTable, AbsentAndLastSymbols) {
    const auto table = SymbolTable::parse(kMap, "System.map");
    ASSERT_TRUE(table);
    EXPECT_FALSE(table->address("tlb_remove"));
    EXPECT_FALSE(table->bounds("nothing"));
    EXPECT_FALSE(SymbolTable::parse("ffffffff81000000 T only\n", "m")->bounds("only")); // no end
}

TEST(SymbolTable, MalformedInputNamesTheLine) {
    const auto bad = SymbolTable::parse("ffffffff81000000 T _text\nhello\n", "System.map");
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error().message.find("System.map:2: found 'hello'"), std::string::npos) << bad.error().message;
    EXPECT_FALSE(SymbolTable::parse("", "System.map"));
}

} // namespace
} // namespace rig
