// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses and mappings the workloads share.
#pragma once

#include "guest/workloads/workload.h"

#include <cstddef>
#include <cstdint>

namespace rig::guest {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kTableSpan = 2u << 20; // one PTE table maps 512 pages
constexpr std::uintptr_t kSlot = 1u << 30;   // one PMD table maps 512 PTE tables

// Start of the seed's own 1 GiB slot, or of the n-th after it. Far from the binary, the stack and
// mmap_base.
std::uintptr_t slot_address(const WorkloadParams& params, unsigned n = 0);

// Private anonymous memory at exactly this address; nullptr: errno tells.
char* map_at(std::uintptr_t address, std::size_t length);

// Writes `pages_per_table` pages under each of `tables` page tables.
void touch(char* region, const WorkloadParams& params);

// What each workload's preparation begins with: pages of the report touched, the seed's ballast
// held, `tables` checked to leave room for an anchor in a slot. False: report.error tells.
bool prepare_common(const WorkloadParams& params, WorkloadReport& report);

// One page at the end of a slot that stays mapped: without it the PMD and PUD tables above would be
// freed as well, and the prediction would depend on where the mapping lies.
std::uintptr_t anchor_address(std::uintptr_t slot);
bool drop_anchor(std::uintptr_t slot, WorkloadReport& report);

} // namespace rig::guest
