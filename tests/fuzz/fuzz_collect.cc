// A boot of which one artifact is forged: a sample or an error that blames the guest, whatever the file says. The first byte chooses it.
#include "rig/collect.h"
#include "rig/testing/captured.h"
#include "tests/fuzz/fuzz.h"

#include <iterator>

using namespace rig;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    static const Artifacts captured = testing::captured_boot("6.12-ipi");
    static const Spec spec = [] {
        Spec made;
        made.workload.iterations = 3;
        Arm arm;
        arm.name = "ipi";
        arm.witness = "smp_call_function";
        made.arms = {arm};
        return made;
    }();
    static const GuestPlan plan = make_plan(spec, spec.arms[0],
                                            *SymbolTable::parse("ffffffff810e3eb0 T smp_call_function\nffffffff8116e390 t tlb_remove_table_smp_sync\n"
                                                                "ffffffff8116e420 t tlb_remove_table_one\nffffffff8116e8d0 T tlb_remove_table\nffffffff8116eaf0 T x\n",
                                                                "System.map"),
                                            {})
                                      .value();
    auto artifacts = captured;
    auto forged = std::next(artifacts.begin(), data[0] % static_cast<long>(artifacts.size()));
    forged->second = std::string(fuzz::view(data + 1, size - 1));
    const auto sample = collect(artifacts, plan, spec);
    if (!sample) fuzz::promise(sample.error().blame == Blame::Guest && !sample.error().message.empty(), "an error of another blame");
    return 0;
}
