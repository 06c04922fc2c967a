// SPDX-License-Identifier: GPL-2.0-or-later
// A workload that dies half-way: tests that the agent survives a crash of its workload and reports
// it.
#include "guest/workloads/workload.h"

#include <csignal>

namespace rig::guest {
namespace {

void prepare_crash(const WorkloadParams&, WorkloadReport&) {}

void run_crash(const WorkloadParams&, WorkloadReport& report) {
    report.calls = 1;
    ::raise(SIGSEGV);
}

} // namespace

extern const Workload kCrash;
const Workload kCrash{"crash", prepare_crash, run_crash};

} // namespace rig::guest
