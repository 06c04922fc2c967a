// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/pack/pack_run.h"

#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/base/text.h"
#include "rig/base/utc.h"
#include "rig/base/version.h"
#include "rig/hypervisor/count_plugin.h"
#include "rig/kernel/kernel_build.h"
#include "rig/pack/emulator_identity.h"
#include "rig/pack/pack_archive.h"
#include "rig/pack/packed_boots.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <set>

namespace rig {
namespace {

namespace fs = std::filesystem;

Result<std::map<std::string, Kernel>> kernels_of(const LoadedRun& run, const PackOptions& options,
                                                 const Environment& environment) {
    std::map<std::string, Kernel> kernels;
    for (const auto& ran : run.info.kernels) {
        const auto dir = environment.cache.find("kernels", ran.key);
        Kernel kernel;
        if (dir) {
            RIG_TRY(found, load_kernel(*dir));
            kernel = std::move(found);
        } else if (ran.key == ran.facts.image_sha256) { // prebuilt: a file of the project
            RIG_TRY(spec, spec_of(run.info, options.top));
            const auto* arm = spec.find_arm(ran.arm);
            if (!arm || !arm->prebuilt)
                return fail(FaultDomain::Host, fmt::format("arm '{}' has no prebuilt image any "
                                                           "more",
                                                           ran.arm));
            RIG_TRY(found,
                    build_kernel(spec, *arm,
                                 {environment.cache, environment.runner, environment.progress, 0}));
            kernel = std::move(found);
        } else {
            return fail(FaultDomain::Host,
                        fmt::format("the kernel of arm '{}' ({}...) is not in the cache any more: "
                                    "rig build {} builds it again",
                                    ran.arm, ran.key.substr(0, 12), run.info.spec_file));
        }
        RIG_TRY(hash, sha256_file(kernel.boot_image));
        if (hash != ran.facts.image_sha256)
            return fail(FaultDomain::Host,
                        fmt::format("{} has the SHA-256 {}, but the run booted {}",
                                    kernel.boot_image.string(), hash, ran.facts.image_sha256));
        kernels.emplace(ran.arm, std::move(kernel));
    }
    return kernels;
}

Result<fs::path> initramfs_of(const LoadedRun& run, const Environment& environment) {
    const auto dir = environment.cache.find("images", run.info.image);
    std::error_code error;
    if (!dir || !fs::exists(*dir / "initramfs.cpio", error))
        return fail(
            FaultDomain::Host,
            fmt::format("the initramfs of the run ({}...) is not in the cache any more: rig "
                        "build {} builds it again, with the rig that ran",
                        run.info.image.substr(0, 12), run.info.spec_file));
    return *dir / "initramfs.cpio";
}

class Members {
 public:
    Status add_file(const fs::path& file, const std::string& name) {
        std::error_code error;
        const auto bytes = fs::file_size(file, error);
        if (error) return cannot("read", file, error.value());
        if (bytes > most_bytes_of(name))
            return fail(FaultDomain::Host,
                        fmt::format("{} has {}, a pack takes at most {}", file.string(),
                                    size_text(bytes), size_text(most_bytes_of(name))));
        add(name, slurp(file));
        return {};
    }
    void add(const std::string& name, std::string content) {
        listed.push_back({name, content.size(), sha256_hex(content)});
        unpacked += content.size();
        members.push_back({name, std::move(content)});
    }

    std::vector<PackMember> members;
    std::vector<PackedFile> listed;
    std::uint64_t unpacked = 0;
};

// All files of the run's folder that a pack takes, by name.
Status add_run(const fs::path& dir, Members& to) {
    std::set<std::string> names;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(dir, error), end; !error && entry != end;
         entry.increment(error)) {
        const auto name = entry->path().lexically_relative(dir).generic_string();
        std::error_code gone;
        if (entry->is_regular_file(gone) && !gone && most_bytes_of("run/" + name))
            names.insert(name);
    }
    if (error) return cannot("read", dir, error.value());
    for (const auto& name : names)
        RIG_CHECK(to.add_file(dir / name, "run/" + name));
    return {};
}

// Returns how many are missing.
std::size_t add_patches(const RunInfo& info, const fs::path& top, Members& to) {
    std::set<std::string> wanted, found;
    for (const auto& kernel : info.kernels)
        for (std::size_t i = 0; i < kernel.patch_sha256.size(); ++i) {
            const auto& hash = kernel.patch_sha256[i];
            wanted.insert(hash);
            if (found.contains(hash) || i >= kernel.patches.size()) continue;
            auto text = slurp(top / kernel.patches[i]);
            const auto name = patch_member(hash);
            if (sha256_hex(text) != hash || text.size() > most_bytes_of(name)) continue;
            to.add(name, std::move(text));
            found.insert(hash);
        }
    return wanted.size() - found.size();
}

} // namespace

Result<Packed> pack_run(const LoadedRun& run, const PackOptions& options,
                        const Environment& environment) {
    if (run.info.ended.empty())
        return fail(FaultDomain::Spec,
                    fmt::format("{} has not ended, want a run that has", run.dir.string()));
    auto& progress = environment.progress;
    progress.start("hashing");
    RIG_TRY(kernels, kernels_of(run, options, environment));
    RIG_TRY(setup, setup_of_run(run, kernels));
    RIG_TRY(initramfs, initramfs_of(run, environment));

    Packed packed;
    auto& manifest = packed.manifest;
    manifest.run_id = run.info.run_id;
    manifest.packed = utc_text(std::chrono::system_clock::now());
    manifest.rig_version = rig_version();
    manifest.with_kernels = options.with_kernels;
    manifest.arch = setup.spec.kernel.arch;
    auto request = make_request({setup.spec, setup.machine, {}, environment.hypervisor},
                                kernels.begin()->second, 1, {});
    request.initrd = initramfs;
    RIG_TRY(emulator, identify_emulator(request, environment));
    if (emulator.version != run.info.qemu_version)
        return fail(FaultDomain::Host,
                    fmt::format("{} is installed now, but the run was made with {}",
                                emulator.version, run.info.qemu_version));
    manifest.qemu_version = emulator.version;
    manifest.qemu = emulator.qemu;
    manifest.firmware = emulator.firmware;
    if (!setup.counted.empty()) {
        const auto plugin =
            choose_plugin(setup.machine.accelerator, emulator.version, plugin_folder());
        if (plugin.module.empty()) return fail(FaultDomain::Host, plugin.why_not);
        RIG_TRY(hashed, packed_file(plugin.module));
        manifest.plugin = hashed;
        setup.plugin = hashed.name;
    }
    RIG_TRY(hashed, packed_file(initramfs));
    manifest.initramfs = hashed;
    for (const auto& ran : run.info.kernels) {
        const auto& kernel = kernels.at(ran.arm);
        RIG_TRY(map_hash, sha256_file(kernel.system_map));
        manifest.kernels.push_back({ran.arm, ran.facts.image_sha256, map_hash, kernel.pvh});
    }
    RIG_TRY(boots, packed_boots(setup, run.samples, environment.hypervisor));
    manifest.boots = std::move(boots);

    Members members;
    RIG_CHECK(add_run(run.dir, members));
    packed.patches_missing = add_patches(run.info, options.top, members);
    if (options.with_kernels) {
        for (const auto& [arm, kernel] : kernels) {
            RIG_CHECK(members.add_file(kernel.boot_image, image_member(arm)));
            RIG_CHECK(members.add_file(kernel.system_map, map_member(arm)));
        }
        RIG_CHECK(members.add_file(initramfs, kInitramfsMember));
    }
    manifest.members = members.listed;
    packed.unpacked_bytes = members.unpacked;
    members.members.insert(members.members.begin(), {kManifestMember, manifest_text(manifest)});
    progress.start("compressing");
    RIG_TRY(archive, archive_of(members.members));
    const auto bytes = sealed(std::move(archive));
    // Whatever a later rig replay would refuse is an error now.
    RIG_TRY(readable, unsealed(bytes));
    (void)readable;
    if (bytes.size() > kMostPackBytes)
        return fail(FaultDomain::Host,
                    fmt::format("{}, a pack has at most {}", size_text(bytes.size()),
                                size_text(kMostPackBytes)));
    RIG_TRY(again, manifest_from_text(members.members.front().content));
    (void)again;
    packed.bytes = bytes.size();
    if (auto written = write_atomically(options.out, bytes); !written)
        return fail(FaultDomain::Spec,
                    fmt::format("--out {}: {}", options.out.string(), written.error().message));
    progress.finish();
    return packed;
}

} // namespace rig
