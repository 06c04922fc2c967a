// SPDX-License-Identifier: GPL-2.0-or-later
// The definition of a validity check, its input, and how it is evaluated over all boots of an arm.
// Pure. A check that fails is a value, not an error.
#pragma once

#include "rig/analysis/line_evidence.h"
#include "rig/guest_output/sample.h"
#include "rig/kernel/kernel_facts.h"
#include "rig/spec/spec.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rig {

struct ValidityCheck {
    std::string id;    // "injections"
    std::string claim; // "allocations failed in every boot"
    bool passed = false;
    // What was found and, if the check failed, what was wanted: "boot 3: 0 injections, want > 0".
    std::string found;
    std::string reason; // if failed: the probable cause and what to look at
};

struct ArmChecks {
    std::string arm;
    std::vector<ValidityCheck> checks;
    bool all_pass() const;
};

// The input of all checks. A view: everything must outlive it.
struct ArmEvidence {
    const Spec& spec;
    const Arm& arm;
    const KernelFacts& kernel;
    const KernelFacts& baseline;        // the first arm's kernel
    const std::vector<Sample>& samples; // all samples of the run; those of other arms are ignored
    const std::vector<Replay>& replays; // all replays of the run
    // What the plugin counted in the run; nullptr: nothing.
    const LineEvidence* lines = nullptr;
};

using Boots = std::vector<const Sample*>; // of one arm, by index

// Evaluates a check over all boots. `wrong` describes what is wrong with a boot, or returns
// nullopt; `reason` is called for the first bad boot only.
template<class Wrong, class Reason>
ValidityCheck over_boots(ValidityCheck check, const Boots& boots, Wrong wrong, Reason reason) {
    const Sample* first = nullptr;
    std::string what;
    std::size_t bad = 0;
    for (const auto* boot : boots)
        if (auto fault = wrong(*boot)) {
            ++bad;
            if (!first) first = boot, what = *fault;
        }
    check.passed = bad == 0 && !boots.empty();
    if (boots.empty()) {
        check.found = "no boot, want at least one";
        check.reason = "nothing was measured in this arm";
    } else if (first) {
        check.found = fmt::format("boot {}: {}", first->id.index, what);
        if (bad > 1) check.found += fmt::format(" ({} of {} boots fail)", bad, boots.size());
        check.reason = reason(*first);
    }
    return check;
}

// "80 in each of 8 boots" or "78..82 in 8 boots".
template<class Value> std::string range(const Boots& boots, Value value) {
    if (boots.empty()) return "no boot";
    auto low = value(*boots[0]), high = low;
    for (const auto* boot : boots) {
        low = std::min(low, value(*boot));
        high = std::max(high, value(*boot));
    }
    return low == high ? fmt::format("{} in each of {} boots", low, boots.size())
                       : fmt::format("{}..{} in {} boots", low, high, boots.size());
}

// What the experiment's workload knows about the cause of a failed check; "" if nothing
// (rig/workloads/workload.h). `boot` is the first one that failed, or nullptr for a check of the
// kernel's files. `option` belongs to HintFor::ConfigDiffers.
std::string workload_hint(const ArmEvidence& evidence, HintFor what, const Sample* boot = nullptr,
                          const std::string& option = "");

using Wrong = std::optional<std::string>; // what is wrong with a boot; nullopt: nothing

} // namespace rig
