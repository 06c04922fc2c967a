// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/workloads/workload.h"

namespace rig::guest {

extern const Workload kMunmap, kExit, kCollapse, kPmdUnshare, kGupRace, kCommand, kThreads, kCrash;

const Workload* find_workload(std::string_view name) {
    for (const Workload* workload :
         {&kMunmap, &kExit, &kCollapse, &kPmdUnshare, &kGupRace, &kCommand, &kThreads, &kCrash})
        if (name == workload->name) return workload;
    return nullptr;
}

} // namespace rig::guest
