// SPDX-License-Identifier: GPL-2.0-or-later
// The facts that a kernel's files tell: its options and symbols, as far as the proofs and their
// explanations ask for them. Pure; nothing here fails: what a file does not hold is absent.
#pragma once

#include "rig/spec/spec.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// What a kernel's files say, reduced to what proofs and their explanations need: small enough to be
// stored with a run.
struct KernelFacts {
    std::string version;       // "6.12.117"
    std::string image_sha256;  // 64 hex digits
    bool config_known = false; // false: a prebuilt image that came without its .config
    std::map<std::string, std::string>
        config; // name without CONFIG_ -> value as written; "n" if absent or not set
    // Against the baseline's: name -> "n -> y". Absent is n. Empty for the baseline and where
    // either came without one.
    std::map<std::string, std::string> config_differs;
    std::map<std::string, std::string>
        symbols; // wanted -> name found: itself, a variant ("x.isra.0"), "" = absent
};

// Values of the named options in the text of a .config.
std::map<std::string, std::string> config_values(std::string_view config_text,
                                                 const std::vector<std::string>& names);
// What `own` says otherwise than `baseline`: see KernelFacts. Without what tells builds apart and
// nothing else (LOCALVERSION).
std::map<std::string, std::string> differing_options(std::string_view baseline,
                                                     std::string_view own);
// Options that make the kernel complain of what it would else do silently; their values are always
// looked up.
const std::vector<std::string>& detector_options();
// Of those, the ones whose code defines a function of its own: option -> its name, in System.map
// exactly if the option is on (CONFIG_PROVE_LOCKING by the CONFIG_LOCKDEP it selects).
const std::map<std::string, std::string>& detector_symbols();
// Words of a kernel's command line that switch a detector off or make it see less.
std::vector<std::string> muted_detectors(std::string_view cmdline);
// The wanted symbols in the text of a System.map.
std::map<std::string, std::string> find_symbols(std::string_view system_map,
                                                const std::vector<std::string>& names);
// Everything the proofs ask of one arm's kernel. `config_text` empty = no .config.
KernelFacts kernel_facts(const Spec& spec, std::string_view config_text,
                         std::string_view system_map, std::string version,
                         std::string image_sha256);

} // namespace rig
