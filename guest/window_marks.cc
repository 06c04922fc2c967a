// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/window_marks.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sys/mman.h>

namespace rig::guest {
namespace {

constexpr std::size_t kLength = 4096; // the kernel rounds it up to a page

// "Return to the caller", one instruction.
#if defined(__x86_64__)
constexpr std::uint8_t kReturn[] = {0xc3};
#elif defined(__aarch64__)
constexpr std::uint8_t kReturn[] = {0xc0, 0x03, 0x5f, 0xd6};
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint8_t kReturn[] = {0x67, 0x80, 0x00, 0x00}; // jalr x0, 0(ra)
#else
#error "an architecture without a mark"
#endif
static_assert(sizeof kReturn <= RIG_MARK_STRIDE && RIG_WINDOWS * RIG_MARK_STRIDE <= kLength);

char* address_of(unsigned window) {
    return reinterpret_cast<char*>(
        static_cast<std::uintptr_t>(RIG_MARK_PAGE + window * RIG_MARK_STRIDE));
}

} // namespace

WindowMarks::WindowMarks() {
    void* const page =
        ::mmap(reinterpret_cast<void*>(static_cast<std::uintptr_t>(RIG_MARK_PAGE)), kLength,
               PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (page == MAP_FAILED) return;
    char* const begin = address_of(0);
    char* const end = address_of(RIG_WINDOWS);
    for (unsigned window = 0; window < RIG_WINDOWS; ++window)
        std::memcpy(address_of(window), kReturn, sizeof kReturn);
    __builtin___clear_cache(begin, end);
    // Not inherited: a workload that is a fork of the agent would have one page table more to copy
    // and to free, which some workloads time.
    if (page != begin || ::madvise(page, kLength, MADV_DONTFORK) != 0 ||
        ::mprotect(page, kLength, PROT_READ | PROT_EXEC) != 0) {
        ::munmap(page, kLength);
        return;
    }
    page_ = page;
}

WindowMarks::~WindowMarks() {
    if (page_) ::munmap(page_, kLength);
}

void WindowMarks::begin(unsigned window) const {
    if (!page_ || window >= RIG_WINDOWS) return;
    reinterpret_cast<void (*)()>(address_of(window))();
}

} // namespace rig::guest
