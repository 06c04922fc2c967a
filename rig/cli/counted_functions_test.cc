// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/counted_functions.h"

#include "plugin/counts_file.h"
#include "rig/testing/temp_tree.h"

#include <cstring>
#include <gtest/gtest.h>

namespace rig {
namespace {

class Qemu : public Hypervisor {
 public:
    explicit Qemu(std::string version) : version_(std::move(version)) {}
    Result<GuestEnd> run(const BootRequest&, const std::function<bool(std::string_view)>&,
                         std::stop_token) override {
        return GuestEnd{};
    }
    Result<std::string> version(const Arch&) override { return version_; }

 private:
    std::string version_;
};

const std::vector<std::string> kFunctions{"tlb_remove_table_one"};

SymbolTable symbols() {
    return SymbolTable::parse("ffffffff81000000 T _text\n"
                              "ffffffff8116dcc0 t tlb_remove_table_one\n"
                              "ffffffff8116dd10 t tlb_batch_pages_flush\n"
                              "ffffffff8116dd40 t twin\n"
                              "ffffffff8116dd50 t between\n"
                              "ffffffff8116dd60 t twin\n"
                              "ffffffff8116dd68 t behind\n"
                              "ffffffff81600000 T _etext\n",
                              "System.map")
        .value();
}

TEST(CountedFunctions, RangesAreThoseOfTheFunctions) {
    const testing::TempTree plugins;
    const auto module = plugins.put("libcount_ranges-api1.so", "");
    Qemu qemu("QEMU emulator version 7.2.22");
    const auto counting =
        counting_of(kFunctions, symbols(), kDefaultArch, 4, Accelerator::Tcg, qemu, plugins.path());
    ASSERT_TRUE(counting) << counting.error().message;
    EXPECT_EQ(counting->module, module);
    EXPECT_EQ(counting->layout, (CountsLayout{{{0xffffffff8116dcc0, 0x50}}, 4, 1}));
    // Of two functions of one name, both.
    const auto twins =
        counting_of({"twin"}, symbols(), kDefaultArch, 4, Accelerator::Tcg, qemu, plugins.path());
    ASSERT_TRUE(twins) << twins.error().message;
    EXPECT_EQ(twins->layout,
              (CountsLayout{{{0xffffffff8116dd40, 0x10}, {0xffffffff8116dd60, 8}}, 4, 1}));
}

TEST(CountedFunctions, WhatCannotBeCountedIsTheUsersFault) {
    const testing::TempTree plugins;
    plugins.put("libcount_ranges-api1.so", "");
    const auto error = [&](const std::string& version, const char* function,
                           Accelerator accelerator) {
        Qemu qemu(version);
        const auto counting =
            counting_of({function}, symbols(), kDefaultArch, 4, accelerator, qemu, plugins.path());
        if (counting) return std::string();
        EXPECT_EQ(counting.error().fault_domain, FaultDomain::Spec);
        return counting.error().message;
    };
    EXPECT_EQ(error("QEMU emulator version 7.2.22", "tlb_remove_table_one", Accelerator::Tcg), "");
    EXPECT_NE(error("QEMU emulator version 7.2.22", "tlb_remove", Accelerator::Tcg)
                  .find("tlb_remove is not a function"),
              std::string::npos);
    EXPECT_NE(
        error("QEMU emulator version 7.2.22", "tlb_remove_table_one", Accelerator::Kvm).find("KVM"),
        std::string::npos);
    EXPECT_NE(error("QEMU emulator version 10.0.2", "tlb_remove_table_one", Accelerator::Tcg)
                  .find("libcount_ranges-api2.so"),
              std::string::npos);
}

TEST(CountedFunctions, TextSaysWhatIsMissing) {
    const CountsLayout layout{{{0xffffffff8116dcc0, 0x50}}, 1, 1};
    const auto image = counts_image(layout).value();
    auto bytes = image.head;
    bytes.resize(image.bytes);
    const auto text = [&] {
        return counted_functions_text(kFunctions, symbols(),
                                      InstructionCounts::parse(bytes).value());
    };
    EXPECT_NE(text().find("nothing was counted"), std::string::npos);
    rig_counts_header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    header.plugin_api = header.threads = 1;
    header.blocks = 1;
    header.marks[RIG_WINDOW_COUNT_PASS] = header.marks[RIG_WINDOW_LATENCY_PASS] = 1;
    std::memcpy(bytes.data(), &header, sizeof header);
    EXPECT_NE(text().find("did not end"), std::string::npos);
    header.marks[RIG_WINDOW_REST] = 2;
    std::memcpy(bytes.data(), &header, sizeof header);
    const std::uint64_t entered = 80;
    for (const std::size_t cell : {0, 1, 3}) // in the count pass, the second window of one vCPU
        std::memcpy(bytes.data() + image.head.size() + (0x50 + cell) * sizeof entered, &entered,
                    sizeof entered);
    EXPECT_EQ(text(), "  entered in                         count pass latency pass         rest "
                      "instructions ran\n"
                      "  tlb_remove_table_one                       80            0            0"
                      "                3\n");
}

TEST(CountedFunctions, FunctionsOfOneNameHaveARowEach) {
    const CountsLayout layout{{{0xffffffff8116dd40, 0x10}, {0xffffffff8116dd60, 8}}, 1, 1};
    const auto image = counts_image(layout).value();
    auto bytes = image.head;
    bytes.resize(image.bytes);
    const std::uint64_t entered = 7; // the second one, in the count pass
    std::memcpy(bytes.data() + image.head.size() + (0x18 + 0x10) * sizeof entered, &entered,
                sizeof entered);
    const auto text =
        counted_functions_text({"twin"}, symbols(), InstructionCounts::parse(bytes).value());
    EXPECT_NE(text.find("  twin at 0xffffffff8116dd40                  0            0"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("  twin at 0xffffffff8116dd60                  7            0"),
              std::string::npos)
        << text;
}

} // namespace
} // namespace rig
