// SPDX-License-Identifier: GPL-2.0-or-later
// This header reads an experiment file with the command line's say over it, and names the words
// that say the same again. Errors are values.
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

// The experiment file with the command line's say over it. FaultDomain::Spec as load_spec().
Result<Spec> load_with_overrides(const std::filesystem::path& file, const Overrides& overrides);
// The words that say the same again: "--boots", "4", ...
std::vector<std::string> words_of(const Overrides& overrides);
// What reproduces a run from the project's top: "./bootstrap compare FILE ...", with what this
// command line changed of the experiment or suite.
std::vector<std::string> reproduce(const std::filesystem::path& file,
                                   const std::filesystem::path& top, const Overrides& overrides);
// The same of an experiment.
std::vector<std::string> compare_command_words(const Spec& spec, const Overrides& overrides);
// FaultDomain::Spec naming those there are.
Result<const Arm*> arm_of(const Spec& spec, const std::string& name);

} // namespace rig
