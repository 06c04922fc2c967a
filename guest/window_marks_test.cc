// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/window_marks.h"

#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rig::guest {
namespace {

void* const kPage = reinterpret_cast<void*>(static_cast<std::uintptr_t>(RIG_MARK_PAGE));

bool is_mapped() {
    unsigned char resident = 0;
    return ::mincore(kPage, 4096, &resident) == 0;
}

TEST(WindowMarks, ReturnFromEveryMarkAndLeaveNothingMapped) {
    {
        const WindowMarks marks;
        EXPECT_TRUE(is_mapped());
        for (unsigned window = 0; window < RIG_WINDOWS + 2; ++window)
            marks.begin(window);
    }
    EXPECT_FALSE(is_mapped());
}

TEST(WindowMarks, DoNothingWhereThePageIsTaken) {
    void* const taken = ::mmap(kPage, 4096, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    ASSERT_EQ(taken, kPage);
    std::memset(taken, 0, 4096); // not to be executed
    {
        const WindowMarks marks;
        marks.begin(RIG_WINDOW_COUNT_PASS);
    }
    EXPECT_TRUE(is_mapped()) << "it is not theirs";
    ::munmap(taken, 4096);
}

TEST(WindowMarks, AreNotInheritedByAWorkload) {
    const WindowMarks marks;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(is_mapped() ? 1 : 0);
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(WindowMarks, FirstPassIsTheCountPass) {
    static_assert(window_of_pass(0) == RIG_WINDOW_COUNT_PASS);
    static_assert(window_of_pass(1) == RIG_WINDOW_LATENCY_PASS);
    static_assert(window_of_pass(2) == RIG_WINDOW_REST);
}

} // namespace
} // namespace rig::guest
