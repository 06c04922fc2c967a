// SPDX-License-Identifier: GPL-2.0-or-later
// Test data captured from real guests. RIG_TESTDATA is the path of the folder, set by the build. To
// update it: run `rig boot` with the experiment named in testdata/README.md and copy the files from
// the folder of the boot.
#pragma once

#include "rig/kernel/symbol_table.h"
#include "rig/plan/guest_plan.h"
#include "rig/spec/spec.h"

#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>

namespace rig::testing {

inline std::string captured(const std::string& name) {
    std::ifstream in(std::string(RIG_TESTDATA) + "/" + name, std::ios::binary);
    if (!in) throw std::runtime_error("no test data " + name);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline std::map<std::string, std::string> captured_boot(const std::string& folder) {
    std::map<std::string, std::string> files;
    for (const char* name : {"counted-perf-stat.csv", "counted-perf-script.txt",
                             "timed-perf-script.txt", "result.json", "kprobes.txt"})
        files[name] = captured(folder + "/" + name);
    return files;
}

// The experiment of the captured boots: arm "ipi" alone, or also the arm whose marker
// "6.12-ipi-addresses" counted as well.
inline Spec captured_spec(bool beside_reviewed = false) {
    Spec spec;
    spec.workload.iterations = 3;
    spec.faults[0].function = "tlb_remove_table";
    spec.target.function = "tlb_remove_table_one";
    spec.target.sync_function = "tlb_remove_table_smp_sync";
    spec.arms = {{"ipi", {}, "smp_call_function", {}}};
    if (beside_reviewed) spec.arms.push_back({"reviewed", {}, "synchronize_rcu", {}});
    return spec;
}

// A plan with those symbols of the captured kernels that it needs.
inline GuestPlan plan_for(const Spec& spec, const std::string& target_address) {
    const auto symbols = SymbolTable::parse(
        "ffffffff810e3eb0 T smp_call_function\nffffffff8116e390 t tlb_remove_table_smp_sync\n" +
            target_address +
            " t tlb_remove_table_one\nffffffff8116e8d0 T tlb_remove_table\nffffffff8116eaf0 T "
            "tlb_flush_mmu\n"
            "ffffffff8116f000 T exit_mmap\nffffffff8116f200 T x\n",
        "System.map");
    return make_plan(spec, spec.arms[0], *symbols, {}).value();
}
inline constexpr const char* kTarget = "ffffffff8116e420";

} // namespace rig::testing
