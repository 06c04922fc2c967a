// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/load_spec.h"

#include "rig/base/shipped_files.h"
#include "rig/spec/override.h"
#include "rig/spec/spec_parser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {

std::vector<std::string> reproduce(const std::filesystem::path& file,
                                   const std::filesystem::path& top, const Overrides& o) {
    std::vector<std::string> argv{own_command(), "compare", own_argument(file, top)};
    const auto words = words_of(o);
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
}

Result<const Arm*> arm_of(const Spec& spec, const std::string& name) {
    if (const Arm* arm = spec.find_arm(name)) return arm;
    std::vector<std::string> names;
    for (const auto& arm : spec.arms)
        names.push_back(arm.name);
    return fail(FaultDomain::Spec, fmt::format("{}: no arm '{}', accepted: {}", spec.file.string(),
                                               name, fmt::join(names, ", ")));
}

std::vector<std::string> compare_command_words(const Spec& spec, const Overrides& overrides) {
    return reproduce(spec.file, spec.top, overrides);
}

std::vector<std::string> words_of(const Overrides& o) {
    std::vector<std::string> argv;
    const auto add = [&argv](const char* option, const std::string& value) {
        argv.insert(argv.end(), {option, value});
    };
    if (o.boots) add("--boots", std::to_string(*o.boots));
    if (o.seed) add("--seed", std::to_string(*o.seed));
    if (o.vcpus) add("--vcpus", std::to_string(*o.vcpus));
    if (o.clock) add("--clock", *o.clock);
    for (const auto& one : o.set)
        add("--set", one);
    return argv;
}

Result<Spec> load_with_overrides(const std::filesystem::path& file, const Overrides& o) {
    std::vector<SpecOverride> overrides;
    for (const auto& text : o.set) {
        RIG_TRY(one, parse_override(text));
        overrides.push_back(one);
    }
    // The file is read for this number of vCPUs: CPUs that it names must exist, and the memory
    // follows. It is no override of the run, which stores the number apart.
    auto all = overrides;
    if (o.vcpus) all.push_back({"guest.vcpus", std::to_string(*o.vcpus)});
    RIG_TRY(spec, load_spec(file, all));
    spec.overrides = overrides;
    if (o.boots) spec.guest.boots = *o.boots;
    if (o.seed) spec.guest.seed = *o.seed;
    if (o.clock)
        spec.guest.clock = *o.clock == "virtual" ? ClockChoice::Virtual
                           : *o.clock == "wall"  ? ClockChoice::Wall
                                                 : ClockChoice::Auto;
    return spec;
}

} // namespace rig
