// SPDX-License-Identifier: GPL-2.0-or-later
// The functions whose machine code differs between the kernels of two arms.
//
// The objects of both are made in the object tree that the arms share, which costs what differs
// between them: seconds if the kernels were built there before. Every object that is linked is
// compared, so that a header or an option is as good a reason as a .c file.
#pragma once

#include "rig/base/error.h"
#include "rig/derive/object_code.h"
#include "rig/host/build_context.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <string>
#include <vector>

namespace rig {

struct ChangedFunctions {
    std::vector<FunctionChange> functions; // by object, then by name
    // Objects of which no function differs, but what else is loaded: the names of these sections.
    struct OnlyData {
        std::string object;
        std::vector<std::string> sections;
    };
    std::vector<OnlyData> only_data;
    std::size_t objects = 0; // that were compared
    double seconds = 0;      // wall time
};

// Errors as build_kernel(). FaultDomain::Spec if an arm has a prebuilt kernel or the arms are of
// different sources.
Result<ChangedFunctions> changed_functions(const Spec& spec, const Arm& before, const Arm& after,
                                           const BuildContext& context);

// Compares the objects of two folders: `objects` are relative to both. One that is in only one of
// them has added or removed all its functions. A function that went from one object to another, as
// where a file is renamed, is Changed, in its new object, or not listed if its code is the same.
Result<ChangedFunctions> compare_objects(const std::filesystem::path& before,
                                         const std::filesystem::path& after,
                                         const std::vector<std::string>& objects, const Arch& arch,
                                         CommandRunner& runner);

} // namespace rig
