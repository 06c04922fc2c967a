// SPDX-License-Identifier: GPL-2.0-or-later
// A boot of which one artifact is forged: a sample or an error that blames the guest, whatever the
// file says. The first byte chooses it; its highest bit, whether perf's other files have addresses
// in the place of names.
#include "rig/guest_output/sample_builder.h"
#include "rig/testing/captured.h"
#include "tests/fuzz/fuzz.h"

#include <iterator>

using namespace rig;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    struct Boot {
        Spec spec;
        Artifacts artifacts;
        GuestPlan plan;
    };
    static const auto captured = [](const char* folder, bool of_two_arms) {
        Boot boot;
        boot.spec = testing::captured_spec(of_two_arms);
        boot.artifacts = testing::captured_boot(folder);
        boot.plan = make_plan(boot.spec, boot.spec.arms[0],
                              SymbolTable::parse(testing::captured("6.12-ipi-addresses/System.map"),
                                                 "System.map")
                                  .value(),
                              {})
                        .value();
        fuzz::promise(collect(boot.artifacts, boot.plan, boot.spec).has_value(),
                      "the boot that was captured is no sample");
        return boot;
    };
    static const Boot named = captured("6.12-ipi", false),
                      by_address = captured("6.12-ipi-addresses", true);
    const Boot& boot = data[0] & 0x80 ? by_address : named;
    auto artifacts = boot.artifacts;
    auto forged =
        std::next(artifacts.begin(), (data[0] & 0x7f) % static_cast<long>(artifacts.size()));
    forged->second = std::string(fuzz::view(data + 1, size - 1));
    const auto sample = collect(artifacts, boot.plan, boot.spec);
    if (!sample)
        fuzz::promise(sample.error().fault_domain == FaultDomain::Guest &&
                          !sample.error().message.empty(),
                      "an error of another blame");
    return 0;
}
