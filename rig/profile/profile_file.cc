// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/profile/profile_file.h"

#include "plugin/profile_file.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fmt/format.h>

namespace rig {
namespace {

// The header's fields before this one, and the tables, are rig's: the plugin leaves them alone.
constexpr std::size_t kOwnBytes = offsetof(rig_profile_header, plugin_api);
constexpr std::uint64_t kKernelHalf = 1ull << 63;

template<class Struct> void put(std::string& bytes, std::size_t at, const Struct& what) {
    std::memcpy(bytes.data() + at, &what, sizeof what);
}
// `at` + its size is within `bytes`.
template<class Struct> Struct get(std::string_view bytes, std::size_t at) {
    Struct out;
    std::memcpy(&out, bytes.data() + at, sizeof out);
    return out;
}

tl::unexpected<Error> wrong(const std::string& what) {
    return fail(FaultDomain::Host, "profile: " + what);
}

std::size_t cells_of(const ProfileLayout& layout) {
    return layout.functions.size() + layout.programs.names.size() + RIG_PROFILE_OTHERS;
}

Status check(const ProfileLayout& layout) {
    const auto limit = [](const char* what, std::size_t found, std::size_t most) -> Status {
        if (found <= most) return {};
        return wrong(fmt::format("{} {}, want at most {}", found, what, most));
    };
    RIG_CHECK(limit("functions", layout.functions.size(), RIG_PROFILE_MAX_FUNCTIONS));
    RIG_CHECK(limit("pages of programs", layout.programs.pages.size(), RIG_PROFILE_MAX_PAGES));
    RIG_CHECK(limit("programs", layout.programs.names.size(), RIG_PROFILE_MAX_PROGRAMS));
    RIG_CHECK(limit("stamps", layout.stamps, RIG_PROFILE_MAX_STAMPS));
    std::uint64_t free_from = kKernelHalf;
    for (const auto& function : layout.functions) {
        if (function.length == 0 || function.start < free_from ||
            function.start + function.length < function.start)
            return wrong(fmt::format("function {} is {:#x} with {} bytes, want ascending functions "
                                     "of the upper half that do not overlap",
                                     function.name, function.start, function.length));
        free_from = function.start + function.length;
    }
    return {};
}

} // namespace

ProfileLayout profile_layout(const SymbolTable& symbols, ProgramPages programs) {
    ProfileLayout layout{{}, std::move(programs), 0, 0};
    for (const auto& function : symbols.functions())
        if (function.start >= kKernelHalf)
            layout.functions.push_back(
                {std::string(function.name), function.start, function.end - function.start});
    if (const auto recorded = symbols.address(kRecordedEvent)) {
        layout.stamp_at = *recorded;
        layout.stamps = kStamps;
    }
    return layout;
}

Result<ProfileImage> profile_image(const ProfileLayout& layout) {
    RIG_CHECK(check(layout));
    const auto tables = RIG_PROFILE_TABLES_AT +
                        layout.functions.size() * sizeof(rig_profile_function) +
                        layout.programs.pages.size() * sizeof(rig_profile_page);
    const auto head = (tables + RIG_PROFILE_PAGE - 1) / RIG_PROFILE_PAGE * RIG_PROFILE_PAGE;
    ProfileImage image{std::string(head, '\0'), 0};
    image.bytes =
        head + (std::uint64_t{RIG_WINDOWS} * RIG_PROFILE_KINDS * cells_of(layout) + layout.stamps) *
                   sizeof(std::uint64_t);
    if (image.bytes > RIG_PROFILE_MAX_BYTES)
        return wrong(fmt::format("{} functions, {} programs and {} stamps need more than {} MiB",
                                 layout.functions.size(), layout.programs.names.size(),
                                 layout.stamps, RIG_PROFILE_MAX_BYTES >> 20));
    rig_profile_header header{};
    header.magic = RIG_PROFILE_MAGIC;
    header.version = RIG_PROFILE_VERSION;
    header.functions = static_cast<std::uint32_t>(layout.functions.size());
    header.pages = static_cast<std::uint32_t>(layout.programs.pages.size());
    header.programs = static_cast<std::uint32_t>(layout.programs.names.size());
    header.windows = RIG_WINDOWS;
    header.stamps = layout.stamps;
    header.stamp_at = layout.stamp_at;
    header.counters_at = head;
    header.file_bytes = image.bytes;
    put(image.head, 0, header);
    std::size_t at = RIG_PROFILE_TABLES_AT;
    for (const auto& function : layout.functions) {
        put(image.head, at, rig_profile_function{function.start, function.length});
        at += sizeof(rig_profile_function);
    }
    for (const auto& [hash, program] : layout.programs.pages) {
        put(image.head, at, rig_profile_page{hash, program, 0});
        at += sizeof(rig_profile_page);
    }
    return image;
}

Result<RawProfile> parse_profile_file(std::string_view bytes, const ProfileLayout& layout) {
    RIG_TRY(image, profile_image(layout));
    if (bytes.size() != image.bytes)
        return wrong(fmt::format("{} bytes, want the {} of this boot's functions and programs",
                                 bytes.size(), image.bytes));
    const std::string_view own = image.head;
    if (bytes.substr(0, kOwnBytes) != own.substr(0, kOwnBytes) ||
        bytes.substr(RIG_PROFILE_TABLES_AT, own.size() - RIG_PROFILE_TABLES_AT) !=
            own.substr(RIG_PROFILE_TABLES_AT))
        return wrong("its header or its tables are not those that rig wrote for this boot");
    const auto header = get<rig_profile_header>(bytes, 0);
    if (header.plugin_api > 2 || header.threads > 2 || header.window >= RIG_WINDOWS)
        return wrong(fmt::format("no plugin of rig writes window {}, threads {}, API {}",
                                 header.window, header.threads, header.plugin_api));
    RawProfile out;
    out.plugin_api = header.plugin_api;
    out.threads = header.threads;
    out.window = header.window;
    std::copy(std::begin(header.marks), std::end(header.marks), out.marks.begin());
    std::copy(std::begin(header.began_at), std::end(header.began_at), out.began_at.begin());
    std::copy(std::begin(header.ended_at), std::end(header.ended_at), out.ended_at.begin());
    out.blocks = header.blocks;
    out.total = header.total;
    out.stamped = header.stamped;
    const auto number = [&](std::size_t index) {
        return get<std::uint64_t>(bytes, header.counters_at + index * sizeof(std::uint64_t));
    };
    const auto cells = cells_of(layout);
    const auto cell = [&](std::size_t index) {
        ProfileCell one;
        for (std::size_t window = 0; window < RIG_WINDOWS; ++window) {
            const auto of_window = window * RIG_PROFILE_KINDS * cells + index;
            one.instructions[window] = number(of_window + RIG_PROFILE_INSTRUCTIONS * cells);
            one.calls[window] = number(of_window + RIG_PROFILE_CALLS * cells);
        }
        return one;
    };
    std::size_t next = 0;
    for (; next < layout.functions.size(); ++next)
        out.functions.push_back(cell(next));
    for (std::size_t i = 0; i < layout.programs.names.size(); ++i)
        out.programs.push_back(cell(next++));
    for (unsigned i = 0; i < RIG_PROFILE_OTHERS; ++i)
        out.others.push_back(cell(next++));
    const auto kept = std::min<std::uint64_t>(out.stamped, layout.stamps);
    for (std::size_t i = 0; i < kept; ++i)
        out.stamps.push_back(number(std::size_t{RIG_WINDOWS} * RIG_PROFILE_KINDS * cells + i));
    return out;
}

} // namespace rig
