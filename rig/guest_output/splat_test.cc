// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/splat.h"

#include <gtest/gtest.h>
#include <set>

namespace rig {
namespace {

struct Case {
    const char* line;
    SplatKind kind;
    const char* title;
    const char* function = "";
};

// Formats from the kernel's sources. Those in the captured consoles are tested there as well.
const Case kCases[] = {
    {"BUG: sleeping function called from invalid context at mm/mmu_gather.c:285",
     SplatKind::SleepInAtomic, "BUG: sleeping function called from invalid context"},
    {"BUG: scheduling while atomic: munmap/44/0x00000002", SplatKind::SchedulingInAtomic,
     "BUG: scheduling while atomic"},
    {"WARNING: possible circular locking dependency detected", SplatKind::Lockdep,
     "WARNING: possible circular locking dependency detected"},
    {"WARNING: possible recursive locking detected", SplatKind::Lockdep,
     "WARNING: possible recursive locking detected"},
    {"WARNING: possible irq lock inversion dependency detected", SplatKind::Lockdep,
     "WARNING: possible irq lock inversion dependency detected"},
    {"WARNING: inconsistent lock state", SplatKind::Lockdep, "WARNING: inconsistent lock state"},
    {"WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", SplatKind::Lockdep,
     "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected"},
    {"WARNING: bad unlock balance detected!", SplatKind::Lockdep,
     "WARNING: bad unlock balance detected!"},
    {"INFO: trying to register non-static key.", SplatKind::Lockdep,
     "INFO: trying to register non-static key"},
    {"BUG: MAX_LOCKDEP_ENTRIES too low!", SplatKind::Lockdep, "BUG: MAX_LOCKDEP_ENTRIES too low!"},
    {"[ BUG: Invalid wait context ]", SplatKind::Lockdep, "BUG: Invalid wait context"},
    {"[ BUG: sh/44 still has locks held! ]", SplatKind::Lockdep, "BUG: still has locks held"},
    {"[ INFO: suspicious RCU usage. ]", SplatKind::RcuUsage, "INFO: suspicious RCU usage."},
    {"WARNING: suspicious RCU usage", SplatKind::RcuUsage, "WARNING: suspicious RCU usage"},
    {"WARNING: CPU: 1 PID: 44 at mm/memory.c:123 zap_pte_range+0x12/0x34", SplatKind::Warning,
     "WARNING: at mm/memory.c", "zap_pte_range"},
    {"WARNING: CPU: 1 PID: 44 at zap_pte_range+0x12/0x34", SplatKind::Warning, "WARNING",
     "zap_pte_range"},
    {"WARNING: mm/memory.c:123 at zap_pte_range+0x12/0x34, CPU#1: sh/44", SplatKind::Warning,
     "WARNING: at mm/memory.c", "zap_pte_range"},
    {"WARNING: CPU: 0 PID: 1 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110",
     SplatKind::Refcount, "WARNING: at lib/refcount.c", "refcount_warn_saturate"},
    {"WARNING: kernel stack regs at 00000000deadbeef in sh:44 has bad 'bp' value 0000000000000000",
     SplatKind::Warning, "WARNING: kernel stack regs at ADDR in sh:N has bad 'bp' value ADDR"},
    {"kernel BUG at mm/mmu_gather.c:12!", SplatKind::Bug, "kernel BUG at mm/mmu_gather.c"},
    {"BUG: spinlock bad magic on CPU#0, sh/44", SplatKind::Bug, "BUG: spinlock bad magic"},
    {"BUG: using smp_processor_id() in preemptible [00000000] code: sh/44", SplatKind::Bug,
     "BUG: using smp_processor_id() in preemptible"},
    {"BUG: workqueue leaked atomic, lock or RCU: kworker/0:1[44]", SplatKind::Bug,
     "BUG: workqueue leaked atomic, lock or RCU"},
    {"BUG: something new in CPU 3 at 0xffff888001234567", SplatKind::Bug,
     "BUG: something new in CPU N at ADDR"},
    {"usercopy: Kernel memory exposure attempt detected from SLUB object 'lkdtm-usercopy' (offset "
     "1, size 2)!",
     SplatKind::Bug,
     "usercopy: Kernel memory exposure attempt detected from SLUB object 'lkdtm-usercopy'"},
    {"BUG: kernel NULL pointer dereference, address: 0000000000000008", SplatKind::Oops,
     "BUG: kernel NULL pointer dereference"},
    {"BUG: unable to handle page fault for address: ffffc90000123456", SplatKind::Oops,
     "BUG: unable to handle page fault"},
    {"Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008",
     SplatKind::Oops, "Unable to handle kernel NULL pointer dereference"}, // arm64, riscv
    {"Oops [#1]", SplatKind::Oops, "Oops"},                                // riscv
    {"Oops - illegal instruction [#2]", SplatKind::Oops, "illegal instruction"},
    {"Kernel BUG [#1]", SplatKind::Oops, "Kernel BUG"},
    {"Oops: general protection fault, probably for non-canonical address 0xdead000000000122: 0000 "
     "[#1] SMP",
     SplatKind::Oops, "general protection fault"},
    {"general protection fault: 0000 [#1] PREEMPT SMP", SplatKind::Oops,
     "general protection fault"},
    {"Oops: Oops: 0002 [#1] SMP", SplatKind::Oops, "Oops"},
    {"Oops: divide error: 0000 [#3] SMP", SplatKind::Oops, "divide error"},
    {"BUG: TASK stack guard page was hit at ffffc90000123ff8 (stack is "
     "ffffc90000124000..ffffc90000128000)",
     SplatKind::StackOverflow, "BUG: TASK stack guard page was hit"},
    {"traps: PANIC: double fault, error_code: 0x0", SplatKind::DoubleFault, "PANIC: double fault"},
    {"double fault: 0000 [#1] SMP", SplatKind::DoubleFault, "double fault"},
    {"BUG: KASAN: slab-use-after-free in lkdtm_READ_AFTER_FREE+0x1a/0x2b", SplatKind::Kasan,
     "BUG: KASAN: slab-use-after-free", "lkdtm_READ_AFTER_FREE"},
    {"BUG: KFENCE: use-after-free read in test_free+0x1/0x2", SplatKind::Kfence,
     "BUG: KFENCE: use-after-free read", "test_free"},
    {"BUG: KMSAN: uninit-value in my_send+0x1/0x2", SplatKind::Kmsan, "BUG: KMSAN: uninit-value",
     "my_send"},
    {"kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
     SplatKind::MemoryLeak, "kmemleak: new suspected memory leaks"},
    {"kmemleak: unreferenced object 0xffff88800342540c (size 64):", SplatKind::MemoryLeak,
     "kmemleak: unreferenced object"},
    {"BUG: memory leak", SplatKind::MemoryLeak, "BUG: memory leak"},
    {"VFS: Busy inodes after unmount of sda (ext4)", SplatKind::Bug,
     "VFS: Busy inodes after unmount"},
    {"Unhandled fault: page domain fault (0x01b) at 0x00000e30", SplatKind::Oops,
     "Unhandled fault: page domain fault"},
    {"Internal error: : 1b [#1] PREEMPT SMP ARM", SplatKind::Oops, "Internal error"},
    {"smp: csd: Detected non-responsive CSD lock (#1) on CPU#1, waiting 5000000000 ns for CPU#02",
     SplatKind::Bug, "csd: Detected non-responsive CSD lock"},
    {"BUG: KCSAN: data-race in one_writer / other_reader", SplatKind::Kcsan,
     "BUG: KCSAN: data-race", "one_writer / other_reader"},
    {"BUG: KCSAN: data-race in one_writer+0x1/0x2", SplatKind::Kcsan, "BUG: KCSAN: data-race",
     "one_writer"},
    {"UBSAN: array-index-out-of-bounds in drivers/misc/lkdtm/bugs.c:12:3", SplatKind::Ubsan,
     "UBSAN: array-index-out-of-bounds in drivers/misc/lkdtm/bugs.c"},
    {"list_add corruption. next->prev should be prev (ffffffff81234560), but was 0000000000000000.",
     SplatKind::ListCorruption, "list_add corruption"},
    {"BUG: Bad page state in process sh  pfn:01234", SplatKind::BadPage, "BUG: Bad page state"},
    {"BUG: Bad page map in process sh  pte:00000001 pmd:00000002", SplatKind::BadPage,
     "BUG: Bad page map"},
    {"BUG: Bad rss-counter state mm:00000000cafebabe type:MM_ANONPAGES val:3", SplatKind::BadPage,
     "BUG: Bad rss-counter state type:MM_ANONPAGES"},
    {"BUG: non-zero pgtables_bytes on freeing mm: 4096", SplatKind::BadPage,
     "BUG: non-zero pgtables_bytes on freeing mm"},
    {"BUG kmalloc-64 (Not tainted): Poison overwritten", SplatKind::Slab,
     "BUG kmalloc-64: Poison overwritten"},
    {"rcu: INFO: rcu_sched self-detected stall on CPU", SplatKind::RcuStall,
     "rcu: INFO: rcu_sched self-detected stall"},
    {"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", SplatKind::RcuStall,
     "rcu: INFO: rcu_preempt detected stalls"},
    {"watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [sh:44]", SplatKind::SoftLockup,
     "BUG: soft lockup"},
    {"watchdog: Watchdog detected hard LOCKUP on cpu 1", SplatKind::HardLockup,
     "Watchdog detected hard LOCKUP"},
    {"watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1", SplatKind::HardLockup,
     "Watchdog detected hard LOCKUP"},
    {"INFO: task a:1 blocked in I/O wait for more than 9 seconds.", SplatKind::HungTask,
     "INFO: task hung"},
    {"INFO: task sh:44 can't die for more than 143 seconds.", SplatKind::HungTask,
     "INFO: task hung"},
    {"INFO: task munmap:44 blocked for more than 120 seconds.", SplatKind::HungTask,
     "INFO: task hung"},
    {"BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 43s!",
     SplatKind::WorkqueueLockup, "BUG: workqueue lockup"},
    {"Kernel panic - not syncing: Fatal exception in interrupt", SplatKind::Panic,
     "Kernel panic - not syncing: Fatal exception in interrupt"},
    {"Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: do_exit+0x12/0x34",
     SplatKind::Panic, "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted",
     "do_exit"},
    {"Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
     SplatKind::InitKilled, "Kernel panic - not syncing: Attempted to kill init!"},
    {"Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
     SplatKind::NoRoot, "Kernel panic - not syncing: VFS: Unable to mount root fs"},
    {"Kernel panic - not syncing: No working init found.  Try passing init= option to kernel.",
     SplatKind::NoRoot, "Kernel panic - not syncing: No working init found"},
    {"Out of memory: Killed process 44 (munmap) total-vm:123kB, anon-rss:1kB", SplatKind::OomKill,
     "Out of memory: Killed process"},
};

TEST(Splat, EveryHeadlineHasItsKindTitleAndFunction) {
    std::set<SplatKind> seen;
    for (const auto& one : kCases) {
        const auto headline = read_headline(one.line);
        ASSERT_TRUE(headline) << one.line;
        EXPECT_EQ(headline->kind, one.kind) << one.line << " is taken for " << name(headline->kind);
        EXPECT_EQ(headline->title, one.title);
        EXPECT_EQ(headline->function, one.function) << one.line;
        seen.insert(one.kind);
    }
    for (const auto& text : splat_kind_names())
        EXPECT_TRUE(seen.contains(splat_kind(text).value())) << text << " is not tested";
}

TEST(Splat, WhatAKernelSaysInGoodHealthIsNoHeadline) {
    for (const char* line :
         {"Linux version 6.12.117",
          "",
          "BUG",
          "BUG:",
          "WARNING:",
          "Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on",
          "WARNING: 'bootconfig' found on the kernel command line but CONFIG_BOOT_CONFIG is not "
          "set.",
          "rcu: Hierarchical RCU implementation.",
          "rcu: INFO: something else",
          "INFO: lockdep is turned off.",
          "---[ end Kernel panic - not syncing: x ]---",
          "debug: BUG: not at the beginning",
          "printk: console [ttyS0] enabled",
          "BUG no slab at all",
          "INFO: task sh:44",
          "Oops",
          "x [#1]",
          "FAULT_INJECTION: forcing a failure.",
          "WARNING: the mand mount option is being deprecated",
          "WARNING: `sh' uses wireless extensions which will stop working",
          "WARNING: /etc/moduli does not exist",
          "[ sh ]",
          "[ BUG: torn",
          "kmemleak: Kernel memory leak detector initialized",
          "watchdog: Delayed init of the lockup detector failed"})
        EXPECT_FALSE(read_headline(line)) << line << " is taken for " << read_headline(line)->title;
}

// The program chooses its name.
TEST(Splat, AProgramThatIsNamedLikeASplatIsNone) {
    for (const char* line :
         {"BUG: boom[44]: segfault at 0 ip 0000000000401136 sp 00007ffd error 6 in "
          "boom[401000+1000]",
          "traps: BUG: boom[44] general protection fault ip:401136 sp:7ffd error:0 in boom[401000]",
          "BUG: a[1][44]: segfault at 0 ip 0000000000401136", "WARNING: 789012[4]: segfault at 0",
          "BUG: boom (44): drop_caches: 3", "BUG: boom invoked oom-killer: gfp_mask=0x140cca",
          "BUG: boom: page allocation failure: order:4, mode:0x40dc0",
          "BUG: boom/44: potentially unexpected fatal signal 11."})
        EXPECT_FALSE(read_headline(line)) << line << " is taken for " << read_headline(line)->title;
    EXPECT_TRUE(
        read_headline("BUG: using smp_processor_id() in preemptible [00000000] code: sh/44"));
    EXPECT_TRUE(read_headline("WARNING: kernel stack (44): it is full"));
}

// Found by fuzzing: the title is empty once its numbers are removed.
TEST(Splat, NumbersAloneAreNoHeadline) {
    EXPECT_FALSE(read_headline("+227777777770 [#770 [#  ''"));
}

TEST(Splat, KindNamesGoBothWays) {
    for (const auto& text : splat_kind_names())
        EXPECT_EQ(name(splat_kind(text).value()), text);
    EXPECT_FALSE(splat_kind("shout"));
}

TEST(Splat, TheMessageOfAWarningIsPartOfItsTitle) {
    const auto titled = [](const char* headline, const char* message) {
        auto head = read_headline(headline);
        add_warning_message(*head, message);
        return *head;
    };
    const char* at = "WARNING: CPU: 1 PID: 44 at mm/memory.c:123 zap_pte_range+0x12/0x34";
    EXPECT_EQ(titled(at, "Modules linked in: x").title, "WARNING: at mm/memory.c");
    EXPECT_EQ(titled(at, "CPU: 1 UID: 0 PID: 44 Comm: sh").title, "WARNING: at mm/memory.c");
    EXPECT_EQ(titled(at, "provoked by pid 44 on CPU 1").title,
              "WARNING: at mm/memory.c: provoked by pid N on CPU N");
    const auto refcount =
        titled("WARNING: CPU: 0 PID: 1 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110",
               "refcount_t: underflow; use-after-free.");
    EXPECT_EQ(refcount.title, "refcount_t: underflow; use-after-free.");
    EXPECT_EQ(refcount.kind, SplatKind::Refcount);
    const auto list =
        titled("WARNING: CPU: 0 PID: 1 at lib/list_debug.c:29 __list_add_valid_or_report+0x7a/0xa0",
               "list_add corruption. next->prev should be prev (ffffffff81234560).");
    EXPECT_EQ(list.title, "list_add corruption");
    EXPECT_EQ(list.kind, SplatKind::ListCorruption);
}

TEST(Splat, WhatVariesIsTakenOut) {
    EXPECT_EQ(normalised("at mm/x.c:12 foo+0x1/0x20 ffff888001234567 0x12 pid 44 CPU#1 [sh:7]"),
              "at mm/x.c foo ADDR ADDR pid N CPU#N [sh:N]");
    EXPECT_EQ(normalised("kmalloc-64  x86_64 i915 -3 v2"), "kmalloc-64 x86_64 i915 -N v2");
    EXPECT_EQ(normalised("deadbeef facade"), "deadbeef facade"); // words, since they have no digit
    EXPECT_EQ(normalised("  "), "");
    EXPECT_EQ(normalised("foo+0x"), "foo+0x");
    EXPECT_EQ(normalised("+0x1/"), "/");
    EXPECT_EQ(normalised(std::string(5000, 'a')).size(), 160u);
    for (const auto& one : kCases)
        EXPECT_EQ(normalised(one.title), one.title) << "a title is normal already";
}

TEST(Splat, SymbolsOfTraces) {
    EXPECT_EQ(trace_symbol(" dump_stack_lvl+0x5d/0x80"), "dump_stack_lvl");
    EXPECT_EQ(trace_symbol(" foo.isra.0+0x5d/0x80 [module]"), "foo");
    EXPECT_EQ(trace_symbol("[<ffffffff80004f04>] dump_backtrace+0x1c/0x24"),
              "dump_backtrace"); // riscv64
    EXPECT_EQ(trace_symbol("[<ffffffff80004f04>] ? foo+0x1c/0x24"), "");
    EXPECT_EQ(trace_symbol("[<ffffffff80004f04 foo+0x1c/0x24"), "");
    EXPECT_EQ(trace_symbol(" ? foo+0x5d/0x80"), "");
    EXPECT_EQ(trace_symbol(" foo+0x5d/0x80 mm/x.c:12"), "foo");
    EXPECT_EQ(trace_symbol(" foo mm/x.c:12 [inline]"), "foo");
    EXPECT_EQ(trace_symbol(" foo mm/x.c:12"), "");
    EXPECT_EQ(trace_symbol(" <IRQ>  [<ffffffff80004f04>] foo+0x1c/0x24"), "foo");
    EXPECT_EQ(trace_symbol("[c000000001bb3710] [c0000000000286fc] foo+0x43c/0x6d0"), "foo");
    EXPECT_EQ(trace_symbol("[c000000001bb3710] [c0000000000286fc] foo+0x4/0x6 (unreliable)"), "");
    EXPECT_EQ(trace_symbol("[<80de0078>] (foo) from [<80de0574>] (bar+0x28/0x2c)"), "foo");
    EXPECT_EQ(trace_symbol("news from bar"), "");
    EXPECT_EQ(
        instruction_symbol("RIP: 0010:[<ffffffff810d9c93>]  [<ffffffff810d9c93>] foo+0x3/0x4"),
        "foo");
    EXPECT_EQ(instruction_symbol("PC is at foo+0x3/0x4"), "foo");
    EXPECT_EQ(trace_symbol(" <TASK>"), "");
    EXPECT_EQ(trace_symbol("foo+0x5d/0x80 and words"), "");
    EXPECT_EQ(trace_symbol("#0: ffff (lock){+.+.}-{2:2}, at: foo+0x1/0x2"), "");
    EXPECT_EQ(trace_symbol("foo+0x5d"), "");
    EXPECT_EQ(trace_symbol("0x12+0x5d/0x80"), "");
    EXPECT_EQ(instruction_symbol("RIP: 0010:delay_tsc+0x2b/0x60"), "delay_tsc");
    EXPECT_EQ(instruction_symbol("RIP: 0033:0x7f1234567890"), "");
    EXPECT_EQ(instruction_symbol("pc : do_fault+0x1/0x2"), "do_fault");
    EXPECT_EQ(instruction_symbol("RIP"), "");
}

TEST(Splat, MachineryDependsOnTheKind) {
    EXPECT_TRUE(is_machinery(SplatKind::SleepInAtomic, "__might_resched"));
    EXPECT_FALSE(is_machinery(SplatKind::SleepInAtomic, "mutex_lock"));
    EXPECT_TRUE(is_machinery(SplatKind::Lockdep, "mutex_lock"));
    EXPECT_TRUE(is_machinery(SplatKind::SchedulingInAtomic, "synchronize_rcu"));
    EXPECT_FALSE(is_machinery(SplatKind::SchedulingInAtomic, "tlb_remove_table_sync_rcu"));
    EXPECT_FALSE(is_machinery(SplatKind::Oops, "kfree"));
    EXPECT_TRUE(is_machinery(SplatKind::BadPage, "free_unref_page"));
    EXPECT_TRUE(is_machinery(SplatKind::SoftLockup, "delay_tsc"));
    EXPECT_TRUE(is_machinery(SplatKind::RcuStall, "cpu_do_idle"));
    for (const char* arm64 : {"dump_backtrace", "show_stack", "el1h_64_irq_handler",
                              "gic_handle_irq", "call_on_irq_stack", "el0t_64_sync"})
        EXPECT_TRUE(is_machinery(SplatKind::SleepInAtomic, arm64)) << arm64;
    for (const char* riscv64 : {"walk_stackframe", "handle_riscv_irq", "do_trap_break",
                                "do_trap_ecall_u", "ret_from_exception"})
        EXPECT_TRUE(is_machinery(SplatKind::SleepInAtomic, riscv64)) << riscv64;
    for (const auto& text : splat_kind_names()) {
        EXPECT_TRUE(is_machinery(splat_kind(text).value(), "dump_stack_lvl")) << text;
        EXPECT_FALSE(is_machinery(splat_kind(text).value(), "tlb_remove_table_one")) << text;
    }
}

} // namespace
} // namespace rig
