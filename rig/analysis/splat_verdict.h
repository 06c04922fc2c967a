// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernels complained of, over all boots, against what the experiment declares. Facts, not
// figures: no test, no sample size, and no declaration means that none is expected. Pure.
#pragma once

#include "rig/guest_output/sample.h"
#include "rig/plan/schedule.h"
#include "rig/spec/spec.h"

#include <string>
#include <vector>

namespace rig {

// One splat of one arm.
struct ArmSplat {
    SplatKind kind = SplatKind::Bug;
    std::string title, function;
    unsigned boots = 0;       // boots of the arm that have it
    std::uint64_t count = 0;  // occurrences in all of them
    BootId first;             // where it is quoted
    bool declared = false;    // the arm is broken on purpose, and this is how it shows
    bool followed = false;    // not declared, but only seen in boots after the declared one: may be
                              // its consequence, not judged
    bool in_baseline = false; // the first arm has it as well: it is there without the patch
    std::string guilty = {};  // SampleSplat::guilty, of the first boot that tells
};

enum class SplatVerdict {
    Clean,      // none, and none declared
    AsDeclared, // the declared one in every boot, and none before it: a kernel that was caught is
                // not sound any more
    Splatted,   // one that is not declared
    Silent,     // the declared one is missing in a boot: the control did not fail
};
const char* words(SplatVerdict verdict);

struct ArmSplats {
    std::string arm;
    std::string declared; // text of the experiment file, "" for none
    unsigned boots = 0;
    std::vector<ArmSplat>
        splats; // most frequent kinds of an arm in the order of their first occurrence
    std::vector<ArmSplat> notices; // told, not judged: processes killed for want of memory
    std::uint64_t further =
        0; // occurrences that no boot had room for, in boots without the declared one; undeclared
    std::vector<unsigned> silent; // boots without the declared splat
    SplatVerdict verdict = SplatVerdict::Clean;
};

// Does `text` name this splat: in its title, its function, or a function of its call trace?
bool names_splat(const std::string& text, const SampleSplat& splat);

// One entry per arm, in the spec's order.
std::vector<ArmSplats> judge_splats(const Spec& spec, const std::vector<Sample>& samples);

// What this makes of a comparison. An undeclared splat breaks it whatever else is proven; a silent
// control breaks it only if the proofs hold, since a line that never ran could not splat.
struct SplatConclusion {
    bool broken = false;
    bool as_declared = false; // at least one arm declares a splat, and none is broken
    std::string closing;      // if broken: "kernel splat in reviewed: BUG: ..."; at most 80 bytes
};
SplatConclusion conclude(const std::vector<ArmSplats>& arms, bool proven);

} // namespace rig
