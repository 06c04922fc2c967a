// SPDX-License-Identifier: GPL-2.0-or-later
// mm/fail_page_alloc.c
#include "rig/fault_points/fault_points.h"

#include <fmt/format.h>

namespace rig::fault_points {
namespace {

std::string why_no_page_failed(const FaultValues& values, const std::string& key) {
    const auto order = number_of(fail_page_alloc(), values, "min-order");
    return order > 0 ? fmt::format("{}min-order = {} lets order-0 allocations pass", key, order)
                     : "";
}

std::string only_atomic_pages(const FaultValues& values, const std::string& key) {
    return only_atomic(fail_page_alloc(), values, key);
}

} // namespace

std::string only_atomic(const FaultPoint& point, const FaultValues& values,
                        const std::string& key) {
    return flag_of(point, values, "ignore-gfp-wait")
               ? key + "ignore-gfp-wait = true, the default, lets allocations pass that may sleep"
               : "";
}

FaultAttribute ignore_gfp_wait() {
    return {.type = FaultAttribute::Type::Flag,
            .key = "ignore-gfp-wait",
            .standard = true,
            .example = "ignore-gfp-wait = false",
            .text = R"(
Allocations that may sleep (`GFP_KERNEL`) never fail. Most slab allocations are of this
kind: for `failslab` it is mostly to be `false`.)"};
}

const FaultPoint& fail_page_alloc() {
    using enum FaultAttribute::Type;
    static const FaultPoint point{
        .name = "fail_page_alloc",
        .what = "page allocations",
        .options = {"FAIL_PAGE_ALLOC"},
        .attributes = {{.type = Number,
                        .key = "min-order",
                        .low = 0,
                        .high = 10,
                        .standard = std::int64_t{0},
                        .example = "min-order = 1",
                        .text = R"(Allocations of a smaller order never fail.)"},
                       ignore_gfp_wait(),
                       {.type = Flag,
                        .key = "ignore-gfp-highmem",
                        .standard = true,
                        .only_if_set = true,
                        .example = "ignore-gfp-highmem = false",
                        .text = R"(
Allocations that may be in high memory never fail. Memory of user space is of this kind,
on 64-bit kernels too.)"}},
        .decides = {"should_fail_alloc_page", "u8", "ret == 1"},
        .entry_event = "alloc",
        .failed_event = "alloc_failed",
        .count_key = "failed_allocations",
        .inner = {"should_fail_alloc_page", "alloc_pages", "get_free_pages", "__get_free_page",
                  "prepare_alloc_pages", "alloc_frozen_pages"},
        .why_none = why_no_page_failed,
        .likely_why_none = only_atomic_pages,
        .functions = {
            "__alloc_frozen_pages_noprof",
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
            "vma_alloc_folio_noprof",
        }};
    return point;
}

} // namespace rig::fault_points
