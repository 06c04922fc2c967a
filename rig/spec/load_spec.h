// SPDX-License-Identifier: GPL-2.0-or-later
// Reads an experiment file with the options of the command line applied, and turns such options
// back into words. Errors are values.
#pragma once

#include "rig/base/error.h"
#include "rig/spec/spec.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct Overrides {
    std::optional<unsigned> boots, vcpus;
    std::optional<std::uint64_t> seed;
    std::optional<std::string> clock;
    std::vector<std::string> set; // KEY=VALUE, see override.h
};

// Reads the experiment file, with the options applied to it. FaultDomain::Spec, as load_spec().
Result<Spec> load_with_overrides(const std::filesystem::path& file, const Overrides& overrides);
// The words of a command line that give the same options: "--boots", "4", ...
std::vector<std::string> words_of(const Overrides& overrides);
// The command that reproduces a run from the project's top: "./bootstrap compare FILE ...", with
// the options that change the experiment or suite.
std::vector<std::string> reproduce(const std::filesystem::path& file,
                                   const std::filesystem::path& top, const Overrides& overrides);
// The same for an experiment that was read.
std::vector<std::string> compare_command_words(const Spec& spec, const Overrides& overrides);
// Finds an arm by name. FaultDomain::Spec, listing the existing names, if there is no such arm.
Result<const Arm*> arm_of(const Spec& spec, const std::string& name);

} // namespace rig
