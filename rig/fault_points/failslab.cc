// SPDX-License-Identifier: GPL-2.0-or-later
// mm/failslab.c
#include "rig/fault_points/fault_points.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig::fault_points {
namespace {

// A cache takes part in the filter if its own file says so.
std::vector<FaultWrite> slab_writes(const FaultValues& values) {
    const std::string wait = flag_of(failslab(), values, "ignore-gfp-wait") ? "Y" : "N";
    const auto caches = names_of(failslab(), values, "cache-filter");
    const std::string filter = caches.empty() ? "N" : "Y";
    std::vector<FaultWrite> out{{"ignore-gfp-wait", wait, wait}, {"cache-filter", filter, filter}};
    for (const auto& cache : caches)
        out.push_back({fmt::format("/sys/kernel/slab/{}/failslab", cache), "1", "1"});
    return out;
}

std::string likely_why_no_slab_failed(const FaultValues& values, const std::string& key) {
    const auto caches = names_of(failslab(), values, "cache-filter");
    if (auto why = only_atomic(failslab(), values, key); !why.empty()) return why;
    return caches.empty() ? ""
                          : fmt::format("{}cache-filter lets all caches pass but {}", key,
                                        fmt::join(caches, ", "));
}

} // namespace

const FaultPoint& failslab() {
    using enum FaultAttribute::Type;
    static const FaultPoint point{.name = "failslab",
                                  .what = "slab allocations",
                                  .options = {"FAILSLAB"},
                                  .attributes = {ignore_gfp_wait(),
                                                 {.type = Names,
                                                  .key = "cache-filter",
                                                  .high = 16,
                                                  .standard = std::vector<std::string>{},
                                                  .example = "cache-filter = [\"vm_area_struct\"]",
                                                  .text = R"(
Only allocations from these slab caches fail (folders of `/sys/kernel/slab`). The kernel
refuses a cache that it has merged with another: add `slab_nomerge` to
`guest.extra_cmdline`.)"}},
                                  .decides = {"should_failslab", "s32", "ret != 0"},
                                  .entry_event = "slab",
                                  .failed_event = "slab_failed",
                                  .count_key = "failed_slab_allocations",
                                  .writes = slab_writes,
                                  .inner = {"should_failslab", "slab_pre_alloc_hook", "slab_alloc",
                                            "kmem_cache_alloc", "kmalloc", "krealloc", "kvmalloc",
                                            "kvrealloc"},
                                  .likely_why_none = likely_why_no_slab_failed,
                                  .functions = {
                                      "__kmalloc",
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
                                      "kvrealloc_noprof",
                                  }};
    return point;
}

} // namespace rig::fault_points
