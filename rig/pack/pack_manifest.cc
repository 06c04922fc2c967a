// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/pack/pack_manifest.h"

#include "rig/arch/arch.h"
#include "rig/base/json_reader.h"
#include "rig/pack/pack_archive.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

namespace rig {
namespace {

using nlohmann::json;

constexpr unsigned kFormat = 1;
constexpr std::size_t kMostArms = 100, kMostBoots = 200'000, kMostFirmware = 20, kMostWords = 200;

json to_json(const PackedFile& file) {
    return {{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}};
}

tl::unexpected<Error> wrong(const std::string& what) {
    return fail(FaultDomain::Spec, fmt::format("{}: {}", kManifestMember, what));
}

bool all_of(std::string_view text, std::string_view more, std::size_t most) {
    return !text.empty() && text.size() <= most && text.front() != '.' &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      more.find(c) != more.npos;
           });
}

Status read_hash(JsonReader& reader, const char* key, std::string& out) {
    RIG_CHECK(reader.text(key, out, 64));
    const bool hex = std::all_of(out.begin(), out.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
    if (out.size() != 64 || !hex)
        return wrong(fmt::format("{}: want 64 lower-case hexadecimal digits", key));
    return {};
}

Status read_file(JsonReader reader, PackedFile& file) {
    RIG_CHECK(reader.text("name", file.name, 200));
    RIG_CHECK(reader.whole("bytes", file.bytes, kMostUnpackedBytes));
    RIG_CHECK(read_hash(reader, "sha256", file.sha256));
    return reader.finish();
}

// A file outside of the pack, of which there is only the name.
Status read_named(JsonReader reader, PackedFile& file) {
    RIG_CHECK(read_file(std::move(reader), file));
    if (!all_of(file.name, "._-", 100)) return wrong("a name that is a path or has odd characters");
    return {};
}

Status read_arm(JsonReader& reader, std::string& arm) {
    RIG_CHECK(reader.text("arm", arm, 64));
    if (most_bytes_of(image_member(arm)) == 0) return wrong("arm: want [a-z0-9][a-z0-9-]*");
    return {};
}

Status read_boot(JsonReader& reader, PackedBoot& boot) {
    RIG_CHECK(read_arm(reader, boot.arm));
    RIG_CHECK(reader.whole("index", boot.index));
    RIG_CHECK(read_hash(reader, "plan_sha256", boot.plan_sha256));
    RIG_CHECK(reader.texts("qemu", boot.qemu, kMostWords));
    return reader.finish();
}

Status read_members(JsonReader& reader, PackManifest& manifest) {
    RIG_TRY(members, reader.objects("members", kMostMembers));
    std::set<std::string> names{kManifestMember};
    std::uint64_t total = 0;
    for (auto& one : members) {
        auto& file = manifest.members.emplace_back();
        RIG_CHECK(read_file(one, file));
        const auto most = most_bytes_of(file.name);
        if (most == 0) return wrong("a member with a name that no pack has");
        if (file.bytes > most)
            return wrong(fmt::format("member {} has {} bytes, want at most {}", file.name,
                                     file.bytes, most));
        if (!names.insert(file.name).second)
            return wrong(fmt::format("member {} twice", file.name));
        total += file.bytes;
    }
    if (total > kMostUnpackedBytes)
        return wrong(fmt::format("{} bytes to unpack, want at most {}", total, kMostUnpackedBytes));
    const auto is_member = [&](const std::string& name, const std::string& sha256) {
        return std::any_of(
            manifest.members.begin(), manifest.members.end(),
            [&](const PackedFile& file) { return file.name == name && file.sha256 == sha256; });
    };
    for (const auto* name : {"run/run.json", "run/samples.jsonl"})
        if (!names.contains(name)) return wrong(fmt::format("no member {}", name));
    if (!manifest.with_kernels) return {};
    if (!is_member(kInitramfsMember, manifest.initramfs.sha256))
        return wrong("the initramfs is no member, or another one");
    for (const auto& kernel : manifest.kernels)
        if (!is_member(image_member(kernel.arm), kernel.image_sha256) ||
            !is_member(map_member(kernel.arm), kernel.system_map_sha256))
            return wrong(fmt::format("the kernel of {} is no member, or another one", kernel.arm));
    return {};
}

Status read_manifest(const json& value, PackManifest& manifest) {
    RIG_TRY(reader, JsonReader::open(value, kManifestMember));
    unsigned format = 0;
    RIG_CHECK(reader.whole("format", format));
    if (format != kFormat)
        return wrong(
            fmt::format("format {}, want {} (packed by another version of rig)", format, kFormat));
    RIG_CHECK(reader.text("run_id", manifest.run_id, 200));
    if (!all_of(manifest.run_id, "._-", 200)) return wrong("run_id: want [A-Za-z0-9._-]+");
    RIG_CHECK(reader.text("packed", manifest.packed, 40));
    RIG_CHECK(reader.text("rig_version", manifest.rig_version, 100));
    RIG_CHECK(reader.boolean("with_kernels", manifest.with_kernels));
    std::vector<std::string> archs;
    for (const auto* arch : all_archs())
        archs.push_back(arch->name);
    RIG_CHECK(reader.one_of("arch", manifest.arch, archs));
    RIG_CHECK(reader.text("qemu_version", manifest.qemu_version, 200));
    RIG_TRY(qemu, reader.object("qemu"));
    RIG_CHECK(read_named(qemu, manifest.qemu));
    RIG_TRY(firmware, reader.objects("firmware", kMostFirmware));
    for (auto& one : firmware)
        RIG_CHECK(read_named(one, manifest.firmware.emplace_back()));
    if (reader.has("plugin")) {
        RIG_TRY(plugin, reader.object("plugin"));
        RIG_CHECK(read_named(plugin, manifest.plugin.emplace()));
    }
    RIG_TRY(initramfs, reader.object("initramfs"));
    RIG_CHECK(read_named(initramfs, manifest.initramfs));
    RIG_TRY(kernels, reader.objects("kernels", kMostArms));
    for (auto& one : kernels) {
        auto& kernel = manifest.kernels.emplace_back();
        RIG_CHECK(read_arm(one, kernel.arm));
        RIG_CHECK(read_hash(one, "image_sha256", kernel.image_sha256));
        RIG_CHECK(read_hash(one, "system_map_sha256", kernel.system_map_sha256));
        RIG_CHECK(one.boolean("pvh", kernel.pvh));
        RIG_CHECK(one.finish());
    }
    RIG_TRY(boots, reader.objects("boots", kMostBoots));
    for (auto& one : boots)
        RIG_CHECK(read_boot(one, manifest.boots.emplace_back()));
    RIG_CHECK(read_members(reader, manifest));
    return reader.finish();
}

} // namespace

std::string manifest_text(const PackManifest& manifest) {
    json firmware = json::array(), kernels = json::array(), boots = json::array(),
         members = json::array();
    for (const auto& file : manifest.firmware)
        firmware.push_back(to_json(file));
    for (const auto& kernel : manifest.kernels)
        kernels.push_back({{"arm", kernel.arm},
                           {"image_sha256", kernel.image_sha256},
                           {"system_map_sha256", kernel.system_map_sha256},
                           {"pvh", kernel.pvh}});
    for (const auto& boot : manifest.boots)
        boots.push_back({{"arm", boot.arm},
                         {"index", boot.index},
                         {"plan_sha256", boot.plan_sha256},
                         {"qemu", boot.qemu}});
    for (const auto& member : manifest.members)
        members.push_back(to_json(member));
    json out{{"format", kFormat},
             {"run_id", manifest.run_id},
             {"packed", manifest.packed},
             {"rig_version", manifest.rig_version},
             {"with_kernels", manifest.with_kernels},
             {"arch", manifest.arch},
             {"qemu_version", manifest.qemu_version},
             {"qemu", to_json(manifest.qemu)},
             {"firmware", std::move(firmware)},
             {"initramfs", to_json(manifest.initramfs)},
             {"kernels", std::move(kernels)},
             {"boots", std::move(boots)},
             {"members", std::move(members)}};
    if (manifest.plugin) out["plugin"] = to_json(*manifest.plugin);
    return out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<PackManifest> manifest_from_text(std::string_view text) {
    const auto value = json::parse(text, nullptr, false);
    if (value.is_discarded()) return wrong("no JSON");
    PackManifest manifest;
    if (auto status = read_manifest(value, manifest); !status) {
        auto error = status.error();
        error.fault_domain = FaultDomain::Spec;
        return tl::unexpected(std::move(error));
    }
    return manifest;
}

} // namespace rig
