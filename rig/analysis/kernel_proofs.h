// The proofs from a kernel's files, and what they share with those from the boots. Internal to prove().
#pragma once

#include "rig/analysis/proof.h"
#include "rig/kernel/kernel_facts.h"

#include <string>
#include <vector>

namespace rig {

// The value of an option: "" if it is not among those looked up.
std::string kernel_option(const KernelFacts& kernel, const std::string& name);

// Whether this kernel frees its page tables around the table batch, whose failed allocation is under test.
bool bypasses_table_batch(const ArmEvidence& evidence);

inline constexpr const char* pt_reclaim_reason =
    "with PT_RECLAIM=y the fallback frees by call_rcu() and the changed line is not compiled; 7.3 needs the enabling "
    "patch that gives PT_RECLAIM a prompt, and PT_RECLAIM = \"n\" in kernel.options";
inline constexpr const char* bypass_reason = "6.12 on x86 bypasses the table batch (native_tlb_remove_table()) unless a hypervisor replaces it, and "
                                             "kernel.enable names no enabling patch";

// config, symbols; of a prebuilt image own_config; image_differs, same_config, which the baseline goes without.
std::vector<Proof> prove_kernel(const ArmEvidence& evidence);

} // namespace rig
