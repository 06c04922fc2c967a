// SPDX-License-Identifier: GPL-2.0-or-later
// Compares the splats of all boots with those that the experiment declares. Splats are facts, not
// figures: there is no test and no sample size. Without a declaration none is expected. Pure.
#pragma once

#include "rig/guest_output/sample.h"
#include "rig/plan/schedule.h"
#include "rig/spec/spec.h"

#include <string>
#include <vector>

namespace rig {

// One distinct splat of one arm.
struct ArmSplat {
    SplatKind kind = SplatKind::Bug;
    std::string title, function;
    unsigned boots = 0;      // boots of the arm that have it
    std::uint64_t count = 0; // occurrences in all of them
    BootId first;            // the boot that reports quote
    bool declared = false;   // the arm is broken on purpose, and this splat shows it
    // Not declared, but seen only after the declared splat of a boot: may be its consequence, so it
    // is not judged.
    bool followed = false;
    bool in_baseline = false; // the first arm has it too: the patch does not cause it
    std::string guilty = {};  // SampleSplat::guilty of the first boot that has one
};

enum class SplatVerdict {
    Clean, // no splat, and none declared
    // Every boot has the declared splat, and no other before it. (Later ones do not count: after a
    // splat a kernel is no longer reliable.)
    AsDeclared,
    // A splat that is not declared.
    Splatted,
    // A boot lacks the declared splat: the control did not fail.
    Silent,
};
const char* words(SplatVerdict verdict);

struct ArmSplats {
    std::string arm;
    std::string declared; // text of the experiment file; "" if none is declared
    unsigned boots = 0;
    // In the order of their first occurrence.
    std::vector<ArmSplat> splats;
    std::vector<ArmSplat> notices; // shown, not judged: processes killed by the OOM killer
    // Undeclared: occurrences beyond the list of a boot, in boots without the declared splat.
    std::uint64_t further = 0;
    std::vector<unsigned> silent; // boots without the declared splat
    SplatVerdict verdict = SplatVerdict::Clean;
};

// Whether `text` is a part of this splat's title, of its function, or of a function in its call
// trace.
bool names_splat(const std::string& text, const SampleSplat& splat);

// One entry per arm, in the order of the spec.
std::vector<ArmSplats> judge_splats(const Spec& spec, const std::vector<Sample>& samples);

// The effect of splats on a comparison. An undeclared splat breaks it even if validity checks
// failed. A control without its splat breaks it only if the validity checks passed, since a line
// that never ran cannot cause a splat.
struct SplatConclusion {
    bool broken = false;
    bool as_declared = false; // at least one arm declares a splat, and all are as declared
    std::string closing;      // if broken: "kernel splat in reviewed: BUG: ..."; at most 80 bytes
};
SplatConclusion conclude(const std::vector<ArmSplats>& arms, bool proven);

} // namespace rig
