// SPDX-License-Identifier: GPL-2.0-or-later
// Data: functions that Splat::guilty skips, in addition to those of function_lists.h. A fault in
// memcpy() is not memcpy()'s: its caller passed a bad pointer. A '*' matches any text.
#pragma once

#include <string_view>

namespace rig {

// One name per line would take 600 lines.
// clang-format off

// Functions that detect a fault, or lie between the fault and the report.
inline constexpr std::string_view kDetectors[] = {
    "*kasan_*", "*_asan_*", "__asan*", "*hwasan_*", "*kmsan_*", "__msan_*", "*kcsan_*", "__tsan_*",
    "kfence_*", "__kfence_*", "*sanitizer_*", "write_comp_data", "check_memory_region*",
    "memory_is_poisoned*", "check_region*", "print_*report*", "print_shadow*", "end_report*",
    "check_panic_on_warn", "report_*", "fixup_bug*", "*invalid_op", "do_error_trap*", "do_trap*",
    "error_entry", "*general_protection", "page_fault", "async_page_fault", "do_page_fault",
    "__do_page_fault", "*do_kernel_fault*", "kernelmode_fixup*", "bad_area*", "__bad_area*",
    "no_context", "*do_user_fault*", "do_mem_abort", "do_alignment_fault", "*tag_check_fault*",
    "*double_fault", "warn_*", "__warn*", "__panic*", "panic*", "*_panic", "*BUG", "*assertfail",
    "assfail", "__fortify_*", "usercopy_*", "*check_object*", "check_heap_object*",
    "check_stack_object*", "debug_object*", "debug_print_object", "debug_check_*", "debug_dma_*",
    "*_debug_object*", "*_is_static_object", "lookup_object_or_alloc", "debug_smp_*",
    "debug_spin_*", "debug_mutex_*", "debug_lockdep_*", "debug_lock*", "check_preemption_disabled",
    "*preempt_check", "*preempt_count_*", "preempt_schedule*", "ubsan_*", "__ubsan_*",
    "val_to_string", "save_stack*", "stack_trace_*", "*stack_depot*", "arch_stack_walk*",
    "__unwind_start", "unwind_*", "kmemleak_*", "ref_tracker_*", "netdev_tracker_*", "*_trace_lock",
    "perf_trace_*", "__traceiter_*", "trace_event_*", "trace_*", "show_trace*", "show_stack*",
    "dump_*", "__dump_*", "nmi_cpu_backtrace*", "refcount_warn*", "*x86_indirect_thunk*",
    "*x86_return_thunk*", "*cfi_check*", "handle_cfi*", "stack_segment", "*vmalloc_fault",
    "rust_helper_*", "_ZN*panic*", "*_BUG_ON", "kunit_*", "bug_handler*", "kgdb_*", "do_undefinstr",
    "__und_svc*", "call_undef_hook", "do_DataAbort", "asm_*", "*sysvec_*", "*apic_timer_interrupt",
    "smp_apic_*", "handle_bug*", "exc_*", "*bad_page", "check_new_page*", "notify_die*",
    "umount_check", "*__report", "irqentry_*", "el1_*", "el1h_*", "el1t_*", "rcu_lockdep_*",
    "lockdep_*", "create_object*", "__stack_chk_fail", "__kmemleak*", "retint_*", "ret_from_intr"};

// Locks, and functions that disable interrupts or preemption.
inline constexpr std::string_view kLocks[] = {
    "*spin_lock*", "*spin_unlock*", "*spin_trylock*", "*raw_read_*", "*raw_write_*", "*read_lock*",
    "*read_unlock*", "*write_lock*", "*write_unlock*", "*read_trylock*", "*write_trylock*",
    "*mutex_lock*", "*mutex_unlock*", "*mutex_trylock*", "mutex_spin_*", "*mutex_optimistic_spin*",
    "mutex_can_spin*", "*osq_lock*", "osq_*", "down", "down_*", "__down*", "up", "up_*", "__up*",
    "rwsem_*", "*_rwsem_*", "percpu_down_*", "percpu_up_*", "call_rwsem_*", "rt_mutex_*",
    "lock_acquire*", "__lock_acquire*", "lock_release*", "__lock_release*", "lock_is_held*",
    "__lock_is_held*", "lock_sock*", "__lock_sock*", "release_sock", "lock_contended*",
    "lock_acquired*", "lock_set_class*", "__lock_set_class*", "*lock_class*", "*lock_slowpath*",
    "lock_timer_base*", "bit_spin_*", "hlock_*", "check_wait_context*", "reacquire_held_locks*",
    "__task_rq_lock", "task_rq_lock", "rcu_note_*", "local_bh_*", "__local_bh_*", "_local_bh_*",
    "*local_irq_*", "*context_switch", "spin_dump*", "spin_bug*", "rwlock_bug*", "do_raw_*"};

// Memory, reference counts, creation and destruction of objects.
inline constexpr std::string_view kMemory[] = {
    "*alloc_page*", "*alloc_frozen_page*", "alloc_pages*", "*kmalloc*", "*kzalloc*", "kcalloc*",
    "kvcalloc*", "*vmalloc*", "*vzalloc*", "krealloc*", "kvmemdup*", "kmemdup*", "kstrdup*",
    "kstrndup*", "kasprintf*", "kvasprintf*", "memdup_user*", "vmemdup_user*", "*kmem_cache_*",
    "slab_*", "__slab_*", "___slab_*", "*_to_slab*", "allocate_slab*", "new_slab*", "*cache_alloc*",
    "*cache_free*", "kfree*", "kvfree*", "vfree*", "kzfree*", "*free_large_k*", "free_unref_*",
    "*free_pages*", "free_page_*", "*free_frozen_pages*", "__free_one_page*", "free_large_*",
    "free_the_page*", "get_page_from_freelist*", "prep_new_page*", "rmqueue*", "mempool_*",
    "pcpu_alloc*", "*alloc_percpu*", "free_percpu*", "sk_alloc*", "sk_prot_alloc*", "__do_kmalloc*",
    "alloc_large_*", "virt_to_head_page*", "virt_to_cache*", "virt_to_folio*", "compound_head*",
    "page_to_*", "refcount_*", "__refcount_*", "*_refcount_*", "kref_*", "atomic_*", "atomic64_*",
    "*arch_atomic*", "raw_atomic*", "*atomic_dec_and_*", "atomic_long_*", "kobject_*", "kobj_*",
    "get_device*", "put_device*", "device_add*", "device_del*", "device_register*",
    "device_unregister*", "device_release", "device_remove_*", "device_create*", "device_destroy*",
    "device_initialize", "dpm_sysfs_*", "sysfs_*", "add_uevent_var", "devres_release_*",
    "skb_release_*", "drop_nlink", "inc_nlink", "clear_nlink", "set_nlink", "mark_buffer_dirty*",
    "folio_unlock", "folio_lock*", "unlock_page", "lock_page", "__folio_lock*", "__lock_page*",
    "folio_wait_*", "folio_mark_*", "dput", "fast_dput", "dget", "print_bad_pte", "ihold",
    "page_ref_*", "put_page*", "get_page", "folio_put*", "folio_get*", "pcpu_*", "*vunmap*", "iput",
    "iput_final", "*sk_destruct", "sk_free*", "*sk_free", "sock_put", "sock_hold", "usb_kill_urb",
    "usb_poison_urb", "usb_free_urb", "usb_unlink_urb", "tty_unregister_device",
    "rollback_registered*", "unregister_netdevice_many*", "unregister_netdevice_queue*",
    "i2c_del_adapter*", "i2c_unregister_device", "__unregister_client", "device_for_each_child*",
    "find_lock_entries*", "find_get_*", "*filemap_get_*", "pagecache_get_page",
    "truncate_inode_pages*"};

// Strings, bits, lists, trees, checksums, copies from and to user space.
inline constexpr std::string_view kData[] = {
    "memcpy*", "memcmp*", "memmove*", "memset*", "memchr*", "memscan*", "bcmp*", "__memcpy*",
    "__memcmp*", "__memmove*", "__memset*", "__pi_mem*", "__pi_str*", "strlen*", "strnlen*",
    "strcmp*", "strncmp*", "strcasecmp*", "strncasecmp*", "strcpy*", "strncpy*", "strscpy*",
    "sized_strscpy*", "strlcpy*", "strlcat*", "strcat*", "strncat*", "strchr*", "strrchr*",
    "strnchr*", "strstr*", "strnstr*", "strsep*", "strspn*", "strcspn*", "strim*", "strpbrk*",
    "skip_spaces*", "string", "string_nocheck", "hex_dump_*", "hex_string", "number", "pointer",
    "*printf", "vprintk*", "printk*", "_printk*", "do_strncpy_*", "strncpy_from_*", "strnlen_user*",
    "crc16*", "crc32*", "crc_*", "*list_add*", "*list_del*", "list_empty*", "list_move*",
    "list_replace*", "list_splice*", "__list_*", "hlist_*", "__hlist_*", "hlist_bl_*", "llist_*",
    "plist_*", "klist_*", "next_device*", "__rb_*", "rb_*", "____rb_*", "xas_*", "xa_*", "__xa_*",
    "ida_*", "*find_next_bit*", "*find_first_bit*", "*find_next_zero*", "*_find_*bit*",
    "*test_bit*", "*test_and_*_bit*", "*set_bit", "*clear_bit", "*change_bit", "*_bit_unlock*",
    "instrument_*", "*copy_from_user*", "*copy_to_user*", "_copy_*", "__copy_*", "copy_user_*",
    "copyin", "copyout", "copy_page*", "clear_page*", "*get_user_*", "*put_user_*", "__might_*",
    "___might_*", "__cant_*", "read_word_at_a_time*", "load_unaligned_zeropad*", "csum_partial*",
    "*csum_and_copy*", "__read_once*", "__write_once*", "*_read_once_*", "seqcount_*", "read_seq*",
    "__read_seq*", "skb_over_panic", "skb_under_panic", "skb_push", "skb_put", "skb_pull",
    "__skb_pull", "inb", "outb", "inw", "outw", "inl", "outl", "readb", "readl", "writeb", "writel",
    "logic_in*", "logic_out*", "get_unaligned*", "put_unaligned*", "prandom_*", "get_random_*",
    "__raw_read*", "__raw_write*", "*copy_to_iter*", "*copy_from_iter*"};

// Waiting, waking, timers and workqueues: their caller is to blame.
inline constexpr std::string_view kWaiting[] = {
    "schedule", "__schedule*", "schedule_*", "*might_resched*", "*cond_resched*", "io_schedule*",
    "__switch_to*", "wait_for_completion*", "__wait_for_common*", "wait_for_common*",
    "do_wait_for_common*", "__wait_on_*", "wait_on_*", "out_of_line_wait_*", "bit_wait*",
    "__wake_up*", "prepare_to_wait*", "*flush_work*", "*flush_delayed_work*", "*cancel_work*",
    "*cancel_delayed_work*", "*queue_work*", "*queue_delayed_work*", "*mod_delayed_work*",
    "*flush_workqueue*", "*drain_workqueue*", "destroy_workqueue*", "try_to_grab_pending*",
    "*del_timer*", "*timer_delete*", "*mod_timer*", "add_timer*", "init_timer*", "timer_fixup_*",
    "call_rcu*", "__call_rcu*", "msleep*", "usleep_*", "do_nanosleep*", "kill_fasync*",
    "finish_wait*", "kthread_stop*", "kthread_park*", "*wait_rcu_gp*", "rcu_barrier*",
    "insert_work*", "__insert_work", "*filemap_fdatawait*", "filemap_fdatawrite*", "*rt_mutex_*",
    "do_read_cache_folio*", "do_read_cache_page*"};

// For memory leaks: allocators that call another allocator.
inline constexpr std::string_view kContainers[] = {
    "radix_tree_*", "idr_*", "alloc_skb*", "__alloc_skb*", "__netdev_alloc_*", "alloc_inode",
    "new_inode*"};

// For bad pages: functions that free network buffers.
inline constexpr std::string_view kBuffers[] = {
    "kfree_skb*", "*skb_reason_drop*", "consume_skb*", "skb_*", "__kfree_skb*"};

// For stalls: functions that call an operation of the kernel. The timer interrupt finds a stuck CPU
// anywhere in the operation; the function to blame is the one that the innermost dispatcher called.
inline constexpr std::string_view kDispatchers[] = {
    "do_syscall_*", "do_int80_*", "do_fast_syscall_*", "__do_fast_syscall_*", "entry_*",
    "system_call_*", "sysenter_*", "tracesys*", "el0_svc*", "__invoke_syscall*", "invoke_syscall*",
    "ret_fast_syscall", "syscall_*", "do_el0_svc*", "process_one_work", "process_scheduled_works",
    "worker_thread", "task_work_run*", "vfs_ioctl", "do_vfs_ioctl", "__do_sys_ioctl",
    "__se_sys_ioctl", "ksys_ioctl", "call_timer_fn*", "expire_timers*", "*run_timers*",
    "run_timer_softirq*", "*hrtimer_run_queues*", "__run_hrtimer*", "hrtimer_interrupt*",
    "tasklet_action*", "__netif_receive_skb*", "*netif_receive_skb_*", "netif_receive_skb*",
    "process_backlog*", "net_rx_action*", "*do_softirq*", "handle_softirqs*", "run_ksoftirqd*",
    "smpboot_thread_fn", "kthread", "ret_from_fork*", "start_secondary*", "cpu_startup_entry",
    "do_idle", "start_kernel", "secondary_startup_*", "__vfs_write", "__vfs_read", "vfs_write",
    "vfs_read", "new_sync_write", "new_sync_read", "call_write_iter", "call_read_iter",
    "rcu_do_batch*", "rcu_core*", "do_one_initcall*", "sock_sendmsg*", "__sock_sendmsg*",
    "sock_sendmsg_nosec*", "____sys_sendmsg*", "compat_SyS_ioctl", "SyS_ioctl", "SYSC_ioctl",
    "*_sys_ioctl", "sys_ioctl", "*_compat_sys_ioctl", "rtnetlink_rcv_msg", "nfnetlink_rcv_msg",
    "nfnetlink_rcv_batch", "genl_rcv_msg", "genl_family_rcv_msg*"};

// For stalls: functions of the timer interrupt in which the detector runs, and its outermost
// function.
inline constexpr std::string_view kClock[] = {
    "update_process_times*", "tick_*", "watchdog_timer_fn*", "check_cpu_stall*",
    "rcu_check_callbacks*", "rcu_sched_clock_irq*"};
inline constexpr std::string_view kInterrupts[] = {
    "apic_timer_interrupt", "asm_sysvec_*", "el1_irq*", "el1h_64_irq", "__irq_svc", "ret_from_intr",
    "asm_common_interrupt", "ret_from_exception*", "handle_exception*", "*apic_timer_interrupt*"};

// For stalls: functions that wait for another CPU, so their callers are not to blame.
inline constexpr std::string_view kWaitForCpus[] = {
    "smp_call_function_*"};

// For stalls: stacks of the detector itself or of an idle CPU, which show no culprit.
inline constexpr std::string_view kBystanders[] = {
    "rcu_gp_kthread*", "rcu_gp_fqs_loop*", "khugepaged", "watchdog", "default_idle*",
    "arch_cpu_idle*"};

// clang-format on

} // namespace rig
