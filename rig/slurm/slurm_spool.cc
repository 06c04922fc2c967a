// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/slurm/slurm_spool.h"

#include "rig/base/files.h"
#include "rig/base/json_reader.h"
#include "rig/base/sha256.h"
#include "rig/base/text.h"
#include "rig/kernel/kernel.h"
#include "rig/results/line_record.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <sstream>

namespace rig {
namespace {

using nlohmann::json;

constexpr unsigned kFormat = 1; // raise it if a reader of the old format would misread the new one
constexpr std::size_t kMostArms = 64, kMostPatches = 4096, kMostText = 1 << 16;

Result<json> load(const std::filesystem::path& file) {
    const auto text = slurp(file);
    auto value = json::parse(text, nullptr, false);
    if (value.is_discarded())
        return fail(
            FaultDomain::Host,
            fmt::format("{}: {}, want JSON", file.string(), text.empty() ? "nothing" : "no JSON"),
            file);
    return value;
}

Result<JsonReader> open_file(const json& value, const std::filesystem::path& file) {
    RIG_TRY(reader, JsonReader::open(value, file.string()));
    unsigned format = 0;
    RIG_CHECK(reader.whole("format", format));
    if (format != kFormat)
        return fail(FaultDomain::Host,
                    fmt::format("{}: format {}, want {} (written by another version of rig)",
                                file.string(), format, kFormat),
                    file);
    return std::move(reader);
}

json json_of(const Kernel& kernel) {
    return {{"boot_image", kernel.boot_image.string()},
            {"vmlinux", kernel.vmlinux.string()},
            {"system_map", kernel.system_map.string()},
            {"config", kernel.config.string()},
            {"key", kernel.key},
            {"image_sha256", kernel.image_sha256},
            {"compiler", kernel.compiler},
            {"version", kernel.version},
            {"patches", kernel.patches},
            {"patch_sha256", kernel.patch_sha256},
            {"source_warning", kernel.source_warning},
            {"build_seconds", kernel.build_seconds},
            {"pvh", kernel.pvh},
            {"from_cache", kernel.from_cache},
            {"incremental", kernel.incremental}};
}

Status read_path(JsonReader& reader, const char* key, std::filesystem::path& out) {
    std::string text;
    RIG_CHECK(reader.text(key, text));
    out = text;
    return {};
}

Result<Kernel> read_kernel(JsonReader& reader) {
    Kernel kernel;
    RIG_CHECK(read_path(reader, "boot_image", kernel.boot_image));
    RIG_CHECK(read_path(reader, "vmlinux", kernel.vmlinux));
    RIG_CHECK(read_path(reader, "system_map", kernel.system_map));
    RIG_CHECK(read_path(reader, "config", kernel.config));
    RIG_CHECK(reader.text("key", kernel.key));
    RIG_CHECK(reader.text("image_sha256", kernel.image_sha256));
    RIG_CHECK(reader.text("compiler", kernel.compiler));
    RIG_CHECK(reader.text("version", kernel.version));
    RIG_CHECK(reader.texts("patches", kernel.patches, kMostPatches));
    RIG_CHECK(reader.texts("patch_sha256", kernel.patch_sha256, kMostPatches));
    RIG_CHECK(reader.text("source_warning", kernel.source_warning));
    RIG_CHECK(reader.number("build_seconds", kernel.build_seconds));
    RIG_CHECK(reader.boolean("pvh", kernel.pvh));
    RIG_CHECK(reader.boolean("from_cache", kernel.from_cache));
    RIG_CHECK(reader.boolean("incremental", kernel.incremental));
    RIG_CHECK(reader.finish());
    return kernel;
}

Result<Error> read_error(JsonReader reader) {
    Error error;
    std::string fault_domain;
    RIG_CHECK(reader.one_of("blame", fault_domain,
                            {name(FaultDomain::Spec), name(FaultDomain::Host),
                             name(FaultDomain::Kernel), name(FaultDomain::Guest)}));
    for (const auto one :
         {FaultDomain::Spec, FaultDomain::Host, FaultDomain::Kernel, FaultDomain::Guest})
        if (fault_domain == name(one)) error.fault_domain = one;
    RIG_CHECK(reader.text("message", error.message, kMostText));
    RIG_CHECK(read_path(reader, "log", error.log));
    RIG_CHECK(reader.text("kind", error.kind));
    RIG_CHECK(reader.text("complaint", error.complaint, kMostText));
    RIG_CHECK(reader.text("arm", error.arm));
    RIG_CHECK(reader.finish());
    return error;
}

// The part of a run that is known before the kernels are built.
json identity(const RunInfo& run) {
    const auto all = to_json(run);
    json known;
    for (const char* key :
         {"spec_file", "spec_text", "overrides", "boots", "vcpus", "seed", "clock", "program"})
        known[key] = all.at(key);
    return known;
}

} // namespace

std::string SlurmPlan::id() const {
    return sha256_hex(identity(run).dump() + top.string()).substr(0, 16);
}

SlurmPlan slurm_plan(const Spec& spec, const std::string& program) {
    SlurmPlan plan;
    plan.top = std::filesystem::absolute(spec.top);
    auto& run = plan.run;
    run.spec_file = std::filesystem::proximate(spec.file, spec.top).string();
    run.spec_text = spec.text;
    run.overrides = spec.overrides;
    run.clock = "virtual";
    run.accelerator = "tcg";
    run.boots = spec.guest.boots;
    run.vcpus = spec.guest.vcpus;
    run.seed = spec.guest.seed;
    run.program = program;
    return plan;
}

bool is_of(const SlurmPlan& plan, const RunInfo& run) {
    return identity(plan.run) == identity(run);
}

json to_json(const SlurmPlan& plan) {
    return {{"format", kFormat}, {"top", plan.top.string()}, {"run", to_json(plan.run)}};
}

Result<SlurmPlan> load_slurm_plan(const std::filesystem::path& file) {
    RIG_TRY(value, load(file));
    RIG_TRY(reader, open_file(value, file));
    SlurmPlan plan;
    RIG_CHECK(read_path(reader, "top", plan.top));
    RIG_CHECK(reader.object("run"));
    RIG_CHECK(reader.finish());
    auto run = run_info_from_json(value.at("run"));
    if (!run)
        return fail(FaultDomain::Host, fmt::format("{}: {}", file.string(), run.error().message),
                    file);
    plan.run = std::move(*run);
    return plan;
}

json to_json(const SlurmPrepared& all) {
    json out{{"format", kFormat},
             {"kernels", json::array()},
             {"image", all.prepared.image.string()},
             {"perf", all.prepared.perf.string()},
             {"perf_version", all.prepared.perf_version},
             {"lines", to_json(all.prepared.lines)},
             {"files", json::array()}};
    for (const auto& [file, sha256] : all.sha256)
        out["files"].push_back({{"file", file.string()}, {"sha256", sha256}});
    for (const auto& [arm, kernel] : all.prepared.kernels)
        out["kernels"].push_back({{"arm", arm}, {"kernel", json_of(kernel)}});
    return out;
}

Result<SlurmPrepared> load_slurm_prepared(const std::filesystem::path& file) {
    RIG_TRY(value, load(file));
    RIG_TRY(reader, open_file(value, file));
    SlurmPrepared all;
    RIG_CHECK(read_path(reader, "image", all.prepared.image));
    RIG_CHECK(read_path(reader, "perf", all.prepared.perf));
    RIG_CHECK(reader.text("perf_version", all.prepared.perf_version));
    RIG_TRY(lines_value, reader.value("lines"));
    RIG_TRY(lines, line_evidence_from_json(*lines_value, file.string() + ": lines"));
    all.prepared.lines = std::move(lines);
    RIG_TRY(files, reader.objects("files", 2 * kMostArms + 1));
    for (auto& one : files) {
        std::filesystem::path name;
        RIG_CHECK(read_path(one, "file", name));
        RIG_CHECK(one.text("sha256", all.sha256[name]));
        RIG_CHECK(one.finish());
    }
    RIG_TRY(kernels, reader.objects("kernels", kMostArms));
    for (auto& one : kernels) {
        std::string arm;
        RIG_CHECK(one.text("arm", arm));
        RIG_TRY(object, one.object("kernel"));
        RIG_TRY(kernel, read_kernel(object));
        RIG_CHECK(one.finish());
        all.prepared.kernels.emplace(arm, kernel);
    }
    RIG_CHECK(reader.finish());
    return all;
}

json to_json(const Error& error) {
    return {{"blame", name(error.fault_domain)},
            {"message", error.message.substr(0, kMostText)},
            {"log", error.log.string()},
            {"kind", error.kind},
            {"complaint", error.complaint.substr(0, kMostText)},
            {"arm", error.arm}};
}

Result<Error> load_slurm_error(const std::filesystem::path& file) {
    RIG_TRY(value, load(file));
    RIG_TRY(reader, JsonReader::open(value, file.string()));
    return read_error(std::move(reader));
}

json to_json(const SlurmProvenance& by) {
    return {{"program", by.program},  {"qemu", by.qemu}, {"kernel_sha256", by.kernel_sha256},
            {"image", by.image},      {"node", by.node}, {"job", by.job},
            {"restarts", by.restarts}};
}

json to_json(const SlurmResult& result) {
    json out{{"format", kFormat}, {"order", result.order}, {"maker", to_json(result.maker)}};
    if (result.sample)
        out["sample"] = to_json(*result.sample);
    else
        out["error"] = to_json(result.sample.error());
    return out;
}

Result<SlurmResult> load_slurm_result(const std::filesystem::path& file) {
    RIG_TRY(value, load(file));
    RIG_TRY(reader, open_file(value, file));
    SlurmResult result;
    auto& by = result.maker;
    RIG_CHECK(reader.whole("order", result.order));
    RIG_TRY(maker, reader.object("maker"));
    RIG_CHECK(maker.text("program", by.program));
    RIG_CHECK(maker.text("qemu", by.qemu));
    RIG_CHECK(maker.text("kernel_sha256", by.kernel_sha256));
    RIG_CHECK(maker.text("image", by.image));
    RIG_CHECK(maker.text("node", by.node));
    RIG_CHECK(maker.text("job", by.job));
    RIG_CHECK(maker.whole("restarts", by.restarts));
    RIG_CHECK(maker.finish());
    if (reader.has("sample") == reader.has("error"))
        return fail(FaultDomain::Host,
                    fmt::format("{}: want either \"sample\" or \"error\"", file.string()), file);
    RIG_TRY(content, reader.object(reader.has("sample") ? "sample" : "error"));
    RIG_CHECK(reader.finish());
    if (value.contains("error")) {
        RIG_TRY(error, read_error(std::move(content)));
        result.sample = tl::unexpected(error);
        return result;
    }
    auto sample = sample_from_json(value.at("sample"));
    if (!sample)
        return fail(FaultDomain::Host, fmt::format("{}: {}", file.string(), sample.error().message),
                    file);
    result.sample = std::move(*sample);
    return result;
}

std::string list_text(const std::vector<unsigned>& orders) {
    std::string text;
    for (const auto order : orders)
        text += fmt::format("{}\n", order);
    return text;
}

Result<unsigned> order_of(const std::filesystem::path& list, unsigned index) {
    std::istringstream in(slurp(list));
    std::string line;
    for (unsigned at = 0; std::getline(in, line); ++at) {
        if (at != index) continue;
        if (const auto order = whole_number(line)) return *order;
        return fail(FaultDomain::Host,
                    fmt::format("{}:{}: found '{}', want the number of a boot", list.string(),
                                index + 1, line.substr(0, 60)),
                    list);
    }
    return fail(
        FaultDomain::Host,
        fmt::format("{}:{}: no such line, want the number of a boot", list.string(), index + 1),
        list);
}

std::vector<unsigned> done_boots(const SlurmSpool& spool) {
    std::vector<unsigned> orders;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(spool.done(), error), end;
         !error && entry != end; entry.increment(error))
        if (const auto order = whole_number(entry->path().filename().string()))
            orders.push_back(*order);
    std::sort(orders.begin(), orders.end());
    return orders;
}

std::string disagreement(const SlurmProvenance& maker, const RunInfo& run, const std::string& arm) {
    const auto* kernel = run.find_kernel(arm);
    const auto differs = [&](const char* what, const std::string& there, const std::string& here) {
        return fmt::format("{} of node {} is {}, of the run {}", what, maker.node, there, here);
    };
    if (maker.program != run.program) return differs("rig", maker.program, run.program);
    if (maker.qemu != run.qemu_version) return differs("QEMU", maker.qemu, run.qemu_version);
    if (!kernel || maker.kernel_sha256 != kernel->facts.image_sha256)
        return differs("the kernel", maker.kernel_sha256,
                       kernel ? kernel->facts.image_sha256 : "none");
    if (maker.image != run.image) return differs("the initramfs", maker.image, run.image);
    return {};
}

} // namespace rig
