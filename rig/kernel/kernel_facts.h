// SPDX-License-Identifier: GPL-2.0-or-later
// Extracts facts from a kernel's files: its options and symbols, as far as the validity checks and
// their explanations need them. Pure. Nothing here fails: what a file does not contain is absent.
#pragma once

#include "rig/spec/spec.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// What the validity checks and their explanations need to know about a kernel. Small enough to be
// stored with a run.
struct KernelFacts {
    std::string version;       // "6.12.117"
    std::string image_sha256;  // 64 hex digits
    bool config_known = false; // false: a prebuilt image without its .config
    // Name without CONFIG_ -> value as written; "n" if absent or not set.
    std::map<std::string, std::string> config;
    // Differences from the baseline: name -> "n -> y". An absent option counts as n. Empty for the
    // baseline, and if either kernel came without its .config.
    std::map<std::string, std::string> config_differs;
    // Wanted name -> name found: the same, a variant ("x.isra.0"), or "" = absent.
    std::map<std::string, std::string> symbols;
};

// Values of the named options in the text of a .config.
std::map<std::string, std::string> config_values(std::string_view config_text,
                                                 const std::vector<std::string>& names);
// The options in which `own` differs from `baseline`, see KernelFacts. Options that only
// distinguish builds (LOCALVERSION) are left out.
std::map<std::string, std::string> differing_options(std::string_view baseline,
                                                     std::string_view own);
// Options that make the kernel report problems which it would otherwise ignore silently. Their
// values are always looked up.
const std::vector<std::string>& detector_options();
// Those of them whose code defines a function of its own: option -> name of the function, which is
// in System.map exactly if the option is on (for CONFIG_PROVE_LOCKING through CONFIG_LOCKDEP, which
// it selects).
const std::map<std::string, std::string>& detector_symbols();
// The words of a kernel command line that turn a detector off or make it less sensitive.
std::vector<std::string> muted_detectors(std::string_view cmdline);
// Finds the wanted symbols in the text of a System.map.
std::map<std::string, std::string> find_symbols(std::string_view system_map,
                                                const std::vector<std::string>& names);
// Everything that the validity checks need to know about one arm's kernel. `config_text` is empty
// if there is no .config.
KernelFacts kernel_facts(const Spec& spec, std::string_view config_text,
                         std::string_view system_map, std::string version,
                         std::string image_sha256);

} // namespace rig
