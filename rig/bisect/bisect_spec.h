// SPDX-License-Identifier: GPL-2.0-or-later
// An experiment -> the experiment that measures revisions of a history: the same guest, workload
// and instruments; each revision an arm; nothing declared. Expressed as overrides, so that each run
// of a bisection is told from the file and can be judged again. Pure.
#pragma once

#include "rig/spec/spec.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// In the place of a metric: how a run of the whole experiment comes out, 0 as expected, 1 broken.
// Only for commits.
inline constexpr const char* kVerdictMetric = "verdict";

struct RevisionArm {
    std::string id;
    std::filesystem::path
        series; // folder with the revision's own patches, applied behind the arm's; empty: none
    std::string commit; // of `source`'s repository; empty: the one that it names
};

// `spec` as it was read with spec.overrides; `arm`: whose series, command line and allowed options
// the revisions start from. `source`: in place of the experiment's. Of kVerdictMetric: the
// experiment as it is, on the one revision's commit. FaultDomain::Spec for an arm that is prebuilt
// or broken on purpose, and for a metric the experiment does not have.
Result<std::vector<SpecOverride>> revision_overrides(const Spec& spec, const Arm& arm,
                                                     const std::vector<RevisionArm>& revisions,
                                                     const std::optional<GitSource>& source,
                                                     const std::string& metric);

} // namespace rig
