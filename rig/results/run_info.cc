// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/results/run_info.h"

#include "rig/base/json_reader.h"
#include "rig/results/stored_spec.h"
#include "rig/spec/override.h"
#include "rig/spec/spec_parser.h"

#include <algorithm>

namespace rig {
namespace {

using nlohmann::json;

// parse_spec() accepts 256 KiB, and its error message is better than this one.
constexpr std::size_t max_spec_bytes = 1 << 20;
constexpr std::size_t max_arms = 64;
constexpr std::size_t max_at_once = 4096; // boots
constexpr std::size_t max_patches = 4096;
constexpr std::size_t max_arguments = 1024;
constexpr std::size_t max_options = 1024;
// The options that differ between kernels of two distributions.
constexpr std::size_t max_differences = 65536;
constexpr unsigned format = 6; // raised when a reader of the old format would misread the new one
constexpr unsigned oldest = 5; // oldest format that can be read: without patch_sha256

template<class Visit, class I> void visit_texts(I& info, Visit visit) {
    visit("run_id", info.run_id);
    visit("spec_file", info.spec_file);
    visit("clock_why", info.clock_why);
    visit("seed_varies", info.seed_varies);
    visit("program", info.program);
    visit("host_boot", info.host_boot);
    visit("rig_version", info.rig_version);
    visit("qemu_version", info.qemu_version);
    visit("libvirt_version", info.libvirt_version);
    visit("perf_version", info.perf_version);
    visit("image", info.image);
    visit("started", info.started);
    visit("ended", info.ended);
    visit("failure", info.failure);
}

json to_json(const RunKernel& kernel) {
    return {{"arm", kernel.arm},
            {"key", kernel.key},
            {"compiler", kernel.compiler},
            {"config_file", kernel.config_file},
            {"patches", kernel.patches},
            {"patch_sha256", kernel.patch_sha256},
            {"facts",
             {{"version", kernel.facts.version},
              {"image_sha256", kernel.facts.image_sha256},
              {"config_known", kernel.facts.config_known},
              {"config", kernel.facts.config},
              {"config_differs", kernel.facts.config_differs},
              {"symbols", kernel.facts.symbols}}}};
}

Status read_facts(JsonReader reader, KernelFacts& facts) {
    RIG_CHECK(reader.text("version", facts.version));
    RIG_CHECK(reader.text("image_sha256", facts.image_sha256, 64));
    RIG_CHECK(reader.boolean("config_known", facts.config_known));
    RIG_CHECK(reader.map("config", facts.config, max_options));
    RIG_CHECK(reader.map("config_differs", facts.config_differs, max_differences));
    RIG_CHECK(reader.map("symbols", facts.symbols, max_options));
    return reader.finish();
}

Status read_kernel(JsonReader reader, RunKernel& kernel, unsigned found_format) {
    RIG_CHECK(reader.text("arm", kernel.arm));
    RIG_CHECK(reader.text("key", kernel.key));
    RIG_CHECK(reader.text("compiler", kernel.compiler));
    RIG_CHECK(reader.text("config_file", kernel.config_file));
    RIG_CHECK(reader.texts("patches", kernel.patches, max_patches));
    if (found_format > oldest) {
        RIG_CHECK(reader.texts("patch_sha256", kernel.patch_sha256, max_patches));
        // Hashes of only some patches would yield the hash of another series.
        if (!kernel.patch_sha256.empty() && kernel.patch_sha256.size() != kernel.patches.size())
            return fail(FaultDomain::Host, "run.kernels: arm " + kernel.arm + ": " +
                                               std::to_string(kernel.patch_sha256.size()) +
                                               " patch_sha256, want none or " +
                                               std::to_string(kernel.patches.size()) +
                                               ", one per patch");
    }
    RIG_TRY(facts, reader.object("facts"));
    RIG_CHECK(read_facts(facts, kernel.facts));
    return reader.finish();
}

} // namespace

const RunKernel* RunInfo::find_kernel(std::string_view arm) const {
    auto found = std::find_if(kernels.begin(), kernels.end(),
                              [&](const RunKernel& k) { return k.arm == arm; });
    return found == kernels.end() ? nullptr : &*found;
}

bool RunInfo::same_run(const RunInfo& other) const {
    const auto identity = [](const RunInfo& info) {
        auto out = to_json(info);
        if (info.clock == "virtual")
            out.erase("packing"); // boots do not depend on it
        else if (out.contains("packing"))
            out["packing"].erase("warnings");
        for (const char* of_one_run : {"run_id", "clock_why", "started", "ended", "failure",
                                       "resumed", "replays", "source_warnings"})
            out.erase(of_one_run);
        return out;
    };
    return identity(*this) == identity(other);
}

json to_json(const RunInfo& info) {
    json out = {{"format", format},
                {"spec_text", info.spec_text},
                {"clock", info.clock},
                {"boots", info.boots},
                {"accelerator", info.accelerator},
                {"vcpus", info.vcpus},
                {"seed", info.seed},
                {"resumed", info.resumed},
                {"command", info.command},
                {"overrides", json::array()},
                {"kernels", json::array()},
                {"replays", json::array()}};
    // Runs of versions of rig that did not record the allocation lack it.
    if (const auto& p = info.cpu_allocation; p.at_once)
        out["packing"] = {{"at_once", p.at_once},
                          {"cpus", p.cpus},
                          {"pinned", p.pinned},
                          {"shared", p.shared},
                          {"warnings", p.warnings}};
    if (!info.source_warnings.empty()) out["source_warnings"] = info.source_warnings;
    for (const auto& one : info.overrides)
        out["overrides"].push_back(one.key + "=" + one.value);
    visit_texts(info, [&](const char* key, const std::string& text) { out[key] = text; });
    for (const auto& kernel : info.kernels)
        out["kernels"].push_back(to_json(kernel));
    for (const auto& replay : info.replays)
        out["replays"].push_back(
            {{"arm", replay.arm}, {"index", replay.index}, {"difference", replay.difference}});
    return out;
}

Result<RunInfo> run_info_from_json(const json& value) {
    RunInfo info;
    RIG_TRY(reader, JsonReader::open(value, "run"));
    unsigned found_format = 0;
    RIG_CHECK(reader.whole("format", found_format));
    if (found_format < oldest || found_format > format)
        return fail(FaultDomain::Host, "run.format: " + std::to_string(found_format) + ", want " +
                                           std::to_string(oldest) + " or " +
                                           std::to_string(format) +
                                           " (written by another version of rig)");
    RIG_CHECK(reader.text("spec_text", info.spec_text, max_spec_bytes));
    RIG_CHECK(reader.one_of("clock", info.clock, {"virtual", "wall"}));
    RIG_CHECK(reader.one_of("accelerator", info.accelerator, {"tcg", "kvm"}));
    RIG_CHECK(reader.whole("boots", info.boots));
    RIG_CHECK(reader.whole("vcpus", info.vcpus));
    RIG_CHECK(reader.whole("seed", info.seed));
    RIG_CHECK(reader.whole("resumed", info.resumed));
    RIG_CHECK(reader.texts("command", info.command, max_arguments));
    Status status;
    visit_texts(info, [&](const char* key, std::string& text) {
        if (status) status = reader.text(key, text);
    });
    RIG_CHECK(status);
    if (reader.has("packing")) {
        RIG_TRY(cpu_allocation, reader.object("packing"));
        RIG_CHECK(cpu_allocation.whole("at_once", info.cpu_allocation.at_once));
        RIG_CHECK(cpu_allocation.texts("cpus", info.cpu_allocation.cpus, max_at_once));
        RIG_CHECK(cpu_allocation.boolean("pinned", info.cpu_allocation.pinned));
        RIG_CHECK(cpu_allocation.boolean("shared", info.cpu_allocation.shared));
        RIG_CHECK(cpu_allocation.texts("warnings", info.cpu_allocation.warnings, max_arms));
        RIG_CHECK(cpu_allocation.finish());
    }
    if (reader.has("source_warnings"))
        RIG_CHECK(reader.texts("source_warnings", info.source_warnings, max_arms));
    std::vector<std::string> overrides;
    RIG_CHECK(reader.texts("overrides", overrides, max_arguments));
    for (const auto& text : overrides) {
        RIG_TRY(one, parse_override(text));
        info.overrides.push_back(one);
    }
    RIG_TRY(kernels, reader.objects("kernels", max_arms));
    for (auto& kernel : kernels) {
        info.kernels.emplace_back();
        RIG_CHECK(read_kernel(kernel, info.kernels.back(), found_format));
    }
    RIG_TRY(replays, reader.objects("replays", max_arms));
    for (auto& one : replays) {
        auto& replay = info.replays.emplace_back();
        RIG_CHECK(one.text("arm", replay.arm));
        RIG_CHECK(one.whole("index", replay.index));
        RIG_CHECK(one.text("difference", replay.difference));
        RIG_CHECK(one.finish());
    }
    RIG_CHECK(reader.finish());
    return info;
}

namespace {

// With the number of vCPUs, on which other values of the file depend.
std::vector<SpecOverride> overrides_of(const RunInfo& info) {
    auto all = info.overrides;
    if (info.vcpus > 0) all.push_back({"guest.vcpus", std::to_string(info.vcpus)});
    return all;
}

Spec as_run(Spec spec, const RunInfo& info) {
    spec.guest.boots = info.boots;
    spec.overrides = info.overrides;
    spec.guest.seed = info.seed;
    spec.guest.clock = info.clock == "wall" ? ClockChoice::Wall : ClockChoice::Virtual;
    return spec;
}

} // namespace

Result<Spec> spec_of(const RunInfo& info, const std::filesystem::path& top) {
    RIG_TRY(spec, parse_spec(info.spec_text, top / info.spec_file, overrides_of(info)));
    return as_run(std::move(spec), info);
}

Result<Spec> stored_spec_of(const RunInfo& info) {
    RIG_TRY(spec, parse_stored_spec(info.spec_text, info.spec_file, overrides_of(info)));
    return as_run(std::move(spec), info);
}

} // namespace rig
