// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/instruction_counts.h"

#include "plugin/counts_file.h"

#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <random>

namespace rig {
namespace {

const CountsLayout kLayout{{{0x1000, 16}, {0x2000, 8}}, 2, 4};

std::string fresh(const CountsLayout& layout = kLayout) {
    const auto image = counts_image(layout);
    EXPECT_TRUE(image) << image.error().message;
    if (!image) return {};
    auto bytes = image->head;
    bytes.resize(image->bytes);
    return bytes;
}

std::string changed(std::string bytes, const std::function<void(rig_counts_header&)>& change) {
    rig_counts_header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    change(header);
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
}

std::string changed_range(std::string bytes, std::size_t i,
                          const std::function<void(rig_counts_range&)>& change) {
    const auto at = RIG_COUNTS_RANGES_AT + i * sizeof(rig_counts_range);
    rig_counts_range range;
    std::memcpy(&range, bytes.data() + at, sizeof range);
    change(range);
    std::memcpy(bytes.data() + at, &range, sizeof range);
    return bytes;
}

// As the plugin leaves it after a whole boot: counter k of the file, in its order, is k + 1.
std::string used() {
    auto bytes = changed(fresh(), [](rig_counts_header& header) {
        header.plugin_api = 1;
        header.threads = 1;
        header.vcpus_apart = 1;
        header.blocks = 7;
        header.marks[RIG_WINDOW_COUNT_PASS] = header.marks[RIG_WINDOW_LATENCY_PASS] = 1;
        header.marks[RIG_WINDOW_REST] = 2;
    });
    std::uint64_t number = 0;
    for (auto at = RIG_COUNTS_PAGE; at < bytes.size(); at += sizeof number) {
        ++number;
        std::memcpy(bytes.data() + at, &number, sizeof number);
    }
    return bytes;
}

std::string error_of(const std::string& bytes) {
    const auto counts = InstructionCounts::parse(bytes);
    if (counts) return "";
    EXPECT_EQ(counts.error().fault_domain, FaultDomain::Host);
    return counts.error().message;
}

TEST(CountsLayout, CoversRangesThatLieWithinOneOfItsOwn) {
    const std::vector<CountedRange> outer{{100, 10}, {200, 50}};
    EXPECT_TRUE(covers(outer, {}));
    EXPECT_TRUE(covers(outer, outer));
    EXPECT_TRUE(covers(outer, {{100, 1}, {109, 1}, {210, 40}}));
    for (const CountedRange& outside :
         {CountedRange{99, 2}, {109, 2}, {110, 1}, {200, 51}, {90, 200}})
        EXPECT_FALSE(covers(outer, {{100, 1}, outside})) << outside.start;
    EXPECT_FALSE(covers({}, {{1, 1}}));
}

TEST(InstructionCounts, FreshFileSaysThatNothingWasCounted) {
    const auto counts = InstructionCounts::parse(fresh());
    ASSERT_TRUE(counts) << counts.error().message;
    EXPECT_EQ(counts->layout(), kLayout);
    EXPECT_FALSE(counts->counted());
    EXPECT_FALSE(counts->exact());
    EXPECT_FALSE(counts->windows_complete());
    EXPECT_EQ(counts->total(CountWindow::Rest, 0x1000), 0u);
}

TEST(InstructionCounts, EachCounterIsFoundByWindowCpuAndAddress) {
    const auto counts = InstructionCounts::parse(used());
    ASSERT_TRUE(counts) << counts.error().message;
    EXPECT_TRUE(counts->counted());
    EXPECT_TRUE(counts->exact());
    EXPECT_TRUE(counts->windows_complete());
    // 6 cells (4 + 2) for each of 2 vCPUs in each of 3 windows.
    EXPECT_EQ(counts->on(0, CountWindow::Rest, 0x1000), 1u);
    EXPECT_EQ(counts->on(0, CountWindow::Rest, 0x100c), 4u);
    EXPECT_EQ(counts->on(0, CountWindow::Rest, 0x2000), 5u);
    EXPECT_EQ(counts->on(1, CountWindow::Rest, 0x1000), 7u);
    EXPECT_EQ(counts->on(0, CountWindow::CountPass, 0x1000), 13u);
    EXPECT_EQ(counts->on(1, CountWindow::LatencyPass, 0x2004), 36u);
    EXPECT_EQ(counts->total(CountWindow::LatencyPass, 0x2004), 30u + 36u);
}

TEST(InstructionCounts, AddressesOutsideTheRangesHaveNoCount) {
    const auto counts = InstructionCounts::parse(used());
    ASSERT_TRUE(counts) << counts.error().message;
    for (const std::uint64_t address :
         {std::uint64_t{0}, std::uint64_t{0xfff}, std::uint64_t{0x1010}, std::uint64_t{0x1fff},
          std::uint64_t{0x2008}, UINT64_MAX})
        EXPECT_EQ(counts->total(CountWindow::Rest, address), std::nullopt) << address;
    EXPECT_EQ(counts->on(2, CountWindow::Rest, 0x1000), std::nullopt) << "no such vCPU";
}

TEST(InstructionCounts, NotExactWithSeveralThreadsOrAnUnknownCpu) {
    EXPECT_FALSE(
        InstructionCounts::parse(changed(used(), [](auto& h) { h.threads = 2; }))->exact());
    EXPECT_FALSE(
        InstructionCounts::parse(changed(used(), [](auto& h) { h.foreign_vcpu = 1; }))->exact());
}

TEST(InstructionCounts, VcpusThatAreNotApartHaveOnlyASum) {
    const auto counts =
        InstructionCounts::parse(changed(used(), [](auto& h) { h.vcpus_apart = 0; }));
    ASSERT_TRUE(counts) << counts.error().message;
    EXPECT_FALSE(counts->vcpus_apart());
    EXPECT_TRUE(counts->exact()) << "the sum is";
    EXPECT_EQ(counts->on(0, CountWindow::Rest, 0x1000), std::nullopt);
    EXPECT_EQ(counts->total(CountWindow::Rest, 0x1000), 1u + 7u);
}

TEST(InstructionCounts, WindowThatNeverEndedIsNotComplete) {
    for (const auto& change : std::vector<std::function<void(rig_counts_header&)>>{
             [](auto& h) { h.window = RIG_WINDOW_LATENCY_PASS; },
             [](auto& h) { h.marks[RIG_WINDOW_COUNT_PASS] = 2; },
             [](auto& h) { h.marks[RIG_WINDOW_REST] = 1; }})
        EXPECT_FALSE(InstructionCounts::parse(changed(used(), change))->windows_complete());
}

TEST(InstructionCounts, TornFileIsRefused) {
    const auto whole = used();
    for (std::size_t size = 0; size < whole.size(); size += size < 512 ? 1 : 61)
        EXPECT_NE(error_of(whole.substr(0, size)), "") << size;
    EXPECT_NE(error_of(whole + '\0'), "") << "extended";
    EXPECT_NE(error_of(whole.substr(0, whole.size() - 1)).find("cut short"), std::string::npos);
}

TEST(InstructionCounts, ForeignFileIsRefused) {
    EXPECT_NE(error_of(std::string(8192, '\0')), "");
    EXPECT_NE(error_of(std::string(8192, '\xff')), "");
    EXPECT_NE(error_of("\x7f"
                       "ELF" +
                       std::string(8192, '\1')),
              "");
    EXPECT_NE(error_of(changed(used(), [](auto& h) { ++h.version; })).find("format 2, want 1"),
              std::string::npos);
    EXPECT_NE(error_of(changed(used(), [](auto& h) { h.magic = __builtin_bswap64(h.magic); })), "")
        << "of a host of the other byte order";
}

TEST(InstructionCounts, HeaderThatAsksForMoreThanTheFileHasIsRefused) {
    for (const auto& change : std::vector<std::function<void(rig_counts_header&)>>{
             [](auto& h) { h.ranges = UINT32_MAX; }, [](auto& h) { h.vcpus = UINT32_MAX; },
             [](auto& h) { h.vcpus = 0; }, [](auto& h) { h.step = 0; }, [](auto& h) { h.step = 3; },
             [](auto& h) { h.windows = 4; }, [](auto& h) { h.cells = UINT64_MAX / 8; },
             [](auto& h) { h.counters_at = UINT64_MAX; }, [](auto& h) { h.counters_at += 8; },
             [](auto& h) { h.window = 3; }, [](auto& h) { h.threads = 3; },
             [](auto& h) { h.plugin_api = 9; }})
        EXPECT_NE(error_of(changed(used(), change)), "");
    for (const auto& change : std::vector<std::function<void(rig_counts_range&)>>{
             [](auto& r) { r.length = UINT64_MAX - 3; }, [](auto& r) { r.length = 0; },
             [](auto& r) { r.length += 4; }, [](auto& r) { r.start = UINT64_MAX - 3; },
             [](auto& r) { r.start += 1; }, [](auto& r) { r.first_cell = 1000; }}) {
        EXPECT_NE(error_of(changed_range(used(), 0, change)), "");
        EXPECT_NE(error_of(changed_range(used(), 1, change)), "");
    }
}

TEST(InstructionCounts, DamagedBytesNeverReadOutOfBounds) {
    const auto whole = used();
    std::mt19937 random(1);
    for (int i = 0; i < 2000; ++i) {
        auto bytes = whole;
        for (int n = 0; n < 4; ++n)
            bytes[random() % 320] = static_cast<char>(random());
        if (const auto counts = InstructionCounts::parse(std::move(bytes)))
            for (std::uint64_t address = 0xffc; address < 0x2010; address += 4)
                static_cast<void>(counts->total(CountWindow::LatencyPass, address));
    }
}

TEST(InstructionCounts, LayoutSortsJoinsAndAligns) {
    EXPECT_EQ(counts_layout({{0x2002, 3}, {0x1000, 8}, {0x1008, 4}, {0x1004, 2}, {0x3000, 0}}, 4,
                            "arm64"),
              (CountsLayout{{{0x1000, 12}, {0x2000, 8}}, 4, 4}));
    EXPECT_EQ(counts_layout({{0x1001, 2}, {0x1005, 1}}, 1, "x86_64"),
              (CountsLayout{{{0x1001, 2}, {0x1005, 1}}, 1, 1}));
    EXPECT_EQ(counts_layout({{0x1001, 2}}, 1, "riscv64"), (CountsLayout{{{0x1000, 4}}, 1, 2}));
    EXPECT_TRUE(InstructionCounts::parse(fresh(counts_layout({}, 4, "x86_64"))))
        << "no range: only windows and blocks are counted";
}

TEST(InstructionCounts, LayoutThatNeedsTooMuchIsRefused) {
    const auto error = [](const CountsLayout& layout) {
        const auto image = counts_image(layout);
        return image ? "" : image.error().message;
    };
    EXPECT_NE(error({{{0x1000, 200u << 20}}, 4, 1}).find("256 MiB"), std::string::npos);
    EXPECT_NE(error({{{0x1000, 8}, {0x1004, 8}}, 4, 4}).find("range 1"), std::string::npos);
    EXPECT_NE(error({{{0x1002, 8}}, 4, 4}).find("multiples of 4"), std::string::npos);
    EXPECT_NE(error({{}, 0, 1}).find("vCPUs"), std::string::npos);
    std::vector<CountedRange> many;
    for (std::uint64_t i = 0; i <= RIG_COUNTS_MAX_RANGES; ++i)
        many.push_back({i * 16, 8});
    EXPECT_NE(error({many, 1, 1}).find("65536"), std::string::npos);
    many.pop_back();
    EXPECT_EQ(error({many, 1, 1}), "");
}

} // namespace
} // namespace rig
