// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses and mappings that the workloads share.
#pragma once

#include "guest/workloads/workload.h"

#include <cstddef>
#include <cstdint>

namespace rig::guest {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kTableSpan = 2u << 20; // one PTE table maps 512 pages
constexpr std::uintptr_t kSlot = 1u << 30;   // one PMD table maps 512 PTE tables

// Start of the seed's 1 GiB slot, or of the n-th slot after it. Far from the binary, the stack and
// mmap_base.
std::uintptr_t slot_address(const WorkloadParams& params, unsigned n = 0);

// Private anonymous memory at exactly this address; nullptr: see errno.
char* map_at(std::uintptr_t address, std::size_t length);

// Writes `pages_per_table` pages under each of `tables` page tables.
void touch(char* region, const WorkloadParams& params);

// The common part of every workload's preparation: touches the pages of the report, allocates the
// seed's ballast, and checks that `tables` leaves room for an anchor in a slot. False: see
// report.error.
bool prepare_common(const WorkloadParams& params, WorkloadReport& report);

// The anchor is one page at the end of a slot that stays mapped. Without it the PMD and PUD tables
// above would be freed as well, and the predicted counts would depend on the address of the
// mapping.
std::uintptr_t anchor_address(std::uintptr_t slot);
bool drop_anchor(std::uintptr_t slot, WorkloadReport& report);

} // namespace rig::guest
