// SPDX-License-Identifier: GPL-2.0-or-later
// Boots whose perf output has no names: System.map supplies them, and the sample equals the one
// from the guest's own names.
#include "rig/guest_output/perf_output.h"
#include "rig/guest_output/sample_builder.h"
#include "rig/testing/captured.h"

#include <gtest/gtest.h>
#include <map>
#include <sstream>

namespace rig {
namespace {

using testing::captured;
using testing::captured_boot;
using testing::captured_spec;

constexpr const char* kBoot = "6.12-ipi-addresses";

std::string system_map() {
    return captured(std::string(kBoot) + "/System.map");
}

Result<Sample> collected(const Artifacts& boot, const Spec& spec = captured_spec(true),
                         const std::string& map = system_map()) {
    return collect(
        boot,
        make_plan(spec, spec.arms[0], SymbolTable::parse(map, "System.map").value(), {}).value(),
        spec);
}

TEST(CollectAddresses, GiveTheSampleThatNamesGave) {
    const auto sample = collected(captured_boot(kBoot));
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->sync_callsites,
              (std::map<std::string, std::uint64_t>{{"smp_call_function+0x20", 36}}));
    EXPECT_EQ(sample->injections_by_site,
              (std::map<std::string, std::uint64_t>{{"tlb_remove_table", 12}}));
    EXPECT_EQ(sample->ipis_by_function.at("tlb_remove_table_smp_sync"), 36u);
    for (const auto& [function, count] : sample->ipis_by_function)
        EXPECT_FALSE(function.starts_with("0x")) << function << " " << count;
    EXPECT_EQ(sample->exercised.recorded_sync, 36u);
    EXPECT_EQ(sample->exercised.marked_hits, 12u);
    EXPECT_TRUE(sample->exercised.probe_addresses_match);
    // Older boots, which have names, are still read the same with a System.map.
    const auto named = collected(captured_boot("6.12-ipi"), captured_spec());
    ASSERT_TRUE(named) << named.error().message;
    EXPECT_EQ(named->sync_callsites, sample->sync_callsites);
    EXPECT_EQ(named->injections_by_site, sample->injections_by_site);
    EXPECT_EQ(named->ipis_by_function.at("tlb_remove_table_smp_sync"), 36u);
}

// The names that perf itself gave to these addresses, from that kernel's /proc/kallsyms.
TEST(CollectAddresses, SystemMapNamesThemAsPerfDoes) {
    const auto map = SymbolTable::parse(system_map(), "System.map").value();
    std::istringstream lines(captured(std::string(kBoot) + "/perf-names.txt"));
    std::map<std::uint64_t, std::string> by_perf;
    std::uint64_t address = 0;
    for (std::string name; lines >> std::hex >> address >> name;)
        by_perf[address] = name;
    for (const auto& [at, name] : by_perf) {
        const auto place = map.place(at);
        ASSERT_TRUE(place) << name;
        EXPECT_EQ(place->name, name);
    }
    // No kernel frame was left out.
    const auto trace =
        parse_perf_script(captured(std::string(kBoot) + "/counted-perf-script.txt")).value();
    unsigned frames = 0;
    for (const auto& event : trace.events)
        for (const auto& frame : event.callchain) {
            if (frame.address >> 63 == 0) continue; // the workload's own
            EXPECT_TRUE(by_perf.contains(frame.address)) << frame.address;
            ++frames;
        }
    EXPECT_GT(frames, 100u);
}

TEST(CollectAddresses, AnAddressOfNoFunctionIsTheGuestsFault) {
    auto in_data = system_map();
    in_data.replace(in_data.find("T smp_call_function\n"), 1, "D");
    const auto call_site = collected(captured_boot(kBoot), captured_spec(true), in_data);
    ASSERT_FALSE(call_site);
    EXPECT_EQ(call_site.error().fault_domain, FaultDomain::Guest);
    EXPECT_EQ(call_site.error().message,
              "perf: an IPI's call site 0xffffffff810e3ed0 lies in no function of System.map");

    auto boot = captured_boot(kBoot);
    auto& script = boot.at("counted-perf-script.txt");
    const auto swap = [&](std::string from, std::string to) {
        ASSERT_NE(script.find(from), script.npos) << from;
        for (auto at = script.find(from); at != script.npos; at = script.find(from, at + to.size()))
            script.replace(at, from.size(), to);
    };
    swap("func=0xffffffff810843f0", "func=0xffffffffc0001000"); // an address in a module
    auto sample = collected(boot);
    ASSERT_TRUE(sample) << sample.error().message; // an IPI with an unknown function is no error
    EXPECT_TRUE(sample->ipis_by_function.contains("0xffffffffc0001000"));
    swap("func=0xffffffffc0001000", "func=0xffffffff810843f0");
    ASSERT_TRUE(collected(boot));
    swap("\tffffffff8116e7f2", "\tffffffffc0001234");
    sample = collected(boot);
    ASSERT_FALSE(sample);
    EXPECT_EQ(sample.error().fault_domain, FaultDomain::Guest);
    EXPECT_NE(sample.error().message.find("0xffffffffc0001234 lies in no function"),
              std::string::npos)
        << sample.error().message;
    swap("\tffffffffc0001234",
         // A stack that reaches user space before any function that could have called the
         // allocator.
         "\t          401234");
    sample = collected(boot);
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->injections_by_site.count("unknown"), 1u);
}

// rig cannot verify a System.map that came with a prebuilt image: there the guest names the
// functions.
TEST(CollectAddresses, APrebuiltKernelNamesThemItself) {
    Spec spec = captured_spec(true);
    const auto map = SymbolTable::parse(system_map(), "System.map").value();
    const auto plan = make_plan(spec, spec.arms[0], map, {}).value();
    EXPECT_EQ(plan.json.at("kernel_names"), "host");
    EXPECT_TRUE(plan.symbols);
    spec.arms[0].prebuilt = PrebuiltImage{};
    const auto by_guest = make_plan(spec, spec.arms[0], map, {}).value();
    EXPECT_EQ(by_guest.json.at("kernel_names"), "guest");
    EXPECT_FALSE(by_guest.symbols);
    const auto sample = collect(captured_boot(kBoot), by_guest, spec);
    ASSERT_FALSE(sample);
    EXPECT_EQ(sample.error().fault_domain, FaultDomain::Guest);
    EXPECT_EQ(sample.error().message, "perf: the frame 0xffffffff81188bcc has no name");
}

} // namespace
} // namespace rig
