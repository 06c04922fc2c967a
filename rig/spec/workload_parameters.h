// SPDX-License-Identifier: GPL-2.0-or-later
// Reads values of [workload] that a workload declares, and its bystanders. All errors are those of
// SpecTable.
#pragma once

#include "rig/spec/toml_reader.h"
#include "rig/workloads/workload.h"

namespace rig {

// Sets `out` if the table has the parameter's key.
Status read_parameter(const SpecTable& table, const WorkloadParameter& parameter,
                      std::optional<ParameterValue>& out);

// Values that the workload refuses although each is accepted for itself.
Status check_parameters(const SpecTable& table, const WorkloadSpec& workload, unsigned vcpus);

// The keys of [workload] about bystanders, and [workload.caller_bystander].
Status read_bystanders(const SpecTable& table, WorkloadSpec& workload, unsigned vcpus);

} // namespace rig
