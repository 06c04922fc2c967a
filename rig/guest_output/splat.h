// SPDX-License-Identifier: GPL-2.0-or-later
// Recognises single lines of kernel splats: which line begins one, its kind and title, and the
// function that it is about. Pure; console_triage.h reads whole consoles.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

enum class SplatKind {
    SleepInAtomic,      // DEBUG_ATOMIC_SLEEP: might_sleep() in atomic context
    SchedulingInAtomic, // schedule() in atomic context
    Lockdep,  // PROVE_LOCKING: lock order, lock state, recursion; also lockdep that gave up
    RcuUsage, // PROVE_RCU
    Warning,  // WARN()
    Bug,      // BUG(), and any "BUG: ..." that is none of the others
    Oops,     // page fault, general protection fault and other exceptions in the kernel
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
    Panic,      // with a reason that is none of the others
    InitKilled, // PID 1, which is rig's agent, died
    NoRoot,     // no initramfs to boot from
    OomKill,    // not a fault of the kernel by itself, see is_notice()
};

const char* name(SplatKind kind); // as in samples and reports: "sleep-in-atomic"
std::optional<SplatKind> splat_kind(std::string_view name);
const std::vector<std::string>& splat_kind_names();

// Whether this kind is shown without being a fault of the kernel.
constexpr bool is_notice(SplatKind kind) {
    return kind == SplatKind::OomKill;
}
// Whether this is a detector of code that makes no progress. These detectors fire before rig gives
// up a guest as hung.
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
    // The same in every boot: without address, PID, CPU, time, size and line number.
    std::string title;
    // The function, if the line itself names it, else "".
    std::string function;
};

// The splat that this line (without time stamp and caller) begins; nullopt if it begins none.
std::optional<Headline> read_headline(std::string_view text);
inline constexpr std::size_t kMaxTaskName = 15; // TASK_COMM_LEN without the terminating NUL
// Whether this is a kernel message about a program whose name it begins with: "sh[44]: segfault at
// ...". The program chooses its name.
bool speaks_of_program(std::string_view text);
// Refines kind and title by the first line below the headline of a WARN(). That line is its
// message, which distinguishes two warnings in one file.
void add_warning_message(Headline& headline, std::string_view text);

// "BUG: sleeping function called from invalid context, in free_one". For anything with a title and
// a function.
template<class Titled> std::string in_words(const Titled& splat) {
    return splat.function.empty() ? splat.title : splat.title + ", in " + splat.function;
}

// The suffix "; guilty: free_one" for in_words(); "" if the guilty function is unknown or already
// named there.
template<class Guilty> std::string guilty_beside(const Guilty& splat) {
    return splat.guilty.empty() || splat.guilty == splat.function ? ""
                                                                  : "; guilty: " + splat.guilty;
}

// Replaces numbers that change from boot to boot by N and addresses by ADDR, and removes offsets
// and line numbers. At most 160 bytes.
std::string normalised(std::string_view text);

// "foo" of "foo+0x12/0x34", without a compiler's suffix (".isra.0"); "" if `text` does not begin
// with a symbol.
std::string symbol_in(std::string_view text);
// The symbol in a line of a call trace, " foo+0x12/0x34"; "" for anything else, also for uncertain
// entries, which are marked "?".
std::string trace_symbol(std::string_view text);
// The symbol in "RIP: 0010:foo+0x12/0x34", "pc : foo+...", "epc : foo+..."; "" for user space and
// anything else.
std::string instruction_symbol(std::string_view text);

// Whether this function detects or reports such a splat, and so is not its subject.
bool is_machinery(SplatKind kind, std::string_view function);

} // namespace rig
