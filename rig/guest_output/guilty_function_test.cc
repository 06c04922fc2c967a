// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/guilty_function.h"

#include "rig/guest_output/console_triage.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

std::string guilty(SplatKind kind, const Frames& frames, std::string_view named = "",
                   std::string_view instruction = "") {
    return guilty_function(kind, named, instruction, frames);
}

TEST(Guilty, IsTheFirstThatIsNeitherDetectorNorHelper) {
    EXPECT_EQ(
        guilty(SplatKind::Kasan, {"dump_stack_lvl", "kasan_report", "memcpy", "my_read"}, "memcpy"),
        "my_read");
    EXPECT_EQ(guilty(SplatKind::Kasan, {"my_read"}, "my_copy"), "my_copy");
    EXPECT_EQ(guilty(SplatKind::Oops, {"my_walk", "my_ioctl"}, "", "strlen"), "my_walk");
    EXPECT_EQ(guilty(SplatKind::Oops, {"my_ioctl"}, "", "my_walk"), "my_walk");
    EXPECT_EQ(guilty(SplatKind::Refcount, {"refcount_warn_saturate", "kobject_put", "my_release"},
                     "refcount_warn_saturate"),
              "my_release");
    EXPECT_EQ(guilty(SplatKind::ListCorruption, {"__list_del_entry_valid_or_report", "my_remove"}),
              "my_remove");
    EXPECT_EQ(guilty(SplatKind::Bug, {"_copy_from_user", "my_set"}, "usercopy_abort"), "my_set");
    EXPECT_EQ(guilty(SplatKind::Warning, {"__alloc_pages_noprof", "kvmalloc_node", "my_open"},
                     "__alloc_pages_noprof"),
              "my_open");
    EXPECT_EQ(guilty(SplatKind::Lockdep, {"dump_stack", "__lock_acquire", "lock_acquire",
                                          "_raw_spin_lock", "my_notifier"}),
              "my_notifier");
    EXPECT_EQ(guilty(SplatKind::Kcsan, {}, "one_writer / other_reader"), "one_writer");
    EXPECT_EQ(guilty(SplatKind::MemoryLeak, {"kmem_cache_alloc", "idr_alloc", "my_create"}),
              "my_create");
    EXPECT_EQ(guilty(SplatKind::Bug, {}), "");
    EXPECT_EQ(guilty(SplatKind::Bug, {"dump_stack", "kfree"}), "");
}

TEST(Guilty, OfAHungTaskIsWhoWaits) {
    // The instruction pointer belongs to another CPU.
    EXPECT_EQ(guilty(SplatKind::HungTask, {"__schedule", "schedule", "__mutex_lock", "my_open"}, "",
                     "native_halt"),
              "my_open");
}

TEST(Guilty, OfAStallIsTheOperationThatDoesNotEnd) {
    EXPECT_EQ(guilty(SplatKind::SoftLockup,
                     {"find_next_thing", "walk_things", "my_ioctl", "vfs_ioctl", "do_syscall_64"}),
              "my_ioctl");
    // The timer interrupt found the CPU there.
    EXPECT_EQ(
        guilty(SplatKind::RcuStall, {"check_cpu_stall", "update_process_times", "hrtimer_interrupt",
                                     "asm_sysvec_apic_timer_interrupt", "walk_things", "my_work",
                                     "process_one_work", "worker_thread"}),
        "my_work");
    // Stacks of bystanders come first. A CPU that waits for another one is the end of the search.
    EXPECT_EQ(guilty(SplatKind::RcuStall, {"schedule_timeout", "rcu_gp_kthread", "kthread", "",
                                           "spin", "my_timer", "call_timer_fn"}),
              "my_timer");
    EXPECT_EQ(
        guilty(SplatKind::SoftLockup, {"smp_call_function_many_cond", "my_flush", "do_syscall_64"}),
        "smp_call_function_many_cond");
}

TEST(Guilty, PlacesInCode) {
    const auto place = code_place(" foo.isra.0+0x5d/0x80 mm/x.c:3");
    ASSERT_TRUE(place);
    EXPECT_EQ(place->symbol, "foo.isra.0");
    EXPECT_EQ(place->offset, 0x5cu) << "a return address is behind the call";
    EXPECT_EQ(code_place("RIP: 0010:foo+0x5d/0x80")->offset, 0x5du);
    EXPECT_FALSE(code_place("foo+0x5d"));
    EXPECT_FALSE(code_place("+0x5d/0x80"));
    EXPECT_FALSE(code_place("RAX: 0000000000000001"));
}

std::string guilty_of(const std::string& console) {
    const auto splats = triage(console).splats;
    return splats.empty() ? "no splat" : splats[0].guilty;
}

TEST(Guilty, IsReadOffTracesOfAllAges) {
    const std::string head = "[    1.000001] BUG: unable to handle page fault for address: 10\n";
    // Linux 4.x: addresses, also of the instruction; "<IRQ>" before a frame.
    EXPECT_EQ(guilty_of(head + "[    1.000002] RIP: 0010:[<ffffffff81d64236>]  "
                               "[<ffffffff81d64236>] __list_del_entry+0x86/0x1d0\n"
                               "[    1.000003] Call Trace:\n"
                               "[    1.000004]  <IRQ>  [<ffffffff81d6438d>] list_del+0xd/0x70\n"
                               "[    1.000005]  [<ffffffff832b05be>] ? guessed+0x6e/0xa0\n"
                               "[    1.000006]  [<ffffffff832b05be>] my_walk_done+0x6e/0xa0\n"),
              "my_walk_done");
    // powerpc
    EXPECT_EQ(guilty_of(head + "[    1.000003] Call Trace:\n"
                               "[    1.000004] [c000000001bb3530] [c000000001bb35a0] "
                               "stale+0x308828/0x345288 (unreliable)\n"
                               "[    1.000005] [c000000001bb3a10] [c0000000005f8868] "
                               "my_exit+0x188/0x2a0\n"),
              "my_exit");
    // arm, older and newer format
    EXPECT_EQ(guilty_of(head + "[    1.000003] Backtrace: \n"
                               "[    1.000004] [<80de0078>] (dump_backtrace) from [<80de0574>] "
                               "(show_stack+0x28/0x2c)\n"
                               "[    1.000005] [<80de054c>] (my_probe) from [<80de7c10>] "
                               "(my_bus+0x154/0x1a8)\n"),
              "my_probe");
    EXPECT_EQ(guilty_of(head + "[    1.000003] Call trace:\n"
                               "[    1.000004]  dump_backtrace from show_stack+0x18/0x1c\n"
                               "[    1.000005]  my_probe from my_bus+0x154/0x1a8\n"),
              "my_probe");
    // With source positions, inlined functions among them.
    EXPECT_EQ(guilty_of(head + "[    1.000003] Call Trace:\n"
                               "[    1.000004]  __dump_stack lib/dump_stack.c:88 [inline]\n"
                               "[    1.000005]  my_inlined net/core/dev.c:12 [inline]\n"
                               "[    1.000006]  my_caller+0x1/0x2 net/core/dev.c:44\n"),
              "my_inlined");
}

TEST(Guilty, HistoryIsNotTheStack) {
    EXPECT_EQ(guilty_of("[    1.000001] BUG: KASAN: slab-use-after-free in memcmp+0x1/0x2\n"
                        "[    1.000002] Call Trace:\n"
                        "[    1.000003]  kasan_report+0x1/0x2\n"
                        "[    1.000004] Allocated by task 12:\n"
                        "[    1.000005]  my_alloc+0x1/0x2\n"),
              "");
}

TEST(Guilty, OfALockThatIsHeldIsWhoTookIt) {
    EXPECT_EQ(guilty_of("[    1.000001] WARNING: lock held when returning to user space!\n"
                        "[    1.000002] 1 lock held by sh/44:\n"
                        "[    1.000003]  #0: ffff (&m){+.+.}-{4:4}, at: my_ioctl+0x1/0x2\n"),
              "my_ioctl");
    EXPECT_EQ(guilty_of("[    1.000001] WARNING: bad unlock balance detected!\n"
                        "[    1.000002] sh/44 is trying to release lock (&m) at:\n"
                        "[    1.000003] [<ffffffff832b05be>] my_stop+0x1/0x2\n"
                        "[    1.000004] but there are no more locks to release!\n"),
              "my_stop");
}

// panic_on_warn: the panic prints the stack that the warning had not printed yet.
TEST(Guilty, OfWhatAPanicCutOffIsInThePanicsStack) {
    const auto splats =
        triage("[    1.000001][   T44] WARNING: CPU: 0 PID: 44 at lib/refcount.c:28 "
               "refcount_warn_saturate+0xba/0x110\n"
               "[    1.000002][   T44] Kernel panic - not syncing: panic_on_warn "
               "set ...\n"
               "[    1.000003][   T44] Call Trace:\n"
               "[    1.000004][   T44]  panic+0x1/0x2\n"
               "[    1.000005][   T44]  __warn+0x1/0x2\n"
               "[    1.000006][   T44]  refcount_warn_saturate+0xba/0x110\n"
               "[    1.000007][   T44]  my_put+0x1/0x2\n")
            .splats;
    ASSERT_EQ(splats.size(), 2u);
    EXPECT_EQ(splats[0].kind, SplatKind::Refcount);
    EXPECT_EQ(splats[0].guilty, "my_put");
    EXPECT_EQ(splats[1].guilty, "my_put");
}

} // namespace
} // namespace rig
