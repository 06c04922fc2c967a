// Proof that the changed line was compiled in and ran, and that nothing but it was measured. An experiment in which one
// proof fails in one boot of one arm is INCONCLUSIVE: silence of a path that never ran is not "no change". Pure.
#pragma once

#include "rig/sample.h"
#include "rig/spec.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// What a kernel's files say, reduced to what proofs and their explanations need: small enough to be stored with a run.
struct KernelFacts {
    std::string version;                        // "6.12.117"
    std::string image_sha256;                   // 64 hex digits
    bool config_known = false;                  // false: a prebuilt image that came without its .config
    std::map<std::string, std::string> config;  // name without CONFIG_ -> value as written; "n" if absent or not set
    // Against the baseline's: name -> "n -> y". Absent is n. Empty for the baseline and where either came without one.
    std::map<std::string, std::string> config_differs;
    std::map<std::string, std::string> symbols; // wanted -> name found: itself, a variant ("x.isra.0"), "" = absent
};

// Values of the named options in the text of a .config.
std::map<std::string, std::string> config_values(std::string_view config_text, const std::vector<std::string>& names);
// What `own` says otherwise than `baseline`: see KernelFacts. Without what tells builds apart and nothing else (LOCALVERSION).
std::map<std::string, std::string> differing_options(std::string_view baseline, std::string_view own);
// Options that make the kernel complain of what it would else do silently; their values are always looked up.
const std::vector<std::string>& detector_options();
// Of those, the ones whose code defines a function of its own: option -> its name, in System.map exactly if the option is on
// (CONFIG_PROVE_LOCKING by the CONFIG_LOCKDEP it selects).
const std::map<std::string, std::string>& detector_symbols();
// Words of a kernel's command line that switch a detector off or make it see less.
std::vector<std::string> muted_detectors(std::string_view cmdline);
// The wanted symbols in the text of a System.map.
std::map<std::string, std::string> find_symbols(std::string_view system_map, const std::vector<std::string>& names);
// Everything the proofs ask of one arm's kernel. `config_text` empty = no .config.
KernelFacts kernel_facts(const Spec& spec, std::string_view config_text, std::string_view system_map, std::string version, std::string image_sha256);

// A boot under the virtual clock made once more.
struct Replay {
    std::string arm;
    unsigned index = 0;
    std::string difference; // first_difference(): "" if there is none
};

struct Proof {
    std::string id;    // "injections"
    std::string claim; // "allocations failed in every boot"
    bool passed = false;
    std::string found;  // what is there, and in the failing case what is wanted: "boot 3: 0 injections, want > 0"
    std::string reason; // if failed: the probable cause and what to look at
};

struct ArmProofs {
    std::string arm;
    std::vector<Proof> proofs;
    bool all_pass() const;
};

// A view: everything must outlive it.
struct ArmEvidence {
    const Spec& spec;
    const Arm& arm;
    const KernelFacts& kernel;
    const KernelFacts& baseline;        // of the first arm
    const std::vector<Sample>& samples; // of the whole run; other arms' are ignored
    const std::vector<Replay>& replays; // of the whole run
};

// All proofs of one arm, each over all its boots and naming the first that fails. Never empty.
std::vector<Proof> prove(const ArmEvidence& evidence);

// "in 3 of 8 boots at most half of the calls ran the target": a median over calls then is that of calls without it, and cannot
// show what the target costs. "" if every boot of the arm reached it in more; also with target.same_path.
std::string thinly_exposed(const Spec& spec, const std::vector<Sample>& samples, const std::string& arm);

// The workload's own clock around munmap against perf's, per boot; not a proof, since they do not time the same thing.
// One text if any boot of the arm disagrees by more than the tolerance, else none.
std::vector<std::string> clock_warnings(const ArmEvidence& evidence);

} // namespace rig
