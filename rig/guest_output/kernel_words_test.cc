// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/kernel_words.h"

#include "guest/protocol/protocol.h"
#include "rig/guest_output/console_triage.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

// A record as it is in the agent's log and on the console.
struct Said {
    std::string head, text; // "[    5.000001][   T44]"
    bool by_program = true;
};

std::string log_of(const std::vector<Said>& said) {
    std::string log;
    for (const auto& one : said)
        log += one.head + (one.by_program ? guest::kUserSpace : "") + " " + one.text + "\n";
    return log;
}
std::string console_of(const std::vector<Said>& said) {
    std::string console;
    for (const auto& one : said)
        console += one.head + " " + one.text + "\r\n";
    return console;
}

std::vector<Splat> found(const std::string& log, const std::string& console) {
    ConsoleTriage triage(words_of(log).programs);
    triage.feed(console);
    triage.finish();
    return triage.splats();
}

constexpr const char* kReal = "WARNING: CPU: 1 PID: 44 at mm/x.c:12 foo+0x1/0x2";

// echo "WARNING: CPU: 1 ..." > /dev/kmsg
TEST(KernelWords, WhatAProgramWroteIsNotTheKernels) {
    const std::vector<Said> said{{"[    5.000001][   T44]", kReal}};
    EXPECT_EQ(found("", console_of(said)).size(), 1u) << "the console alone does not tell";
    EXPECT_TRUE(found(log_of(said), console_of(said)).empty());
    EXPECT_EQ(words_of(log_of(said)).kernels, "");
    // Without CONFIG_PRINTK_CALLER, and after text that a program left on the console line.
    const std::vector<Said> plain{{"[    5.000001]", "BUG: KASAN: use-after-free in foo+0x1/0x2"}};
    EXPECT_TRUE(found(log_of(plain), "guest# " + console_of(plain)).empty());
}

TEST(KernelWords, ARealComplaintBesideAProgramsIsFound) {
    const std::vector<Said> said{{"[    5.000001][   T44]", kReal},
                                 {"[    6.000001][   T44]", kReal, false},
                                 {"[    6.000001][   T44]", "Call Trace:", false},
                                 // In the middle of the kernel's report, by the same task.
                                 {"[    6.000001][   T44]", "BUG: a program's words"},
                                 {"[    6.000002][   T44]", " caller+0x1/0x2", false},
                                 {"[    6.000002][   T44]", "---[ end trace 0 ]---", false}};
    const auto splats = found(log_of(said), console_of(said));
    ASSERT_EQ(splats.size(), 1u);
    EXPECT_EQ(splats[0].count, 1u) << "not the program's";
    EXPECT_EQ(splats[0].title, "WARNING: at mm/x.c");
    EXPECT_EQ(splats[0].trace, std::vector<std::string>{"caller"});
}

// A program can write the same text as the kernel, but cannot choose time and caller. Even if it
// could: a line that the kernel logged as well is kept.
TEST(KernelWords, AProgramHidesNothing) {
    const Said real{"[    6.000001][   T44]", kReal, false};
    for (const Said& copy : {Said{"[    6.000002][   T44]", kReal},
                             {"[    6.000001][   T45]", kReal},
                             {"[    6.000001][   T44]", std::string(kReal) + " "},
                             {real.head, kReal}})
        EXPECT_EQ(found(log_of({copy, real}), console_of({real})).size(), 1u) << copy.head;
    // A console line that is missing in the log, since its record was overwritten.
    EXPECT_EQ(found(std::string(guest::kLogOverran) + "\n", console_of({real})).size(), 1u);
    // The mark within the kernel's own text is text, and so is a mark on the console.
    const Said quoted{"[    6.000001][   T44]",
                      std::string("BUG: ") + guest::kUserSpace + " quoted", false};
    EXPECT_EQ(found(log_of({quoted}), console_of({quoted})).size(), 1u);
    const auto marked = std::string("[    6.000001][   T44]") + guest::kUserSpace + " BUG: x\n";
    EXPECT_TRUE(words_of(marked).kernels.empty());
    EXPECT_TRUE(words_of("x" + marked).kernels.starts_with("x[")) << "no line of the log's";
}

// Invented inputs: a record of several lines; a debug message on a console that shows those; a
// console line that was torn by a panic's flush and printed again; messages that end a guest.
TEST(KernelWords, OtherWaysToTheConsole) {
    const std::vector<Said> lines{{"[    5.000001][   T44]", "progress 10%"},
                                  {"[    5.000001][   T44]", "BUG: KCSAN: data-race in a / b"},
                                  {"[    5.000001][   T44]", "Kernel panic - not syncing: no"}};
    EXPECT_TRUE(found(log_of(lines), console_of(lines)).empty());
    const std::vector<Said> torn{{"[    5.000001][   T44]", kReal}};
    EXPECT_TRUE(found(log_of(torn), "[    5.000001][   T44] WARNING: CPU: 1 PID: 44 at mm/x.c:12 "
                                    "foo+0x1/0x2** replaying previous printk message **\r\n" +
                                        console_of(torn))
                    .empty());
    const std::vector<Said> end{{"[    5.000001][   T44]", "reboot: Power down"},
                                {"[    5.000002][   T44]", guest::kLastWords}};
    ConsoleTriage triage(words_of(log_of(end)).programs);
    triage.feed(console_of(end));
    triage.finish();
    EXPECT_FALSE(triage.asked_to_end());
    EXPECT_FALSE(triage.heard()) << "the agent's are written when its log was read";
    // Control characters and long lines arrive the same on both ways.
    const std::vector<Said> odd{{"[    5.000001][   T44]",
                                 "WARNING: \x1b[31mred\x1b[0m \xc3\xa4" + std::string(2000, 'x')}};
    EXPECT_TRUE(found(log_of(odd), console_of(odd)).empty());
    // /dev/ttyprintk uses the kernel's facility, and a prefix that no splat has.
    EXPECT_TRUE(found("", "[    5.000001][   T44] [U] BUG: KASAN: invented in foo\n").empty());
}

} // namespace
} // namespace rig
