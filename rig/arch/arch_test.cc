// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/arch/arch.h"

#include "rig/base/files.h"
#include "rig/boot/guest_boot.h"
#include "rig/guest_output/metric.h"
#include "rig/kernel/kernel_config.h"
#include "rig/spec/spec.h"
#include "rig/spec/spec_parser.h"
#include "rig/testing/run_fixture.h"
#include "rig/testing/spec_project.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>
#include <set>

namespace rig {
namespace {

namespace fs = std::filesystem;
using fixture::make_sample;

TEST(Arch, IsFoundByItsName) {
    std::set<std::string> names;
    for (const auto* arch : all_archs()) {
        EXPECT_TRUE(names.insert(arch->name).second) << arch->name;
        EXPECT_EQ(find_arch(arch->name), arch);
    }
    EXPECT_EQ(find_arch("arm"), nullptr);
    EXPECT_EQ(find_arch(""), nullptr);
    EXPECT_TRUE(arch_named(kDefaultArch).cross.empty())
        << "the host's own compiler, and its kernels' keys in every cache";
}

// ./bootstrap greps the packages out of the source file. The kernel build reads the options from
// base.NAME.config.
TEST(Arch, HasWhatBootstrapAndTheBuildLookFor) {
    for (const auto* arch : all_archs()) {
        const auto text = slurp(fs::path(RIG_TOP) / "rig/arch" / (arch->name + ".cc"));
        EXPECT_NE(text.find("\n        a.packages = \"" + arch->packages + "\";"), text.npos)
            << arch->name;
        if (arch->cross.empty()) continue;
        EXPECT_FALSE(arch->packages.empty()) << arch->name;
        EXPECT_TRUE(
            fs::exists(fs::path(RIG_TOP) / "configs/kernel" / ("base." + arch->name + ".config")))
            << arch->name;
        EXPECT_NE(slurp(fs::path(RIG_TOP) / "guest/meson.build")
                      .find("'" + arch->name + "': '" +
                            arch->cross.substr(0, arch->cross.size() - 1) + "'"),
                  std::string::npos)
            << "the agent is compiled for " << arch->name;
    }
}

TEST(Arch, CountsInterruptsOfEveryCpu) {
    for (const auto* arch : all_archs()) {
        std::set<std::string> keys;
        for (const auto& event : arch->events)
            EXPECT_TRUE(keys.insert(event.key).second) << arch->name << " " << event.key;
        EXPECT_TRUE(keys.contains("call_function_interrupts") !=
                    (keys.contains("call_function_vectors") &&
                     keys.contains("call_function_single_vectors")))
            << arch->name;
        // Metrics that the architecture cannot count are refused with the reason; all others are
        // accepted.
        for (const auto& metric : metric_names())
            EXPECT_EQ(why_missing(*arch, metric).empty(),
                      metric != "tlb_flushes" || keys.contains("tlb_flushes"))
                << arch->name << " " << metric;
    }
}

TEST(Arch, OneInterruptForAllCallFunctionsIsTheirCount) {
    auto s = make_sample("ipi", 0, false);
    for (const char* key : {"call_function_vectors", "call_function_single_vectors"})
        s.counts.erase(key), s.counts_per_cpu.erase(key);
    EXPECT_FALSE(metric_value("call_function_vectors", s, {}));
    EXPECT_FALSE(metric_value("bystander_interrupts", s, {}));
    s.counts["call_function_interrupts"] = 12;
    s.counts_per_cpu["call_function_interrupts"] = {3, 4, 5};
    EXPECT_EQ(metric_value("call_function_vectors", s, {}), 12);
    EXPECT_EQ(metric_value("bystander_interrupts", s, {}), 9);
}

class ArchSpec : public SpecProject {
 protected:
    Result<Spec> parse(std::string_view text) { return parse_spec(text, file()); }
    std::string minimal(const std::string& arch) {
        return replaced(minimal_spec, "[kernel]\n", "[kernel]\narch = \"" + arch + "\"\n");
    }
    std::string refusal(const std::string& text) {
        const auto spec = parse(text);
        EXPECT_FALSE(spec) << text;
        return spec ? "" : spec.error().message;
    }
};

TEST_F(ArchSpec, IsChosenByTheExperimentOrTheCommandLine) {
    EXPECT_EQ(parse(minimal_spec)->kernel.arch, "x86_64");
    EXPECT_EQ(parse(minimal("arm64"))->kernel.arch, "arm64");
    EXPECT_EQ(parse_spec(minimal("arm64"), file(), {{"kernel.arch", "\"riscv64\""}})->kernel.arch,
              "riscv64");
}

TEST_F(ArchSpec, WhatItCannotDoIsOneErrorWithTheReason) {
    const auto unknown = refusal(minimal("arm"));
    EXPECT_TRUE(unknown.starts_with(file().string() + ":3:")) << unknown;
    for (const char* word : {"kernel.arch", "\"arm\"", "x86_64", "arm64", "riscv64"})
        EXPECT_NE(unknown.find(word), unknown.npos) << unknown;
    const auto files = refusal(minimal("arm64") + "[image]\nfiles = [\"/bin/sh\"]\n");
    EXPECT_NE(files.find("image.files"), files.npos) << files;
    EXPECT_NE(files.find("kernel.arch = \"arm64\""), files.npos) << files;
    const auto flushes = refusal(minimal("arm64") + "[metrics.tlb_flushes]\nexpect = \"report\"\n");
    EXPECT_NE(flushes.find("tlb_flushes"), flushes.npos) << flushes;
    EXPECT_NE(flushes.find(why_missing(arm64(), "tlb_flushes")), flushes.npos) << flushes;
    const auto large = refusal(minimal("arm64") + "[guest]\nvcpus = 17\n");
    EXPECT_NE(large.find("guest.vcpus: 17, want at most 16 with kernel.arch = \"arm64\""),
              large.npos)
        << large;
    const auto nodes = refusal(minimal("arm64") + "[guest]\nnuma = 2\n");
    EXPECT_NE(nodes.find("guest.numa: 2, want 1 with"), nodes.npos) << nodes;
    EXPECT_TRUE(parse(std::string(minimal_spec) + "[metrics.tlb_flushes]\nexpect = \"report\"\n"));
}

TEST(ArchConfig, AFragmentsSiblingGoesBehindIt) {
    testing::TempTree dir;
    dir.put("configs/base.config", "CONFIG_ACPI=y\nCONFIG_A=y\n");
    dir.put("configs/base.arm64.config", "# CONFIG_ACPI is not set\nCONFIG_A=n\n");
    dir.put("configs/more.config", "CONFIG_A=y\n");
    Spec spec;
    spec.top = dir.path();
    spec.kernel.fragments = {"configs/base.config", "configs/more.config"};
    EXPECT_EQ(kernel_fragments(spec), spec.kernel.fragments);
    spec.kernel.arch = "arm64";
    EXPECT_EQ(kernel_fragments(spec),
              (std::vector<fs::path>{"configs/base.config", "configs/base.arm64.config",
                                     "configs/more.config"}));
    const auto requests = requested_options(spec);
    ASSERT_TRUE(requests);
    EXPECT_EQ(render_fragment(*requests), "CONFIG_A=y\n# CONFIG_ACPI is not set\n");
    EXPECT_EQ(requests->at("ACPI").origin, "configs/base.arm64.config:1");
}

// The kernels of guests up to 16 vCPUs do not depend on the size: their keys stay as they were.
TEST(ArchConfig, OnlyALargeGuestsKernelHasFurtherOptions) {
    testing::TempTree dir;
    dir.put("configs/base.config", "CONFIG_NR_CPUS=16\n# CONFIG_ACPI is not set\n");
    dir.put("configs/kernel/large.config", "CONFIG_NR_CPUS=64\nCONFIG_ACPI=y\n");
    Spec spec;
    spec.top = dir.path();
    spec.kernel.fragments = {"configs/base.config"};
    for (const unsigned vcpus : {2u, 16u}) {
        spec.guest.vcpus = vcpus;
        EXPECT_EQ(kernel_fragments(spec), spec.kernel.fragments) << vcpus;
    }
    for (const auto& [vcpus, numa] : {std::pair{17u, 1u}, {4u, 2u}}) {
        spec.guest.vcpus = vcpus, spec.guest.numa = numa;
        const auto requests = requested_options(spec);
        ASSERT_TRUE(requests);
        EXPECT_EQ(render_fragment(*requests), "CONFIG_ACPI=y\nCONFIG_NR_CPUS=64\n");
    }
    // [kernel.options] come last.
    spec.kernel.options["NR_CPUS"] = "128";
    EXPECT_EQ(requested_options(spec)->at("NR_CPUS").value, "128");
}

TEST(ArchGuest, TheCommandLineNamesItsConsole) {
    Spec spec;
    EXPECT_EQ(kernel_cmdline(spec, {}),
              "console=ttyS0 nokaslr norandmaps mitigations=off panic=-1 oops=panic tsc=reliable "
              "no_timer_check lapic_timer_hz=1000000000 lpj=4000000");
    spec.kernel.arch = "arm64";
    spec.guest.extra_cmdline = "more";
    EXPECT_EQ(kernel_cmdline(spec, {}),
              "console=ttyAMA0 nokaslr norandmaps mitigations=off panic=-1 oops=panic more");
    spec.kernel.arch = "riscv64";
    EXPECT_EQ(kernel_cmdline(spec, {}),
              "console=ttyS0 nokaslr norandmaps mitigations=off panic=-1 oops=panic more");
}

} // namespace
} // namespace rig
