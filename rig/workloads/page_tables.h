// SPDX-License-Identifier: GPL-2.0-or-later
// Shared by the workloads that free, replace or unshare page tables: their parameters, their work,
// and their hints about the path on which a page table is freed after the allocation of its batch
// failed.
#pragma once

#include "rig/workloads/workload.h"

namespace rig::workloads {

// A declaration to start from. `tables` and `pages` describe what the parameters `tables` and
// `pages_per_table` mean for this workload.
Workload page_table_workload(const std::string& name, const std::string& purpose,
                             const std::string& tables, const std::string& pages,
                             const TimedCall& iteration);
std::uint64_t tables_per_call(const WorkloadSpec& workload);
const std::vector<std::string>& page_table_options();
std::string page_table_hint(HintFor what, const HintFacts& facts);

} // namespace rig::workloads
