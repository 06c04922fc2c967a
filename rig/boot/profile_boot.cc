// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/profile_boot.h"

#include "rig/base/files.h"
#include "rig/boot/counts_file.h"
#include "rig/guest_output/perf_output.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

constexpr const char* kPluginsFile = "profile.bin";

// A pass that sent nothing readable has no events; the sample's reader reports it.
std::vector<std::uint64_t> event_times(const Artifacts& artifacts) {
    std::vector<std::uint64_t> times;
    for (const char* pass : {"counted", "timed"}) {
        const auto script = artifacts.find(fmt::format("{}-perf-script.txt", pass));
        if (script == artifacts.end()) continue;
        const auto trace = parse_perf_script(script->second);
        if (!trace) return {};
        for (const auto& event : trace->events)
            times.push_back(event.time_ns);
    }
    return times;
}

} // namespace

Status begin_profile(const Profiling& profiling, const std::filesystem::path& evidence) {
    std::error_code none;
    std::filesystem::remove(evidence / kProfileFile, none);
    RIG_TRY(image, profile_image(*profiling.layout));
    return create_counters(evidence / kPluginsFile, image.head, image.bytes);
}

CountPlugin profiler_of(const Profiling& profiling, const std::filesystem::path& evidence) {
    return {profiling.module, std::filesystem::absolute(evidence / kPluginsFile)};
}

Status keep_profile(const Profiling& profiling, const Artifacts& artifacts,
                    const std::filesystem::path& evidence) {
    const auto file = evidence / kPluginsFile;
    auto raw = parse_profile_file(slurp(file), *profiling.layout);
    if (!raw) {
        raw.error().message = fmt::format("{}: {}", file.string(), raw.error().message);
        return tl::unexpected(raw.error());
    }
    const auto profile = make_profile(*raw, *profiling.layout, event_times(artifacts));
    RIG_CHECK(write_atomically(evidence / kProfileFile, to_json(profile).dump() + "\n"));
    std::error_code error;
    std::filesystem::remove(file, error);
    if (error) return cannot("remove", file, error.value());
    return {};
}

} // namespace rig
