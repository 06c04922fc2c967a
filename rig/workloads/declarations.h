// SPDX-License-Identifier: GPL-2.0-or-later
// The functions that declare workloads, one for each file of this folder. To add a workload: its
// file here, its line here and in all_workloads(), and its code in guest/workloads/.
#pragma once

#include "rig/workloads/workload.h"

namespace rig::workloads {

const Workload& munmap();
const Workload& exit();
const Workload& collapse();
const Workload& pmd_unshare();
const Workload& gup_race();
const Workload& command();
const Workload& threads();
const Workload& crash();

} // namespace rig::workloads
