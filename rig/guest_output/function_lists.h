// SPDX-License-Identifier: GPL-2.0-or-later
// Data: functions that a splat is not about. The lists of this file determine Splat::function. For
// Splat::guilty the lists of helper_functions.h apply as well.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

namespace rig {

// A '*' at the beginning or at the end of an entry matches any text.
inline bool listed(std::span<const std::string_view> list, std::string_view function) {
    return std::any_of(list.begin(), list.end(), [&](std::string_view entry) {
        const bool before = entry.starts_with('*'), after = entry.ends_with('*');
        if (before) entry.remove_prefix(1);
        if (after) entry.remove_suffix(1);
        return before && after ? function.find(entry) != function.npos
               : before        ? function.ends_with(entry)
               : after         ? function.starts_with(entry)
                               : function == entry;
    });
}

// Functions that print a report, and functions between an exception or interrupt and the report.
inline constexpr std::string_view kReporting[] = {
    "dump_stack*", "__dump_stack", "dump_backtrace*", "show_stack*", "show_regs*",
    "show_trace_log_lvl*", "sched_show_task*", "print_report*", "print_address_description*",
    "__warn*", "warn_slowpath*", "report_bug*", "handle_bug*", "exc_*", "asm_exc_*", "asm_sysvec_*",
    "sysvec_*", "__sysvec_*", "asm_common_interrupt", "common_interrupt", "die*", "__die*",
    "oops_*", "page_fault_oops*", "no_context*", "bad_area*", "__bad_area*", "do_user_addr_fault",
    "do_kern_addr_fault", "exc_page_fault", "panic*", "vpanic", "nmi_*", "arch_trigger_*",
    "trigger_*", "end_repeat_nmi", "default_do_nmi", "asm_nmi*", "ret_from_fork*", "entry_SYSCALL*",
    "irq_exit_rcu", "__irq_exit_rcu", "handle_softirqs", "__do_softirq", "do_softirq*",
    // arm64
    "el0_*", "el0t_*", "el1_*", "el1h_*", "call_on_irq_stack", "do_interrupt_handler",
    "gic_handle_irq*", "do_handle_IPI*", "do_mem_abort", "do_translation_fault",
    "do_debug_exception", "brk_handler*", "bug_handler*", "invoke_syscall*", "do_el0_svc*",
    // riscv64
    "walk_stackframe*", "handle_exception*", "ret_from_exception*", "do_trap_*", "do_irq",
    "handle_riscv_irq", "riscv_intc_irq", "sbi_ipi_handle", "ipi_mux_process", "handle_IPI",
    "do_page_fault", "handle_page_fault"};

// Mutual exclusion, and lockdep within it.
inline constexpr std::string_view kLocking[] = {"print_circular_bug*",
                                                "print_usage_bug*",
                                                "print_deadlock_bug*",
                                                "print_irq_inversion_bug*",
                                                "print_bad_irq_dependency*",
                                                "print_unlock_imbalance_bug*",
                                                "print_lock_invalid*",
                                                "print_freed_lock_bug*",
                                                "print_collision*",
                                                "check_noncircular*",
                                                "check_prev_add*",
                                                "check_prevs_add*",
                                                "check_deadlock*",
                                                "check_irq_usage*",
                                                "check_usage*",
                                                "check_wait_context*",
                                                "validate_chain*",
                                                "mark_lock*",
                                                "mark_usage*",
                                                "mark_held_locks*",
                                                "__lock_acquire*",
                                                "lock_acquire*",
                                                "__lock_release*",
                                                "lock_release*",
                                                "lock_contended*",
                                                "register_lock_class*",
                                                "lockdep_*",
                                                "assign_lock_key*",
                                                "trace_hardirqs_*",
                                                "do_raw_*",
                                                "_raw_*",
                                                "__raw_*",
                                                "queued_spin_lock_slowpath*",
                                                "native_queued_spin_lock_slowpath*",
                                                "queued_read_lock*",
                                                "queued_write_lock*",
                                                "mutex_lock*",
                                                "__mutex_lock*",
                                                "mutex_unlock*",
                                                "__mutex_unlock*",
                                                "down_*",
                                                "__down_*",
                                                "up_*",
                                                "rwsem_*",
                                                "percpu_down_*",
                                                "percpu_up_*",
                                                "rt_mutex_*",
                                                "rt_spin_*",
                                                "spin_dump*",
                                                "spin_bug*",
                                                "rwlock_bug*",
                                                "__rt_mutex_*",
                                                "rtlock_*"};

// Functions that sleep or wait. The splat is attributed to their caller.
inline constexpr std::string_view kSleeping[] = {"__schedule_bug*",
                                                 "__schedule*",
                                                 "schedule*",
                                                 "preempt_schedule*",
                                                 "__cond_resched*",
                                                 "io_schedule*",
                                                 "__wait_for_common*",
                                                 "wait_for_common*",
                                                 "wait_for_completion*",
                                                 "__wait_rcu_gp*",
                                                 "synchronize_rcu*",
                                                 "synchronize_srcu*",
                                                 "__synchronize_srcu*",
                                                 "msleep*",
                                                 "usleep_range*",
                                                 "bit_wait*",
                                                 "__wait_on_bit*",
                                                 "out_of_line_wait_on_bit*",
                                                 "do_nanosleep*",
                                                 "hrtimer_nanosleep*",
                                                 "mark_held_locks"};

inline constexpr std::string_view kAtomicSleep[] = {
    "__might_resched*", "__might_sleep*", "___might_sleep*", "__might_fault*", "__cant_sleep*"};
inline constexpr std::string_view kRcu[] = {"lockdep_rcu_suspicious*"};
inline constexpr std::string_view kCheckers[] = {"refcount_warn_saturate*",
                                                 "__list_add_valid*",
                                                 "__list_del_entry_valid*",
                                                 "ubsan_epilogue*",
                                                 "__ubsan_*",
                                                 "handle_overflow*",
                                                 "kasan_*",
                                                 "__kasan_*",
                                                 "__asan_*",
                                                 "kfence_*",
                                                 "kcsan_*",
                                                 "__tsan_*",
                                                 "check_region*",
                                                 "usercopy_abort*",
                                                 "__check_object_size*",
                                                 "check_heap_object*",
                                                 "__check_heap_object*",
                                                 "debug_print_object*",
                                                 "debug_object_*",
                                                 "__debug_*"};
inline constexpr std::string_view kAllocators[] = {"bad_page*",
                                                   "free_page_is_bad*",
                                                   "check_new_page*",
                                                   "free_pages_prepare*",
                                                   "__free_pages_ok*",
                                                   "free_unref_*",
                                                   "__free_frozen_pages*",
                                                   "free_frozen_pages*",
                                                   "__free_pages*",
                                                   "free_pages*",
                                                   "___free_pages*",
                                                   "__free_one_page*",
                                                   "get_page_from_freelist*",
                                                   "prep_new_page*",
                                                   "rmqueue*",
                                                   "__alloc_pages*",
                                                   "__alloc_frozen_pages*",
                                                   "alloc_pages*",
                                                   "check_mm*",
                                                   "print_trailer*",
                                                   "object_err*",
                                                   "slab_err*",
                                                   "check_object*",
                                                   "check_slab*",
                                                   "check_bytes_and_report*",
                                                   "alloc_debug_processing*",
                                                   "free_debug_processing*",
                                                   "free_to_partial_list*",
                                                   "alloc_consistency_checks*",
                                                   "free_consistency_checks*",
                                                   "on_freelist*",
                                                   "__slab_free*",
                                                   "___slab_alloc*",
                                                   "__slab_alloc*",
                                                   "slab_free*",
                                                   "kfree*",
                                                   "kmem_cache_*",
                                                   "__kmem_cache_*",
                                                   "__kmalloc*",
                                                   "kmalloc_*",
                                                   "print_bad_pte*"};
// Generic copy helpers: the splat is attributed to their caller.
inline constexpr std::string_view kCopying[] = {
    "memcpy*",     "__memcpy*",  "memmove*",    "__memmove*", "memset*",  "__memset*",
    "clear_page*", "copy_page*", "copy_user_*", "rep_movs*",  "rep_stos*"};
// Functions in which an interrupt finds a waiting CPU.
inline constexpr std::string_view kLowLevel[] = {"delay_*",
                                                 "__delay*",
                                                 "__const_udelay*",
                                                 "__udelay*",
                                                 "__ndelay*",
                                                 "cpu_relax*",
                                                 "rep_nop*",
                                                 "csd_lock_wait*",
                                                 "smp_call_function*",
                                                 "on_each_cpu*",
                                                 "pv_native_*",
                                                 "native_safe_halt",
                                                 "default_idle*",
                                                 "cpu_do_idle",
                                                 "arch_cpu_idle",
                                                 "watchdog_*",
                                                 "__hrtimer_run_queues*",
                                                 "hrtimer_interrupt*",
                                                 "__run_hrtimer*",
                                                 "check_cpu_stall*",
                                                 "rcu_sched_clock_irq*",
                                                 "rcu_pending*",
                                                 "update_process_times*",
                                                 "tick_*",
                                                 "rcu_dump_cpu_stacks*",
                                                 "print_cpu_stall*",
                                                 "print_other_cpu_stall*",
                                                 "dump_cpu_task*"};

} // namespace rig
