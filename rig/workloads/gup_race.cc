// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {

const Workload& gup_race() {
    static const Workload workload = page_table_workload(
        "gup_race",
        "frees page tables while lockless walkers on other CPUs read them; counts what "
        "they got wrong",
        "page tables freed by each call", "pages touched under each table",
        timed_system_call("munmap"));
    return workload;
}

} // namespace rig::workloads
