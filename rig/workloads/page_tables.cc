// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/page_tables.h"

#include <fmt/format.h>

namespace rig::workloads {
namespace {

constexpr const char* kPtReclaim =
    "with PT_RECLAIM=y the fallback frees by call_rcu() and the changed line is not compiled; 7.3 "
    "needs the prerequisite "
    "patch that gives PT_RECLAIM a prompt, and PT_RECLAIM = \"n\" in kernel.options";
constexpr const char* kBypass = "6.12 on x86 bypasses the table batch (native_tlb_remove_table()) "
                                "unless a hypervisor replaces it, and "
                                "kernel.prerequisites names no prerequisite patch";

// These hints are about the table batch of mmu_gather: they would be wrong for other functions.
bool about_the_batch(const HintFacts& facts) {
    return facts.target_function.starts_with("tlb_") || facts.fault_function.starts_with("tlb_");
}

// Whether this kernel frees its page tables without the table batch, whose failed allocation is
// under test.
bool bypasses_batch(const HintFacts& facts) {
    return facts.stock && facts.kernel_version.starts_with("6.12") && facts.value_of("X86") == "y";
}

std::string config_hint(const HintFacts& facts) {
    if (facts.option == "PT_RECLAIM") return kPtReclaim;
    if (facts.option == "MMU_GATHER_RCU_TABLE_FREE" && facts.value_of("X86") == "y")
        return "6.12 on x86 selects MMU_GATHER_RCU_TABLE_FREE only with PARAVIRT=y; here "
               "PARAVIRT=" +
               facts.value_of("PARAVIRT");
    return "";
}

std::string why_no_injection(const HintFacts& facts) {
    if (facts.work_done == 0)
        return "the workload freed no page table, so none was queued for freeing";
    if (bypasses_batch(facts)) return kBypass;
    if (facts.fault_interval > facts.work_done)
        return fmt::format("fault.interval = {} is more than the {} tables freed",
                           facts.fault_interval, facts.work_done);
    return "";
}

} // namespace

Workload page_table_workload(const std::string& name, const std::string& purpose,
                             const std::string& tables, const std::string& pages,
                             const TimedCall& iteration) {
    using enum WorkloadParameter::Type;
    return {
        .name = name,
        .purpose = purpose,
        .parameters = {{Number, "tables", tables, 0, 511, 4u, false},
                       {Number, "pages_per_table", pages, 1, 512, 4u, false}},
        .iteration = iteration,
        .work = "tables",
        .work_claim = "freed every table",
        .work_per_call = tables_per_call,
        .hint = page_table_hint,
        .hint_options = page_table_options(),
    };
}

std::uint64_t tables_per_call(const WorkloadSpec& workload) {
    return workload.number("tables");
}

const std::vector<std::string>& page_table_options() {
    static const std::vector<std::string> options = {"MMU_GATHER_RCU_TABLE_FREE", "PARAVIRT",
                                                     "PT_RECLAIM", "X86"};
    return options;
}

std::string page_table_hint(HintFor what, const HintFacts& facts) {
    if (what == HintFor::Incomplete) return ", or its mapping does not fill whole page tables";
    if (!about_the_batch(facts)) return "";
    switch (what) {
    case HintFor::OrderTooHigh:
        return ", and a table batch is one page";
    case HintFor::NoInjection:
        return why_no_injection(facts);
    case HintFor::NoInjectionCause:
        return "the batch page never came from the page allocator";
    case HintFor::AnySite:
        return ", tlb_next_batch()'s too";
    case HintFor::OtherSites:
        return ": tlb_next_batch() also asks for order-0 GFP_NOWAIT pages";
    case HintFor::TargetNotHit:
        return bypasses_batch(facts) ? kBypass : "";
    case HintFor::InjectedElsewhere:
        return "the failures hit something else than the table batch: see failure_sites";
    case HintFor::WitnessNotHit:
    case HintFor::SymbolMissing:
        return facts.value_of("PT_RECLAIM") == "y" ? kPtReclaim : "";
    case HintFor::ConfigDiffers:
        return config_hint(facts);
    case HintFor::Incomplete:
        break;
    }
    return "";
}

} // namespace rig::workloads
