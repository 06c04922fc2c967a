// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/pack_command.h"

#include "rig/base/scratch_dir.h"
#include "rig/base/text.h"
#include "rig/pack/pack_run.h"
#include "rig/run_index/run_reader.h"
#include "rig/run_index/runs_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string row(const std::string& label, const std::string& name, const std::string& sha256) {
    return fmt::format("  {:<13} {:<26} {}\n", label, printable(name), sha256.substr(0, 32));
}

std::uint64_t unpacked(const PackManifest& manifest) {
    std::uint64_t bytes = 0;
    for (const auto& member : manifest.members)
        bytes += member.bytes;
    return bytes;
}

// What is in the pack, and what it was made with.
std::string contents(const PackManifest& manifest, std::uint64_t bytes) {
    auto text = fmt::format(
        "pack of {}: {} ({} unpacked), {}, {}{}\n", manifest.run_id, size_text(bytes),
        size_text(unpacked(manifest)), plural(manifest.members.size(), "member"),
        plural(manifest.boots.size(), "boot"), manifest.with_kernels ? "" : ", without kernels");
    text += row("QEMU", manifest.qemu.name, manifest.qemu.sha256);
    for (const auto& file : manifest.firmware)
        text += row("firmware", file.name, file.sha256);
    if (manifest.plugin) text += row("plugin", manifest.plugin->name, manifest.plugin->sha256);
    for (const auto& kernel : manifest.kernels)
        text += row("kernel", kernel.arm, kernel.image_sha256);
    text += row("initramfs", manifest.initramfs.name, manifest.initramfs.sha256);
    return text +
           wrapped(printable(fmt::format("  {:<13} {} by rig {}, {}", "packed", manifest.packed,
                                         manifest.rig_version, manifest.qemu_version)),
                   page, 16) +
           "\n";
}

json contents_json(const PackManifest& manifest, std::uint64_t bytes) {
    auto out = json::parse(manifest_text(manifest));
    out["bytes"] = bytes;
    out["unpacked_bytes"] = unpacked(manifest);
    return out;
}

} // namespace

Result<CommandOutput> pack_command(const PackCommandOptions& options, const CommonOptions& common,
                                   const Environment& environment) {
    RIG_TRY(dir, find_run(common.results, options.run));
    RIG_TRY(run, load_run(dir));
    const auto out = options.out.empty() ? fs::path(run.info.run_id + ".rigpack") : options.out;
    RIG_TRY(packed, pack_run(run, {out, !options.without_kernels, "."}, environment));
    if (common.json) {
        auto machine = contents_json(packed.manifest, packed.bytes);
        machine["file"] = out.string();
        machine["patches_missing"] = packed.patches_missing;
        return CommandOutput{dumped(machine), Exit::Pass};
    }
    auto text = contents(packed.manifest, packed.bytes);
    if (packed.patches_missing)
        text += fmt::format("  ! {} not packed: the project does not have the text that ran\n",
                            plural(packed.patches_missing, "patch text"));
    text += fmt::format("{}  {}\n", out.string(), size_text(packed.bytes));
    if (packed.manifest.with_kernels)
        text += fmt::format("on another machine: rig replay {}\n", out.filename().string());
    return CommandOutput{text, Exit::Pass};
}

std::string replay_text(const PackReplay& replay) {
    auto text = contents(replay.manifest, replay.pack_bytes);
    for (const auto& note : replay.notes)
        text += wrapped("  ! " + printable(note), page, 4) + "\n";
    for (const auto& boot : replay.boots) {
        const auto lines = !boot.same_line_counts   ? ""
                           : *boot.same_line_counts ? ", same line counts"
                                                    : ", OTHER line counts";
        text += wrapped(fmt::format("  {:<13} boot {:<4} {}{}", boot.arm, boot.index,
                                    boot.difference.empty()
                                        ? fmt::format("same {} bytes, SHA-256 {}", boot.bytes,
                                                      boot.sha256.substr(0, 16))
                                        : "DIFFERS first in " + printable(boot.difference),
                                    lines),
                        page, 4) +
                "\n";
    }
    const auto same = static_cast<std::size_t>(
        std::count_if(replay.boots.begin(), replay.boots.end(),
                      [](const ReplayedBoot& boot) { return boot.same(); }));
    const auto of_all = replay.boots.size() == replay.manifest.boots.size()
                            ? ""
                            : fmt::format(", of {} in the pack", replay.manifest.boots.size());
    if (replay.same())
        return text + fmt::format("IDENTICAL: {}{} gave the same samples again, in every byte\n",
                                  plural(same, "boot"), of_all);
    return text + fmt::format("DIFFERENT: {} of {}{} gave other bytes\n",
                              replay.boots.size() - same, plural(replay.boots.size(), "boot"),
                              of_all);
}

std::string replay_json(const PackReplay& replay) {
    json boots = json::array();
    for (const auto& boot : replay.boots)
        boots.push_back({{"arm", boot.arm},
                         {"index", boot.index},
                         {"bytes", boot.bytes},
                         {"recorded_sha256", boot.recorded_sha256},
                         {"sha256", boot.sha256},
                         {"difference", boot.difference},
                         {"same_line_counts",
                          boot.same_line_counts ? json(*boot.same_line_counts) : json(nullptr)}});
    return dumped({{"pack", contents_json(replay.manifest, replay.pack_bytes)},
                   {"notes", replay.notes},
                   {"boots", boots},
                   {"identical", replay.same()}});
}

Result<CommandOutput> replay_command(const PackCommandOptions& options, const CommonOptions& common,
                                     const Environment& environment, std::stop_token stop) {
    RIG_TRY(replay, replay_pack(options.file, {options.boots, common.jobs}, environment, stop));
    return CommandOutput{common.json ? replay_json(replay) : replay_text(replay),
                         replay.same() ? Exit::Pass : Exit::Fail};
}

Result<CommandOutput> show_pack(const fs::path& file, const CommonOptions& common) {
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    const auto folder = scratch.dir() / "pack";
    std::error_code error;
    fs::create_directory(folder, error);
    RIG_TRY(pack, unpack(file, folder, true));
    const auto record = read_record(folder / "results" / pack.manifest.run_id);
    if (common.json) {
        auto machine = to_json(record);
        machine["pack"] = contents_json(pack.manifest, pack.bytes);
        return CommandOutput{dumped(machine), Exit::Pass};
    }
    return CommandOutput{show_text(record, common.colour ? Colour::Yes : Colour::No) + "\n" +
                             contents(pack.manifest, pack.bytes),
                         Exit::Pass};
}

} // namespace rig
