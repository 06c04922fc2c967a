// SPDX-License-Identifier: GPL-2.0-or-later
// What the workloads have in common that free, replace or unshare page tables: their parameters,
// their work, and hints for the path on which a page table is freed when the allocation of its
// batch fails.
#pragma once

#include "rig/workloads/workload.h"

namespace rig::workloads {

// The declaration that they share. `tables` and `pages` say what the parameters `tables` and
// `pages_per_table` mean here.
Workload page_table_workload(const std::string& name, const std::string& purpose,
                             const std::string& tables, const std::string& pages,
                             const TimedCall& iteration);
std::uint64_t tables_per_call(const WorkloadSpec& workload);
const std::vector<std::string>& page_table_options();
std::string page_table_hint(HintFor what, const HintFacts& facts);

} // namespace rig::workloads
