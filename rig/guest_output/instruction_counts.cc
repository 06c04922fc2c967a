// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/instruction_counts.h"

#include "plugin/counts_file.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fmt/format.h>

namespace rig {
namespace {

// The header's fields before this one, and the ranges, are rig's: the plugin leaves them alone.
constexpr std::size_t kOwnBytes = offsetof(rig_counts_header, plugin_api);

template<class Struct> void put(std::string& bytes, std::size_t at, const Struct& what) {
    std::memcpy(bytes.data() + at, &what, sizeof what);
}
// `at` + its size is within `bytes`.
template<class Struct> Struct get(std::string_view bytes, std::size_t at) {
    Struct out;
    std::memcpy(&out, bytes.data() + at, sizeof out);
    return out;
}

constexpr std::size_t range_at(std::size_t i) {
    return RIG_COUNTS_RANGES_AT + i * sizeof(rig_counts_range);
}

tl::unexpected<Error> wrong(const std::string& what) {
    return fail(FaultDomain::Host, "instruction counts: " + what);
}

} // namespace

unsigned instruction_step(std::string_view arch) {
    return arch == "arm64" ? 4 : arch == "riscv64" ? 2 : 1;
}

std::vector<CountedRange> joined(std::vector<CountedRange> ranges, std::uint64_t step) {
    std::vector<CountedRange> out;
    std::erase_if(ranges, [](const CountedRange& range) { return range.length == 0; });
    for (auto& range : ranges) {
        const auto before = range.start % step;
        range.start -= before;
        range.length = (range.length + before + step - 1) / step * step;
    }
    std::sort(ranges.begin(), ranges.end(),
              [](const auto& a, const auto& b) { return a.start < b.start; });
    for (const auto& range : ranges) {
        if (out.empty() || range.start - out.back().start > out.back().length)
            out.push_back(range);
        else
            out.back().length =
                std::max(out.back().length, range.start - out.back().start + range.length);
    }
    return out;
}

bool covers(const std::vector<CountedRange>& outer, const std::vector<CountedRange>& inner) {
    return std::all_of(inner.begin(), inner.end(), [&](const CountedRange& one) {
        return std::any_of(outer.begin(), outer.end(), [&](const CountedRange& all) {
            return all.start <= one.start && one.start - all.start <= all.length &&
                   one.length <= all.length - (one.start - all.start);
        });
    });
}

CountsLayout counts_layout(std::vector<CountedRange> ranges, unsigned vcpus,
                           std::string_view arch) {
    const auto step = instruction_step(arch);
    return {joined(std::move(ranges), step), vcpus, step};
}

Result<CountsImage> counts_image(const CountsLayout& layout) {
    const auto& ranges = layout.ranges;
    if (layout.step != 1 && layout.step != 2 && layout.step != 4)
        return wrong(fmt::format("a step of {} bytes, want 1, 2 or 4", layout.step));
    if (layout.vcpus < 1 || layout.vcpus > RIG_COUNTS_MAX_VCPUS)
        return wrong(
            fmt::format("{} vCPUs, want 1 to {}", layout.vcpus, std::size_t{RIG_COUNTS_MAX_VCPUS}));
    if (ranges.size() > RIG_COUNTS_MAX_RANGES)
        return wrong(fmt::format("{} ranges, want at most {}", ranges.size(),
                                 std::size_t{RIG_COUNTS_MAX_RANGES}));
    const auto head =
        (range_at(ranges.size()) + RIG_COUNTS_PAGE - 1) / RIG_COUNTS_PAGE * RIG_COUNTS_PAGE;
    CountsImage image{std::string(head, '\0'), 0};
    std::uint64_t cells = 0, free_from = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        const auto& [start, length] = ranges[i];
        if (length == 0 || length > RIG_COUNTS_MAX_BYTES || start % layout.step ||
            length % layout.step || start < free_from || start + length < start)
            return wrong(fmt::format("range {} is {:#x} with {} bytes, want ascending ranges that "
                                     "do not overlap, of multiples of {} bytes",
                                     i, start, length, layout.step));
        put(image.head, range_at(i), rig_counts_range{start, length, cells, 0});
        free_from = start + length;
        cells += length / layout.step; // at most 2^16 * 2^28
    }
    const auto per_cell = std::uint64_t{layout.vcpus} * RIG_WINDOWS * sizeof(std::uint64_t);
    if (cells > (RIG_COUNTS_MAX_BYTES - head) / per_cell)
        return wrong(
            fmt::format("{} places of instructions for {} vCPUs need more than {} MiB of counters",
                        cells, layout.vcpus, RIG_COUNTS_MAX_BYTES >> 20));
    image.bytes = head + cells * per_cell;
    rig_counts_header header{};
    header.magic = RIG_COUNTS_MAGIC;
    header.version = RIG_COUNTS_VERSION;
    header.ranges = static_cast<std::uint32_t>(ranges.size());
    header.vcpus = layout.vcpus;
    header.windows = RIG_WINDOWS;
    header.step = layout.step;
    header.cells = cells;
    header.counters_at = head;
    header.file_bytes = image.bytes;
    put(image.head, 0, header);
    return image;
}

Result<InstructionCounts> InstructionCounts::parse(std::string bytes) {
    if (bytes.size() < RIG_COUNTS_RANGES_AT || bytes.size() > RIG_COUNTS_MAX_BYTES)
        return wrong(fmt::format("{} bytes, want {} to {}", bytes.size(), RIG_COUNTS_RANGES_AT,
                                 RIG_COUNTS_MAX_BYTES));
    const auto header = get<rig_counts_header>(bytes, 0);
    if (header.magic != RIG_COUNTS_MAGIC) return wrong("not a counters file of rig's TCG plugin");
    if (header.version != RIG_COUNTS_VERSION)
        return wrong(fmt::format("format {}, want {}", header.version, RIG_COUNTS_VERSION));
    if (header.file_bytes != bytes.size())
        return wrong(fmt::format("cut short or extended: {} bytes, its header says {}",
                                 bytes.size(), header.file_bytes));
    if (header.ranges > RIG_COUNTS_MAX_RANGES || range_at(header.ranges) > bytes.size())
        return wrong(fmt::format("{} ranges do not fit in {} bytes", header.ranges, bytes.size()));

    InstructionCounts out;
    out.layout_ = {{}, header.vcpus, header.step};
    for (std::size_t i = 0; i < header.ranges; ++i) {
        const auto range = get<rig_counts_range>(bytes, range_at(i));
        out.layout_.ranges.push_back({range.start, range.length});
        out.first_cells_.push_back(range.first_cell);
    }
    // What rig would write for that layout is what has to be there: no rule is written twice.
    RIG_TRY(image, counts_image(out.layout_));
    if (image.bytes != bytes.size() || bytes.compare(0, kOwnBytes, image.head, 0, kOwnBytes) != 0 ||
        bytes.compare(RIG_COUNTS_RANGES_AT, image.head.size() - RIG_COUNTS_RANGES_AT, image.head,
                      RIG_COUNTS_RANGES_AT) != 0)
        return wrong("its header contradicts its ranges");
    if (header.window >= RIG_WINDOWS || header.threads > 2 || header.plugin_api > 2 ||
        header.vcpus_apart > 1)
        return wrong(fmt::format("no plugin of rig writes window {}, threads {}, API {}",
                                 header.window, header.threads, header.plugin_api));
    out.cells_ = header.cells;
    out.counters_at_ = header.counters_at;
    out.plugin_api_ = header.plugin_api;
    out.threads_ = header.threads;
    out.vcpus_apart_ = header.vcpus_apart != 0;
    out.window_ = header.window;
    out.blocks_ = header.blocks;
    out.foreign_vcpu_ = header.foreign_vcpu;
    std::copy(std::begin(header.marks), std::end(header.marks), out.marks_.begin());
    out.bytes_ = std::move(bytes);
    return out;
}

std::uint64_t InstructionCounts::begun(CountWindow window) const {
    return marks_[static_cast<unsigned>(window)];
}

bool InstructionCounts::windows_complete() const {
    const auto latency = begun(CountWindow::LatencyPass);
    return begun(CountWindow::CountPass) == 1 && latency <= 1 &&
           begun(CountWindow::Rest) == 1 + latency && window_ == RIG_WINDOW_REST;
}

std::optional<std::uint64_t> InstructionCounts::cell_of(std::uint64_t address) const {
    const auto& ranges = layout_.ranges;
    const auto behind = std::upper_bound(
        ranges.begin(), ranges.end(), address,
        [](std::uint64_t value, const CountedRange& range) { return value < range.start; });
    if (behind == ranges.begin()) return std::nullopt;
    const auto range = behind - 1;
    if (address - range->start >= range->length) return std::nullopt;
    return first_cells_[static_cast<std::size_t>(range - ranges.begin())] +
           (address - range->start) / layout_.step;
}

std::uint64_t InstructionCounts::counter(CountWindow window, unsigned vcpu,
                                         std::uint64_t cell) const {
    const auto index = (static_cast<unsigned>(window) * layout_.vcpus + vcpu) * cells_ + cell;
    return get<std::uint64_t>(bytes_, counters_at_ + index * sizeof(std::uint64_t));
}

std::optional<std::uint64_t> InstructionCounts::on(unsigned vcpu, CountWindow window,
                                                   std::uint64_t address) const {
    const auto cell = cell_of(address);
    if (!cell || !vcpus_apart_ || vcpu >= layout_.vcpus) return std::nullopt;
    return counter(window, vcpu, *cell);
}

std::optional<std::uint64_t> InstructionCounts::total(CountWindow window,
                                                      std::uint64_t address) const {
    const auto cell = cell_of(address);
    if (!cell) return std::nullopt;
    std::uint64_t sum = 0;
    for (unsigned vcpu = 0; vcpu < layout_.vcpus; ++vcpu)
        sum += counter(window, vcpu, *cell);
    return sum;
}

} // namespace rig
