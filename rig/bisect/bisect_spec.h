// SPDX-License-Identifier: GPL-2.0-or-later
// Turns an experiment into the experiment that measures revisions of a history: the same guest,
// workload and instruments, each revision an arm, no expectations. The result is a list of
// overrides, so that each run of a bisection can be derived from the file and judged again. Pure.
#pragma once

#include "rig/spec/spec.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// Used instead of a metric: the result of a run of the whole experiment, 0 pass, 1 fail. Only for
// commits.
inline constexpr const char* kVerdictMetric = "verdict";

struct RevisionArm {
    std::string id;
    // Folder with the patches of the revision, which are applied after those of the arm. Empty:
    // none.
    std::filesystem::path series;
    // Commit in the repository of `source`. Empty: the revision that `source` names.
    std::string commit;
};

// `spec`: as it was read with spec.overrides. `arm`: its series, command line and allowed options
// are those of all revisions. `source`: used instead of that of the experiment. For kVerdictMetric
// the result is the unchanged experiment on the commit of the one revision. FaultDomain::Spec for
// an arm that is prebuilt or broken on purpose, and for a metric that the experiment does not have.
Result<std::vector<SpecOverride>> revision_overrides(const Spec& spec, const Arm& arm,
                                                     const std::vector<RevisionArm>& revisions,
                                                     const std::optional<GitSource>& source,
                                                     const std::string& metric);

} // namespace rig
