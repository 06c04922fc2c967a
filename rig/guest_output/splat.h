// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's cries for help: which line begins one, what it is called, and which function it is
// about. Pure text; the reading of whole consoles is in console_triage.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

enum class SplatKind {
    SleepInAtomic,      // DEBUG_ATOMIC_SLEEP: might_sleep() where one must not
    SchedulingInAtomic, // schedule() where one must not
    Lockdep,  // PROVE_LOCKING: lock order, lock state, recursion; also lockdep that gave up
    RcuUsage, // PROVE_RCU
    Warning,  // WARN()
    Bug,      // BUG(), and "BUG: ..." that is none of the others
    Oops,     // page fault, general protection fault, other exceptions in the kernel
    StackOverflow,
    DoubleFault,
    Kasan,
    Kfence,
    Kcsan,
    Kmsan,
    Ubsan,
    Refcount,
    ListCorruption,
    MemoryLeak, // kmemleak
    BadPage,    // page state, page map, counters of an address space
    Slab,
    RcuStall,
    SoftLockup,
    HardLockup,
    HungTask,
    WorkqueueLockup,
    Panic,      // for a reason that is none of the others
    InitKilled, // PID 1, rig's agent, is dead
    NoRoot,     // no initramfs to start from
    OomKill,    // no fault of the kernel by itself, see is_notice()
};

const char* name(SplatKind kind); // "sleep-in-atomic": what samples and reports say
std::optional<SplatKind> splat_kind(std::string_view name);
const std::vector<std::string>& splat_kind_names();

// Worth telling, but not a fault of the kernel.
constexpr bool is_notice(SplatKind kind) {
    return kind == SplatKind::OomKill;
}
// The kernel's own detectors of code that does not go on; they speak before a guest is given up for
// hung.
constexpr bool is_stall(SplatKind kind) {
    return kind == SplatKind::RcuStall || kind == SplatKind::SoftLockup ||
           kind == SplatKind::HardLockup || kind == SplatKind::HungTask ||
           kind == SplatKind::WorkqueueLockup;
}
constexpr bool is_panic(SplatKind kind) {
    return kind == SplatKind::Panic || kind == SplatKind::InitKilled || kind == SplatKind::NoRoot;
}

struct Headline {
    SplatKind kind = SplatKind::Bug;
    std::string title;    // the same in every boot: no address, pid, CPU, time, size, line number
    std::string function; // if the line itself names it, else ""
};

// Does this line (without stamp and caller) begin a splat?
std::optional<Headline> read_headline(std::string_view text);
inline constexpr std::size_t kMaxTaskName = 15; // TASK_COMM_LEN without its end
// Is this what the kernel says of a program that it names first: "sh[44]: segfault at ..."? The
// name is the program's choice.
bool speaks_of_program(std::string_view text);
// The first line below the headline of a WARN(): its message, which tells two warnings of one file
// apart. Refines kind and title.
void add_warning_message(Headline& headline, std::string_view text);

// "BUG: sleeping function called from invalid context, in free_one": of anything with a title and a
// function.
template<class Titled> std::string in_words(const Titled& splat) {
    return splat.function.empty() ? splat.title : splat.title + ", in " + splat.function;
}

// "; guilty: free_one", beside these words: "" where it is not told, or the function named there.
template<class Guilty> std::string guilty_beside(const Guilty& splat) {
    return splat.guilty.empty() || splat.guilty == splat.function ? ""
                                                                  : "; guilty: " + splat.guilty;
}

// Numbers that change from boot to boot replaced by N, addresses by ADDR, offsets and line numbers
// removed; at most 160 bytes.
std::string normalised(std::string_view text);

// "foo" of "foo+0x12/0x34", without a compiler's suffix (".isra.0"); "" if `text` does not begin
// with a symbol.
std::string symbol_in(std::string_view text);
// The symbol of a line of a call trace, " foo+0x12/0x34"; "" for anything else, such as the guesses
// marked "?".
std::string trace_symbol(std::string_view text);
// The symbol of "RIP: 0010:foo+0x12/0x34", "pc : foo+...", "epc : foo+..."; "" for user space and
// anything else.
std::string instruction_symbol(std::string_view text);

// Is this function part of how such a splat is detected and reported, rather than its subject?
bool is_machinery(SplatKind kind, std::string_view function);

} // namespace rig
