// SPDX-License-Identifier: GPL-2.0-or-later
// Consoles of real kernels with injected faults (configs/faults.toml): the splats that they contain
// must not depend on how the console is cut into pieces.
#include "rig/guest_output/console_triage.h"
#include "rig/testing/captured.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace rig {
namespace {

struct Captured {
    const char* file;
    SplatKind kind;
    const char* words; // description of the first splat
    bool fatal;
    const char* caller; // a function in its call trace
};

class CapturedConsole : public ::testing::TestWithParam<Captured> {};

TEST_P(CapturedConsole, IsAboutWhatWasProvoked) {
    const auto& want = GetParam();
    const auto text = testing::captured(std::string("consoles/") + want.file);
    for (const std::size_t piece : {text.size(), std::size_t{1}, std::size_t{4096}}) {
        ConsoleTriage console;
        for (std::size_t at = 0; at < text.size(); at += piece)
            console.feed(std::string_view(text).substr(at, piece));
        console.finish();
        ASSERT_FALSE(console.splats().empty());
        const auto& first = console.splats().front();
        EXPECT_EQ(first.kind, want.kind);
        EXPECT_EQ(in_words(first), want.words);
        EXPECT_EQ(first.fatal, want.fatal);
        EXPECT_NE(std::find(first.trace.begin(), first.trace.end(), want.caller),
                  first.trace.end());
    }
}

INSTANTIATE_TEST_SUITE_P(
    Provoked, CapturedConsole,
    ::testing::Values(
        Captured{"warning.log", SplatKind::Warning,
                 "WARNING: at drivers/misc/lkdtm/bugs.c, in lkdtm_WARNING", false, "direct_entry"},
        Captured{"bug.log", SplatKind::Bug, "kernel BUG at drivers/misc/lkdtm/bugs.c, in lkdtm_BUG",
                 true, "direct_entry"},
        Captured{"exception.log", SplatKind::Oops,
                 "BUG: kernel NULL pointer dereference, in lkdtm_EXCEPTION", true, "direct_entry"},
        Captured{"riscv64-exception.log", SplatKind::Oops,
                 "Unable to handle kernel access to user memory without uaccess routines, in "
                 "lkdtm_EXCEPTION",
                 true, "direct_entry"},
        Captured{"panic.log", SplatKind::Panic,
                 "Kernel panic - not syncing: dumptest, in lkdtm_PANIC", true, "direct_entry"},
        Captured{"hung-task.log", SplatKind::HungTask, "INFO: task hung, in lkdtm_HUNG_TASK", false,
                 "direct_entry"}),
    [](const auto& one) {
        const std::string file = one.param.file;
        std::string name;
        for (char c : file.substr(0, file.find('.')))
            if (c != '-') name += c;
        return name;
    });

} // namespace
} // namespace rig
