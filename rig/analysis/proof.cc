#include "rig/analysis/proof.h"

#include <algorithm>

namespace rig {

bool ArmProofs::all_pass() const {
    return !proofs.empty() && std::all_of(proofs.begin(), proofs.end(), [](const Proof& p) { return p.passed; });
}

} // namespace rig
