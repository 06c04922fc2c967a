// SPDX-License-Identifier: GPL-2.0-or-later
// Boots whose perf was not asked for names: System.map gives them, and the sample is the one that
// the guest's own names would have given.
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
    // A boot from before, which has names, is read as ever beside a System.map.
    const auto named = collected(captured_boot("6.12-ipi"), captured_spec());
    ASSERT_TRUE(named) << named.error().message;
    EXPECT_EQ(named->sync_callsites, sample->sync_callsites);
    EXPECT_EQ(named->injections_by_site, sample->injections_by_site);
    EXPECT_EQ(named->ipis_by_function.at("tlb_remove_table_smp_sync"), 36u);
}

// What perf itself made of these addresses by that kernel's /proc/kallsyms.
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
    // And no frame of the kernel was forgotten.
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
    swap("func=0xffffffff810843f0", "func=0xffffffffc0001000"); // a module's
    auto sample = collected(boot);
    ASSERT_TRUE(sample) << sample.error().message; // somebody's IPI, which ends no run
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
         "\t          401234"); // a stack that ends in user space before anybody asked
    sample = collected(boot);
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->injections_by_site.count("unknown"), 1u);
}

// A System.map that came with a prebuilt image is its user's word: there the guest names what perf
// prints.
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
