// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/splat.h"

#include "rig/guest_output/headline_advice.h"

#include <algorithm>
#include <array>
#include <utility>

namespace rig {
namespace {

constexpr std::array kNames{std::pair{SplatKind::SleepInAtomic, "sleep-in-atomic"},
                            std::pair{SplatKind::SchedulingInAtomic, "scheduling-in-atomic"},
                            std::pair{SplatKind::Lockdep, "lockdep"},
                            std::pair{SplatKind::RcuUsage, "rcu-usage"},
                            std::pair{SplatKind::Warning, "warning"},
                            std::pair{SplatKind::Bug, "bug"},
                            std::pair{SplatKind::Oops, "oops"},
                            std::pair{SplatKind::StackOverflow, "stack-overflow"},
                            std::pair{SplatKind::DoubleFault, "double-fault"},
                            std::pair{SplatKind::Kasan, "kasan"},
                            std::pair{SplatKind::Kfence, "kfence"},
                            std::pair{SplatKind::Kcsan, "kcsan"},
                            std::pair{SplatKind::Kmsan, "kmsan"},
                            std::pair{SplatKind::Ubsan, "ubsan"},
                            std::pair{SplatKind::Refcount, "refcount"},
                            std::pair{SplatKind::ListCorruption, "list-corruption"},
                            std::pair{SplatKind::MemoryLeak, "memory-leak"},
                            std::pair{SplatKind::BadPage, "bad-page"},
                            std::pair{SplatKind::Slab, "slab"},
                            std::pair{SplatKind::RcuStall, "rcu-stall"},
                            std::pair{SplatKind::SoftLockup, "soft-lockup"},
                            std::pair{SplatKind::HardLockup, "hard-lockup"},
                            std::pair{SplatKind::HungTask, "hung-task"},
                            std::pair{SplatKind::WorkqueueLockup, "workqueue-lockup"},
                            std::pair{SplatKind::Panic, "panic"},
                            std::pair{SplatKind::InitKilled, "init-killed"},
                            std::pair{SplatKind::NoRoot, "no-root"},
                            std::pair{SplatKind::OomKill, "oom-kill"}};

// How the title is derived from the line.
enum class Title {
    Prefix, // the matched text: the rest varies
    Line,   // the whole line, normalised
};
struct Pattern {
    std::string_view begins;
    SplatKind kind;
    Title title;
    std::string_view holds = {}; // text that the line must contain as well
    std::string_view cut = {};   // the title ends before this text
};

// Collected from kernel/, mm/, lib/ and arch/x86/ of Linux 6.12 and 7.3. The first match wins.
// read_headline() below handles what this table cannot express.
constexpr Pattern kPatterns[] = {
    {"BUG: sleeping function called from invalid context", SplatKind::SleepInAtomic, Title::Prefix},
    {"BUG: scheduling while atomic", SplatKind::SchedulingInAtomic, Title::Prefix},
    {"BUG: scheduling in a non-blocking section", SplatKind::SchedulingInAtomic, Title::Prefix},
    {"BUG: assuming atomic context", SplatKind::SleepInAtomic, Title::Prefix},
    {"BUG: kernel NULL pointer dereference", SplatKind::Oops, Title::Prefix},
    {"BUG: unable to handle ", SplatKind::Oops, Title::Line, {}, " for address"},
    {"Unable to handle kernel ",
     SplatKind::Oops,
     Title::Line,
     {},
     " at virtual address"}, // arm64, riscv
    {"BUG: ", SplatKind::StackOverflow, Title::Line, "stack guard page was hit", " at "},
    {"BUG: Bad page state", SplatKind::BadPage, Title::Prefix},
    {"BUG: Bad page map", SplatKind::BadPage, Title::Prefix},
    {"BUG: Bad page cache", SplatKind::BadPage, Title::Prefix},
    {"BUG: Bad rss-counter state", SplatKind::BadPage, Title::Prefix},
    {"BUG: non-zero pgtables_bytes on freeing mm", SplatKind::BadPage, Title::Prefix},
    {"INFO: task ", SplatKind::HungTask, Title::Line, " blocked in I/O wait for more than "},
    {"INFO: task ", SplatKind::HungTask, Title::Line, " can't die for more than "},
    {"BUG: memory leak", SplatKind::MemoryLeak,
     Title::Prefix}, // as fuzzers report kmemleak's findings
    {"VFS: Busy inodes after unmount", SplatKind::Bug, Title::Prefix},
    {"Unhandled fault: ", SplatKind::Oops, Title::Line, {}, " ("}, // arm
    {"csd: ", SplatKind::Bug, Title::Line, " non-responsive CSD lock", " (#"},
    {"BUG: soft lockup", SplatKind::SoftLockup, Title::Prefix},
    {"BUG: workqueue lockup", SplatKind::WorkqueueLockup, Title::Prefix},
    {"BUG: workqueue leaked atomic, lock or RCU", SplatKind::Bug, Title::Prefix},
    {"BUG: using ", SplatKind::Bug, Title::Line, " in preemptible", " ["},
    {"BUG: MAX_", SplatKind::Lockdep, Title::Line},
    {"BUG: looking up invalid subclass", SplatKind::Lockdep, Title::Prefix},
    {"BUG: spinlock ", SplatKind::Bug, Title::Line, {}, " on CPU#"},
    {"BUG: rwlock ", SplatKind::Bug, Title::Line, {}, " on CPU#"},
    {"BUG: ", SplatKind::Bug, Title::Line},
    {"PANIC: double fault", SplatKind::DoubleFault, Title::Prefix},
    {"usercopy: Kernel memory ", SplatKind::Bug, Title::Line, {}, " (offset"},
    {"list_add corruption", SplatKind::ListCorruption, Title::Prefix},
    {"list_del corruption", SplatKind::ListCorruption, Title::Prefix},
    {"WARNING: possible ", SplatKind::Lockdep, Title::Line},
    {"WARNING: inconsistent lock state", SplatKind::Lockdep, Title::Prefix},
    {"WARNING: suspicious RCU usage", SplatKind::RcuUsage, Title::Prefix},
    {"WARNING: bad unlock balance", SplatKind::Lockdep, Title::Line},
    {"WARNING: bad contention", SplatKind::Lockdep, Title::Line},
    {"WARNING: held lock freed", SplatKind::Lockdep, Title::Line},
    {"WARNING: lock held when returning to user space", SplatKind::Lockdep, Title::Line},
    {"WARNING: Nested lock was not taken", SplatKind::Lockdep, Title::Line},
    {"WARNING: chain_key collision", SplatKind::Lockdep, Title::Line},
    {"WARNING: ", SplatKind::Lockdep, Title::Line, " lock order detected"},
    {"WARNING: ", SplatKind::Lockdep, Title::Line, " still has locks held"},
    {"INFO: trying to register non-static key", SplatKind::Lockdep, Title::Prefix},
    {"INFO: rcu", SplatKind::RcuStall, Title::Line, "stall", " on "},
    {"INFO: task ", SplatKind::HungTask, Title::Line, " blocked for more than ", {}},
    {"Watchdog detected hard LOCKUP", SplatKind::HardLockup, Title::Prefix},
    {"Out of memory: Killed process", SplatKind::OomKill, Title::Prefix},
    {"Memory cgroup out of memory: Killed process", SplatKind::OomKill, Title::Prefix},
};

// Prefixes that subsystems add with pr_fmt().
constexpr std::string_view kSubsystems[] = {
    "rcu: ", "watchdog: ", "NMI watchdog: ", "traps: ", "smp: ", "kmemleak: "};

std::string_view before(std::string_view text, std::string_view mark) {
    return text.substr(0, text.find(mark));
}

bool digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
bool hex_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

// "mm/memory.c" of "mm/memory.c:123" or "mm/memory.c:123:7"; "" if `text` is no source position.
std::string source_file(std::string_view text) {
    text = before(text, " ");
    while (text.ends_with('!') || text.ends_with(','))
        text.remove_suffix(1);
    const auto colon = text.find(':');
    if (colon == text.npos || colon < 3 || text[colon - 2] != '.') return "";
    return std::string(text.substr(0, colon));
}

// "BUG: KASAN: slab-use-after-free in foo+0x1/0x2", "BUG: KCSAN: data-race in foo / bar".
Headline sanitizer(SplatKind kind, std::string_view text) {
    Headline headline{kind, {}, {}};
    const auto in = text.rfind(" in ");
    headline.title = normalised(text.substr(0, in));
    if (in == text.npos) return headline;
    const auto where = text.substr(in + 4);
    if (const auto slash = where.find(" / "); slash != where.npos)
        headline.function =
            symbol_in(where.substr(0, slash)) + " / " + symbol_in(where.substr(slash + 3));
    else
        headline.function = symbol_in(where);
    return headline;
}

// Linux 6.12: "WARNING: CPU: 1 PID: 44 at mm/memory.c:12 foo+0x1/0x2"; later: "WARNING:
// mm/memory.c:12 at foo+0x1/0x2, CPU#1: sh/44".
std::optional<Headline> warning(std::string_view text) {
    Headline headline{SplatKind::Warning, {}, {}};
    std::string file;
    if (text.starts_with("WARNING: CPU: ")) {
        const auto at = text.find(" at ");
        if (at == text.npos) return std::nullopt;
        const auto where = text.substr(at + 4);
        file = source_file(where);
        headline.function = symbol_in(
            file.empty() ? where : where.substr(std::min(where.find(' '), where.size() - 1) + 1));
    } else {
        const auto where = text.substr(std::string_view("WARNING: ").size());
        file = source_file(where);
        const auto at = where.find(" at ");
        if (file.empty() || at == where.npos) {
            if (std::any_of(std::begin(kAdvice), std::end(kAdvice),
                            [&](auto advice) { return text.starts_with(advice); }))
                return std::nullopt;
            headline.title = normalised(text);
            return headline;
        }
        headline.function = symbol_in(where.substr(at + 4));
    }
    headline.title = file.empty() ? "WARNING" : "WARNING: at " + file;
    if (file.ends_with("lib/list_debug.c")) headline.kind = SplatKind::ListCorruption;
    if (file.ends_with("lib/refcount.c")) headline.kind = SplatKind::Refcount;
    return headline;
}

// "Oops: general protection fault, probably for ...: 0000 [#1] SMP", "Oops: 0002 [#1]", "divide
// error: 0000 [#1] SMP".
std::optional<Headline> exception(std::string_view text) {
    const auto mark = text.find(" [#");
    if (mark == text.npos) return std::nullopt;
    auto what = text.substr(0, mark);
    // riscv has no error code: "Oops [#1]", "Oops - illegal instruction [#1]", "Kernel BUG [#1]".
    if (what == "Oops" || what == "Kernel BUG")
        return Headline{SplatKind::Oops, std::string(what), {}};
    if (constexpr std::string_view oops = "Oops - "; what.starts_with(oops))
        return Headline{SplatKind::Oops, normalised(what.substr(oops.size())), {}};
    if (what.starts_with("Internal error: : ")) // arm, after its "Unhandled fault: ..."
        return Headline{SplatKind::Oops, "Internal error", {}};
    if (what.size() < 6 || !hex_digits(what.substr(what.size() - 4))) return std::nullopt;
    what = before(what.substr(0, what.size() - 4), ", ");
    while (what.ends_with(' ') || what.ends_with(':'))
        what.remove_suffix(1);
    for (std::string_view oops = "Oops: "; what.starts_with(oops);)
        what.remove_prefix(oops.size());
    if (what.empty() || what.size() > 60) return std::nullopt;
    auto title = normalised(what);
    if (title.empty()) return std::nullopt; // the title had only numbers
    return Headline{
        what == "double fault" ? SplatKind::DoubleFault : SplatKind::Oops, std::move(title), {}};
}

Headline panic(std::string_view text) {
    const auto reason = text.substr(std::string_view("Kernel panic - not syncing: ").size());
    Headline headline{SplatKind::Panic, normalised(text), {}};
    if (reason.starts_with("Attempted to kill init!"))
        return {SplatKind::InitKilled, "Kernel panic - not syncing: Attempted to kill init!", {}};
    if (reason.find("Unable to mount root fs") != reason.npos ||
        reason.starts_with("No working init found"))
        return {SplatKind::NoRoot,
                "Kernel panic - not syncing: " + std::string(reason.starts_with("No")
                                                                 ? "No working init found"
                                                                 : "VFS: Unable to mount root fs"),
                {}};
    if (const auto in = reason.find("Kernel stack is corrupted in: "); in != reason.npos) {
        headline.function = symbol_in(reason.substr(reason.find(": ", in) + 2));
        headline.title = "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted";
    }
    return headline;
}

// "BUG kmalloc-64 (Not tainted): Poison overwritten".
std::optional<Headline> slab(std::string_view text) {
    const auto open = text.find(" ("), close = text.find("): ");
    if (!text.starts_with("BUG ") || open == text.npos || close == text.npos || close < open)
        return std::nullopt;
    return Headline{SplatKind::Slab,
                    std::string(text.substr(0, open)) + ": " + normalised(text.substr(close + 3)),
                    {}};
}

} // namespace

const char* name(SplatKind kind) {
    for (const auto& [known, text] : kNames)
        if (known == kind) return text;
    return "bug";
}

std::optional<SplatKind> splat_kind(std::string_view text) {
    for (const auto& [kind, known] : kNames)
        if (text == known) return kind;
    return std::nullopt;
}

const std::vector<std::string>& splat_kind_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const auto& [kind, text] : kNames)
            all.emplace_back(text);
        return all;
    }();
    return names;
}

bool speaks_of_program(std::string_view text) {
    // "%s[%d]: segfault", "%s[%d] general protection fault ip:", "%s (%d): drop_caches".
    const auto open = text.find_last_of("[(", kMaxTaskName + 1);
    if (open != text.npos && open > 0 && open <= kMaxTaskName + (text[open] == '(' ? 1 : 0)) {
        const auto close = text.find(text[open] == '[' ? ']' : ')', open);
        if (close != text.npos && digits(text.substr(open + 1, close - open - 1)) &&
            close + 1 < text.size() && (text[close + 1] == ':' || text[close + 1] == ' '))
            return true;
    }
    const auto named = [&](std::string_view words) {
        const auto at = text.find(words);
        return at != text.npos && at <= kMaxTaskName;
    };
    return named(" invoked oom-killer: ") || named(": page allocation failure: ") ||
           named(": vmalloc error: ") ||
           text.find(": potentially unexpected fatal signal ") != text.npos;
}

namespace {

// Formats of lockdep and of older kernels: "[ BUG: Invalid wait context ]", "[ INFO: suspicious RCU
// usage. ]".
std::optional<Headline> in_brackets(std::string_view text) {
    if (!text.ends_with(" ]")) return std::nullopt;
    const auto words = text.substr(2, text.size() - 4);
    if (!words.starts_with("BUG: ") && !words.starts_with("INFO: ")) return std::nullopt;
    Headline headline{SplatKind::Lockdep, normalised(words), {}};
    if (words.find("suspicious RCU usage") != words.npos) headline.kind = SplatKind::RcuUsage;
    if (const auto held = words.find(" still has locks held"); held != words.npos)
        headline.title = "BUG: still has locks held"; // the task's name varies
    return headline;
}

// Linux 7.3: "watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1".
std::string_view without_cpu(std::string_view text) {
    if (!text.starts_with("CPU")) return text;
    const auto colon = text.find(": ");
    return colon != text.npos && digits(text.substr(3, colon - 3)) ? text.substr(colon + 2) : text;
}

// "kmemleak: 3 new suspected memory leaks (see ...)", and the reports of single leaks.
std::optional<Headline> leak(std::string_view text) {
    const auto count = before(text, " ");
    if (digits(count) && text.substr(count.size()).starts_with(" new suspected memory leaks"))
        return Headline{SplatKind::MemoryLeak, "kmemleak: new suspected memory leaks", {}};
    if (text.starts_with("unreferenced object"))
        return Headline{SplatKind::MemoryLeak, "kmemleak: unreferenced object", {}};
    return std::nullopt;
}

} // namespace

std::optional<Headline> read_headline(std::string_view text) {
    for (const auto subsystem : kSubsystems)
        if (text.starts_with(subsystem)) text.remove_prefix(subsystem.size());
    if (speaks_of_program(text)) return std::nullopt;
    text = without_cpu(text);
    if (text.starts_with("[ ")) return in_brackets(text);
    if (auto found = leak(text)) return found;
    if (text.starts_with("Kernel panic - not syncing: ")) return panic(text);
    if (text.starts_with("BUG: KASAN: ")) return sanitizer(SplatKind::Kasan, text);
    if (text.starts_with("BUG: KFENCE: ")) return sanitizer(SplatKind::Kfence, text);
    if (text.starts_with("BUG: KCSAN: ")) return sanitizer(SplatKind::Kcsan, text);
    if (text.starts_with("BUG: KMSAN: ")) return sanitizer(SplatKind::Kmsan, text);
    if (text.starts_with("UBSAN: ")) {
        const auto file =
            source_file(text.substr(std::min(text.rfind(" in "), text.size() - 4) + 4));
        return Headline{SplatKind::Ubsan,
                        normalised(before(text, " in ")) + (file.empty() ? "" : " in " + file),
                        {}};
    }
    if (text.starts_with("kernel BUG at ")) {
        const auto file = source_file(text.substr(std::string_view("kernel BUG at ").size()));
        return Headline{
            SplatKind::Bug, file.empty() ? normalised(text) : "kernel BUG at " + file, {}};
    }
    if (auto found = slab(text)) return found;
    for (const auto& pattern : kPatterns) {
        if (!text.starts_with(pattern.begins) || text.find(pattern.holds) == text.npos) continue;
        Headline headline{pattern.kind, {}, {}};
        auto words = pattern.title == Title::Prefix ? pattern.begins
                     : pattern.cut.empty()          ? text
                                                    : before(text, pattern.cut);
        headline.title = normalised(words);
        if (pattern.kind == SplatKind::HungTask)
            headline.title = "INFO: task hung"; // the task's name and the time vary
        if (pattern.kind == SplatKind::RcuStall) headline.title.insert(0, "rcu: ");
        if (const auto type = text.find(" type:");
            type != text.npos && pattern.kind == SplatKind::BadPage)
            headline.title += before(text.substr(type), " val:"); // which counter
        return headline;
    }
    if (text.starts_with("WARNING: ")) return warning(text);
    return exception(text);
}

void add_warning_message(Headline& headline, std::string_view text) {
    if (text.starts_with("Modules linked in:") || text.starts_with("CPU: ") ||
        text.starts_with("RIP: ") || text.starts_with("Call Trace:") || text.starts_with("---[ "))
        return;
    const auto message = normalised(text);
    if (message.empty()) return;
    if (message.starts_with("list_add corruption") || message.starts_with("list_del corruption")) {
        headline.kind = SplatKind::ListCorruption; // its pointers show where, not what
        headline.title = message.substr(0, 19);
    } else if (message.starts_with("refcount_t: ")) {
        headline.kind = SplatKind::Refcount;
        headline.title = message;
    } else {
        headline.title = normalised(headline.title + ": " + message);
    }
}

std::string normalised(std::string_view text) {
    constexpr std::size_t most = 160;
    const auto word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    std::string out;
    for (std::size_t i = 0; i < text.size() && out.size() < most;) {
        if (!word(text[i])) {
            if (text[i] != ' ' || (!out.empty() && out.back() != ' ')) out += text[i];
            ++i;
            continue;
        }
        auto end = i;
        while (end < text.size() && word(text[end]))
            ++end;
        const auto token = text.substr(i, end - i);
        const bool hex =
            (token.starts_with("0x") && hex_digits(token.substr(2))) ||
            (token.size() >= 8 && hex_digits(token) &&
             std::any_of(token.begin(), token.end(), [](char c) { return c >= '0' && c <= '9'; }));
        const char last = out.empty() ? ' ' : out.back();
        i = end;
        // "foo+0x12/0x34": drop the offset, which is specific to one build of the kernel.
        if (hex && last == '+') {
            out.pop_back();
            if (i < text.size() && text.substr(i).starts_with("/0x"))
                for (++i; i < text.size() && word(text[i]); ++i) {
                }
        } else if (digits(token) && last == ':' && out.size() > 2 && out[out.size() - 3] == '.') {
            out.pop_back(); // drop the line number of "mm/memory.c:123"
        } else if (hex) {
            out += "ADDR";
        } else if (digits(token) && !(last == '-' && out.size() > 1 && word(out[out.size() - 2]))) {
            out += 'N'; // but keep "kmalloc-64", which is a name
        } else {
            out += token;
        }
    }
    while (out.ends_with(' '))
        out.pop_back();
    return out.substr(0, most);
}

} // namespace rig
