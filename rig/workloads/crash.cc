// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {

const Workload& crash() {
    static const Workload workload =
        page_table_workload("crash", "dies of a signal: rig's own test of what it makes of that",
                            "as with munmap", "as with munmap", timed_system_call("munmap"));
    return workload;
}

} // namespace rig::workloads
