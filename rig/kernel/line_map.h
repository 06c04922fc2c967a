// SPDX-License-Identifier: GPL-2.0-or-later
// Where the changed lines of an arm are in its kernel, by building the kernel once more with debug
// information.
//
// The objects that compile a changed file are compiled again with -g, in a copy of the object tree
// that the kernel was built in, and the kernel is linked from them. What it loads must be what the
// kernel that is booted loads, byte by byte but for the build ID. If it is not, no line is mapped.
#pragma once

#include "rig/base/error.h"
#include "rig/host/build_context.h"
#include "rig/kernel/changed_lines.h"
#include "rig/kernel/kernel.h"
#include "rig/kernel/line_reason.h"
#include "rig/spec/spec.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rig {

// Of Merged lines `end` is `start`: only the address is theirs, see LineCode.
struct LineAddress {
    std::uint64_t start = 0, end = 0;
    std::string function;     // whose code it is in, inlined or not; empty where no symbol tells
    std::uint64_t offset = 0; // from its beginning
};

struct MappedLine {
    std::string file; // relative to the tree
    unsigned line = 0;
    std::string text;
    unsigned hunk = 0; // of all hunks of the changes, from 0; the same number on both sides
    // Not changed: next to a hunk of which this side has no line with instructions of its own.
    bool border = false;
    LineReason reason = LineReason::NoCode;
    std::string detail;
    // Of Mapped, Inlined, Merged and Init; ascending. Those of Inlined are in the called function's
    // body, see LineCode::inlined.
    std::vector<LineAddress> addresses;
};

struct LineMap {
    std::string why_not; // why nothing is mapped, for people; empty: `lines` are
    std::vector<MappedLine> lines;
    std::vector<std::string> objects; // compiled with debug information
    double seconds = 0;               // wall time of it all, but for waiting for other rigs
    bool from_cache = false;          // made earlier, in `seconds`
};

// The changes that make of `arm` what `other` is not. Error: as make_recipe(); FaultDomain::Spec if
// they are of different sources, or prebuilt.
Result<std::vector<ChangedFile>> changes_between(const Spec& spec, const Arm& before,
                                                 const Arm& after, const BuildContext& context);

// `changes` seen from `arm`, which is their `side`, and whose kernel is `kernel`. What is mapped
// stays in the cache, as an entry of the kind "lines". Errors as build_kernel().
Result<LineMap> map_lines(const Spec& spec, const Arm& arm, const Kernel& kernel,
                          const std::vector<ChangedFile>& changes, TreeSide side,
                          const BuildContext& context);

} // namespace rig
