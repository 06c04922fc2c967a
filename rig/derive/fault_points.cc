// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/derive/fault_points.h"

#include <algorithm>

namespace rig {

// The names that are left when a kernel is linked: most allocators are macros and inline functions
// around these. Since 6.10 they end in _noprof.
const std::vector<FaultPoint>& fault_points() {
    static const std::vector<FaultPoint> points{
        {"failslab",
         {"__kmalloc",
          "__kmalloc_cache_node_noprof",
          "__kmalloc_cache_noprof",
          "__kmalloc_flags_noprof",
          "__kmalloc_node",
          "__kmalloc_node_noprof",
          "__kmalloc_node_track_caller",
          "__kmalloc_node_track_caller_noprof",
          "__kmalloc_nolock_noprof",
          "__kmalloc_noprof",
          "__kmalloc_track_caller",
          "__kvmalloc_node_noprof",
          "_kmalloc_nolock_noprof",
          "kmalloc_node_trace",
          "kmalloc_trace",
          "kmalloc_trace_noprof",
          "kmem_cache_alloc",
          "kmem_cache_alloc_bulk",
          "kmem_cache_alloc_bulk_noprof",
          "kmem_cache_alloc_from_sheaf_noprof",
          "kmem_cache_alloc_lru",
          "kmem_cache_alloc_lru_noprof",
          "kmem_cache_alloc_node",
          "kmem_cache_alloc_node_noprof",
          "kmem_cache_alloc_noprof",
          "kmem_cache_alloc_trace",
          "krealloc",
          "krealloc_node_align_noprof",
          "krealloc_noprof",
          "kvrealloc_node_align_noprof",
          "kvrealloc_noprof"}},
        {"fail_page_alloc",
         {"__alloc_frozen_pages_noprof",
          "__alloc_pages",
          "__alloc_pages_bulk",
          "__alloc_pages_noprof",
          "__folio_alloc",
          "__folio_alloc_noprof",
          "__get_free_pages",
          "__kmalloc_large_node",
          "__kmalloc_large_node_noprof",
          "__kmalloc_large_noprof",
          "__vmalloc_node_range",
          "__vmalloc_node_range_noprof",
          "alloc_frozen_pages_nolock_noprof",
          "alloc_frozen_pages_noprof",
          "alloc_pages",
          "alloc_pages_bulk_noprof",
          "alloc_pages_exact",
          "alloc_pages_exact_nid_noprof",
          "alloc_pages_exact_noprof",
          "alloc_pages_mpol",
          "alloc_pages_mpol_noprof",
          "alloc_pages_node_noprof",
          "alloc_pages_nolock_noprof",
          "alloc_pages_noprof",
          "folio_alloc",
          "folio_alloc_mpol_noprof",
          "folio_alloc_noprof",
          "get_free_pages_noprof",
          "get_zeroed_page",
          "get_zeroed_page_noprof",
          "vma_alloc_folio",
          "vma_alloc_folio_noprof"}},
        {"fail_usercopy",
         {"_copy_from_iter", "_copy_from_user", "_copy_to_iter", "_copy_to_user",
          "should_fail_usercopy", "strncpy_from_user"}},
        {"fail_futex", {"should_fail_futex"}},
        {"fail_make_request", {"submit_bio_noacct"}},
        {"fail_io_timeout", {"__blk_should_fake_timeout"}},
        {"fail_skb_realloc", {"skb_might_realloc"}},
        {"fail_sunrpc", {"rpc_exit_task"}},
    };
    return points;
}

const FaultPoint* fault_point_of(std::string_view function) {
    for (const auto& point : fault_points())
        if (std::ranges::binary_search(point.functions, function)) return &point;
    return nullptr;
}

bool leaves_the_caller(std::string_view function) {
    static const std::vector<std::string_view> names{
        "__schedule",    "__stack_chk_fail", "__warn",
        "__warn_printk", "add_taint",        "bad_page",
        "die",           "make_task_dead",   "oops_end",
        "panic",         "preempt_schedule", "preempt_schedule_thunk",
        "schedule",      "warn_slowpath_fmt"};
    return std::ranges::find(names, function) != names.end();
}

} // namespace rig
