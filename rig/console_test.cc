#include "rig/console.h"

#include <gtest/gtest.h>
#include <random>

namespace rig {
namespace {

TEST(Console, ACleanBootHasNoSplat) {
    EXPECT_FALSE(find_splat("[    0.000000][    T0] Linux version 6.12.117\n[    0.1][    T1] Run /init as init process\n"));
    EXPECT_FALSE(find_splat(""));
}

TEST(Console, TheFirstSplatIsTitledWithoutTimeStamps) {
    const auto splat = find_splat("[    1.0][    T1] fine\r\n"
                                  "[    1.357050][   T44] BUG: sleeping function called from invalid context at mm/x.c:1\r\n"
                                  "[    1.357060][   T44] in_atomic(): 1\r\n"
                                  "[    2.0][   T44] WARNING: CPU: 1 PID: 2 at kernel/x.c:3\r\n");
    ASSERT_TRUE(splat);
    EXPECT_EQ(splat->title, "BUG: sleeping function called from invalid context at mm/x.c:1");
    EXPECT_NE(splat->excerpt.find("in_atomic(): 1"), std::string::npos);
    EXPECT_FALSE(splat->fatal);
}

TEST(Console, APanicOutranksWhatLedToIt) {
    const auto splat = find_splat("[ 1.0] Oops: 0000 [#1] SMP\n[ 1.1] RIP: 0010:foo+0x1/0x2\n[ 1.2] Kernel panic - not syncing: Fatal exception\n");
    ASSERT_TRUE(splat);
    EXPECT_TRUE(splat->fatal);
    EXPECT_EQ(splat->title, "Kernel panic - not syncing: Fatal exception");
    EXPECT_NE(splat->excerpt.find("RIP: 0010:foo"), std::string::npos);
}

TEST(Console, EscapeCodesAndBytesThatAreNotText) {
    const auto splat = find_splat("\x1b[0m\x1b[31mBUG: \xff\xfe" "bad page\x1b[0m\n");
    ASSERT_TRUE(splat);
    EXPECT_EQ(splat->title, "BUG: bad page");
}

TEST(Console, RandomBytesNeverCrash) {
    std::mt19937 random(2);
    for (int round = 0; round < 300; ++round) {
        std::string text = "[    1.0][ T1] BUG: x\n[ 2.0] Kernel panic\n\x1b[31";
        for (int i = 0; i < 20; ++i) text.insert(random() % text.size(), 1, static_cast<char>(random()));
        find_splat(text);
    }
}

} // namespace
} // namespace rig
