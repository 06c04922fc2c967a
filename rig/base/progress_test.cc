// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/progress.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace rig {
namespace {

using namespace std::chrono_literals;

class ProgressTest : public ::testing::Test {
 protected:
    Progress make(bool terminal, unsigned columns = 80) {
        return Progress([this](const std::string& text) { writes.push_back(text); }, terminal,
                        [this] { return now; }, columns);
    }
    std::string take() {
        std::string all;
        for (const auto& text : writes)
            all += text;
        writes.clear();
        return all;
    }

    Progress::Clock::time_point now{1000s};
    std::vector<std::string> writes;
};

// The text of one redraw: what lies between \r and the escape that erases the rest of the line.
std::string shown(const std::string& text) {
    auto from = text.rfind('\r');
    auto to = text.find("\x1b[K", from);
    EXPECT_NE(from, text.npos);
    EXPECT_NE(to, text.npos);
    return text.substr(from + 1, to - from - 1);
}

TEST_F(ProgressTest, PlainQuickStepIsSilent) {
    auto progress = make(false);
    progress.start("patch", 10);
    now += 1900ms;
    progress.advance(5);
    progress.note("halfway");
    progress.finish();
    EXPECT_EQ(take(), "");
}

TEST_F(ProgressTest, ToldOnlyToSayItShowsWarningsAndNoStep) {
    for (const bool on_terminal : {false, true}) {
        auto progress = make(on_terminal);
        progress.only_say();
        progress.start("building", 10);
        now += 60s;
        progress.advance(5);
        progress.say("warning: x");
        progress.finish();
        progress.start("booting");
        now += 60s;
        progress.interrupt();
        EXPECT_EQ(take(), "warning: x\n");
    }
}

TEST_F(ProgressTest, AWarningIsAWholeLineOfItsOwn) {
    auto plain = make(false);
    plain.say("warning: \x1b " + std::string(200, 'x'));
    const auto text = take();
    EXPECT_TRUE(text.starts_with("warning: ") && text.ends_with(std::string(200, 'x') + "\n"));
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    auto terminal = make(true);
    terminal.start("building");
    take();
    terminal.say("warning");
    EXPECT_TRUE(take().starts_with("\r\x1b[Kwarning\n\rbuilding"));
}

TEST_F(ProgressTest, SeveralLinesStayLines) {
    auto plain = make(false);
    plain.say("changed:\n  pipe_read()\x1b\n");
    EXPECT_EQ(take(), "changed:\n  pipe_read()?\n");
}

TEST_F(ProgressTest, WhatEndedBeforeItsTotalIsDone) {
    auto progress = make(false);
    progress.start("kernel ipi", 200);
    now += 5s;
    progress.advance(150);
    take();
    progress.finish();
    EXPECT_EQ(take(), "kernel ipi: done in 5.0 s\n");
}

TEST_F(ProgressTest, PlainLinesAreRare) {
    auto progress = make(false);
    progress.start("kernel ipi", 200);
    EXPECT_EQ(take(), "");
    now += 2s;
    progress.advance(10);
    EXPECT_EQ(take(), "") << "two seconds are not more than two seconds";
    now += 2s;
    progress.advance(50);
    EXPECT_EQ(take(), "kernel ipi: 50/200, ETA 00:12\n");
    now += 9900ms;
    progress.advance(100);
    EXPECT_EQ(take(), "");
    now += 100ms;
    progress.note("mm/mmu_gather.o");
    EXPECT_EQ(take(), "kernel ipi: 100/200, ETA 00:14, mm/mmu_gather.o\n");
    now += 300ms;
    progress.advance(200);
    progress.finish();
    EXPECT_EQ(take(), "kernel ipi: done in 14.3 s\n");
    progress.finish();
    EXPECT_EQ(take(), "") << "finished only once";
}

TEST_F(ProgressTest, PlainStepWithoutNewsEndsWithALine) {
    auto progress = make(false);
    progress.start("download");
    now += 75s;
    progress.finish();
    EXPECT_EQ(take(), "download: done in 75.0 s\n");
}

TEST_F(ProgressTest, UnknownTotalShowsElapsedTime) {
    auto progress = make(false);
    progress.start("download");
    now += 65s;
    progress.note("linux-source-6.12");
    EXPECT_EQ(take(), "download: running for 01:05, linux-source-6.12\n");
    auto terminal = make(true);
    terminal.start("download");
    now += 65s;
    terminal.advance(17);
    EXPECT_EQ(shown(take()), "download 17 01:05");
}

TEST_F(ProgressTest, NextStepFinishesTheOneBefore) {
    auto progress = make(false);
    progress.start("first");
    now += 3s;
    progress.start("second");
    EXPECT_EQ(take(), "first: done in 3.0 s\n");
    now += 5s;
    progress.note("x");
    EXPECT_EQ(take(), "second: running for 00:05, x\n");
}

TEST_F(ProgressTest, TerminalRedrawsOneLine) {
    auto progress = make(true);
    progress.start("boots", 16);
    EXPECT_EQ(shown(take()), "boots [------------------------]   0 % 0/16 ETA --:--");
    now += 50ms;
    progress.advance(1);
    EXPECT_EQ(take(), "") << "not more often than ten times a second";
    now += 30s;
    progress.advance(4);
    EXPECT_EQ(shown(take()), "boots [######------------------]  25 % 4/16 ETA 01:30");
    now += 1s;
    progress.note("boot 5/16 reviewed seed 2");
    EXPECT_EQ(shown(take()),
              "boots [######------------------]  25 % 4/16 ETA 01:33 boot 5/16 reviewed seed 2");
    progress.advance(99);
    EXPECT_EQ(shown(take()),
              "boots [########################] 100 % 16/16 ETA 00:00 boot 5/16 reviewed se...");
    progress.finish();
    EXPECT_EQ(take(), "\r\x1b[Kboots: done in 31.1 s\n");
}

TEST_F(ProgressTest, TerminalQuickStepLeavesNoLine) {
    auto progress = make(true);
    progress.start("image");
    take();
    now += 1s;
    progress.finish();
    EXPECT_EQ(take(), "\r\x1b[K");
}

TEST_F(ProgressTest, InterruptDoesNotClaimToBeDone) {
    for (bool terminal : {false, true}) {
        auto progress = make(terminal);
        progress.start("boots", 16);
        now += 12s;
        progress.advance(3);
        take();
        progress.interrupt();
        EXPECT_EQ(take(), (terminal ? std::string("\r\x1b[K") : "") +
                              "boots: stopped after 12.0 s at 3/16\n");
        progress.interrupt();
        EXPECT_EQ(take(), "");
    }
}

TEST_F(ProgressTest, DestructionInterrupts) {
    {
        auto progress = make(false);
        progress.start("boots");
        now += 12s;
    }
    EXPECT_EQ(take(), "boots: stopped after 12.0 s\n");
}

TEST_F(ProgressTest, EveryWidthHolds) {
    for (unsigned columns = 0; columns < 140; ++columns) {
        auto progress = make(true, columns);
        progress.start("a step with a rather long name, and an \u00e9", 18446744073709551615ull);
        now += 10s;
        progress.advance(9223372036854775807ull);
        progress.note("note \u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9");
        now += 10s;
        progress.note(
            "a long note that goes on and on and on and on and on and on and on and on and on");
        for (const auto& text : writes) {
            auto line = shown(text);
            auto characters =
                std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; });
            EXPECT_LT(characters, std::max(columns, 20U)) << line;
        }
        take();
    }
}

TEST_F(ProgressTest, EscapesInTextsAreHarmless) {
    auto progress = make(true);
    progress.start("a\x1b[2Jb\nc");
    EXPECT_EQ(shown(take()), "a?[2Jb?c 00:00");
    now += 3s;
    progress.note("\r\x07");
    EXPECT_EQ(shown(take()), "a?[2Jb?c 00:03 ??");
}

TEST_F(ProgressTest, LongEtaAndCallsOutsideAStep) {
    auto progress = make(false);
    progress.advance(3);
    progress.note("nothing runs");
    progress.finish();
    progress.interrupt();
    EXPECT_EQ(take(), "");
    progress.start("x", 1000000000000ull);
    now += 10000s;
    progress.advance(1);
    EXPECT_EQ(take(), "x: 1/1000000000000, ETA 5999:59\n");
}

TEST(Progress, SilentMayBeUsedByAll) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([] {
            Progress::silent().start("x", 10);
            Progress::silent().advance(3);
            Progress::silent().note("y");
            Progress::silent().finish();
        });
}

} // namespace
} // namespace rig
