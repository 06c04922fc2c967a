// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/pack/replay_pack.h"

#include "rig/base/scratch_dir.h"
#include "rig/base/sha256.h"
#include "rig/base/text.h"
#include "rig/boot/counts_file.h"
#include "rig/experiment/line_counting.h"
#include "rig/experiment/prepare.h"
#include "rig/pack/emulator_identity.h"
#include "rig/pack/packed_boots.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

namespace rig {
namespace {

namespace fs = std::filesystem;

// The errors of readers of run folders, which the pack is to blame for here.
template<class T> Result<T> of_pack(const fs::path& file, Result<T> result) {
    if (result) return result;
    auto error = result.error();
    error.fault_domain = FaultDomain::Spec;
    error.message = fmt::format("{}: {}", file.string(), printable(error.message));
    error.log.clear();
    return tl::unexpected(std::move(error));
}

std::map<std::string, Kernel> kernels_in(const fs::path& folder, const PackManifest& manifest) {
    std::map<std::string, Kernel> kernels;
    for (const auto& packed : manifest.kernels) {
        Kernel kernel;
        kernel.boot_image = folder / image_member(packed.arm);
        kernel.system_map = folder / map_member(packed.arm);
        kernel.image_sha256 = packed.image_sha256;
        kernel.pvh = packed.pvh;
        kernels.emplace(packed.arm, std::move(kernel));
    }
    return kernels;
}

std::string short_of(const std::string& sha256) {
    return sha256.substr(0, 16);
}

void compare_emulators(const EmulatorIdentity& here, const PackManifest& packed,
                       std::vector<std::string>& reasons) {
    if (here.version != packed.qemu_version)
        reasons.push_back(fmt::format("another QEMU: '{}' here, the run was made with '{}'",
                                      printable(here.version), printable(packed.qemu_version)));
    else if (here.qemu.sha256 != packed.qemu.sha256)
        reasons.push_back(fmt::format("another QEMU of the same version: {} has the SHA-256 {}..., "
                                      "that of the run {}...",
                                      here.qemu.name, short_of(here.qemu.sha256),
                                      short_of(packed.qemu.sha256)));
    const auto texts = [](const std::vector<PackedFile>& files) {
        std::vector<std::string> out;
        for (const auto& file : files)
            out.push_back(fmt::format("{} {}...", file.name, short_of(file.sha256)));
        return out;
    };
    if (here.firmware != packed.firmware)
        reasons.push_back(fmt::format("other firmware: {} here, {} in the run",
                                      fmt::join(texts(here.firmware), ", "),
                                      fmt::join(texts(packed.firmware), ", ")));
}

class Boots {
 public:
    Boots(const RunSetup& setup, const std::map<std::string, InstructionCounting>& counting,
          const fs::path& folder, const LoadedRun& run, const Environment& environment)
        : setup_(setup), counting_(counting), folder_(folder), run_(run),
          environment_(environment) {}

    Result<std::vector<ReplayedBoot>>
    run(std::size_t count, const std::vector<std::vector<int>>& places, std::stop_token stop) {
        done_.resize(count);
        const std::stop_callback forward(stop, [this] { stop_.request_stop(); });
        {
            std::vector<std::jthread> workers;
            for (const auto& cpus : places)
                workers.emplace_back([this, &cpus] { work(cpus); });
        }
        if (error_) return tl::unexpected(*error_);
        if (stop.stop_requested()) return fail(FaultDomain::Host, "interrupted");
        return std::move(done_);
    }

 private:
    void work(const std::vector<int>& cpus) {
        for (;;) {
            std::size_t at = 0;
            {
                const std::lock_guard lock(mutex_);
                if (error_ || stop_.stop_requested() || next_ == done_.size()) return;
                at = next_++;
            }
            auto boot = boot_again(run_.samples[at], cpus);
            const std::lock_guard lock(mutex_);
            if (boot) {
                done_[at] = std::move(*boot);
                environment_.progress.advance(++finished_);
            } else {
                if (!error_) error_ = boot.error();
                stop_.request_stop();
            }
        }
    }

    Result<ReplayedBoot> boot_again(const Sample& recorded, const std::vector<int>& cpus) {
        const auto& id = recorded.id;
        const auto own = setup_.spec.for_arm(*setup_.spec.find_arm(id.arm));
        const auto evidence = folder_ / "boots" / boot_folder(id);
        std::error_code error;
        fs::create_directories(evidence, error);
        GuestSetup guest{
            own, setup_.machine, folder_ / kInitramfsMember, environment_.hypervisor, false, cpus};
        const auto counted = counting_.find(id.arm);
        if (counted != counting_.end()) guest.counting = counted->second;
        RIG_TRY(plan, plan_of(setup_, id));
        auto sample = measure_boot(guest, setup_.arms.at(id.arm).kernel, plan, id, evidence,
                                   stop_.get_token());
        if (!sample) {
            auto failed = sample.error();
            failed.message = fmt::format("boot {} of {}: {}", id.index, id.arm, failed.message);
            failed.log.clear(); // it is gone with the private folder
            return tl::unexpected(std::move(failed));
        }
        ReplayedBoot boot{id.arm, id.index, 0, {}, {}, {}, {}};
        const auto before = to_json(recorded, false).dump(), now = to_json(*sample, false).dump();
        boot.bytes = now.size();
        boot.recorded_sha256 = sha256_hex(before);
        boot.sha256 = sha256_hex(now);
        if (before != now) {
            boot.difference = first_difference(recorded, *sample);
            if (boot.difference.empty()) boot.difference = "/id";
        }
        const auto* lines = run_.lines.boot(id.arm, id.index);
        if (guest.counting && lines && lines->why_not.empty()) {
            RIG_TRY(counts, read_counts_file(evidence / kCountsFile, guest.counting->layout));
            const auto again = count_boot(run_.lines.of_arm(id.arm), id.arm, id.index, counts);
            boot.same_line_counts = again.lines == lines->lines && again.entries == lines->entries;
        }
        fs::remove_all(evidence, error);
        return boot;
    }

    const RunSetup& setup_;
    const std::map<std::string, InstructionCounting>& counting_;
    const fs::path& folder_;
    const LoadedRun& run_;
    const Environment& environment_;
    std::mutex mutex_; // for what follows
    std::vector<ReplayedBoot> done_;
    std::optional<Error> error_;
    std::size_t next_ = 0, finished_ = 0;
    std::stop_source stop_;
};

} // namespace

bool PackReplay::same() const {
    return !boots.empty() && std::all_of(boots.begin(), boots.end(),
                                         [](const ReplayedBoot& boot) { return boot.same(); });
}

Result<PackReplay> replay_pack(const fs::path& file, const ReplayOptions& options,
                               const Environment& environment, std::stop_token stop) {
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    const auto folder = scratch.dir() / "pack";
    std::error_code error;
    fs::create_directory(folder, error);
    environment.progress.start("unpacking");
    RIG_TRY(pack, unpack(file, folder, false));
    const auto& manifest = pack.manifest;
    const auto blame = [&](const std::string& what) {
        return fail(FaultDomain::Spec, fmt::format("{}: {}", file.string(), what));
    };
    if (!manifest.with_kernels)
        return blame("it was packed --without-kernels: it has what a build needs (rig show), and "
                     "nothing to boot");
    RIG_TRY(run, of_pack(file, load_run(folder / "results" / manifest.run_id)));
    if (run.samples.empty()) return blame("its run has no boots");
    RIG_TRY(setup, of_pack(file, setup_of_run(run, kernels_in(folder, manifest))));
    for (const auto& kernel : manifest.kernels) {
        const auto* ran = run.info.find_kernel(kernel.arm);
        if (!ran || ran->facts.image_sha256 != kernel.image_sha256)
            return blame(
                fmt::format("the kernel of {} is not the one that the run booted", kernel.arm));
    }
    if (setup.spec.kernel.arch != manifest.arch)
        return blame("its manifest names another architecture than its experiment");

    PackReplay replay{manifest, pack.bytes, {}, {}};
    std::vector<std::string> reasons;
    auto request = make_request({setup.spec, setup.machine, {}, environment.hypervisor},
                                setup.arms.begin()->second.kernel, 1, {});
    request.initrd = folder / kInitramfsMember;
    RIG_TRY(emulator, identify_emulator(request, environment));
    compare_emulators(emulator, manifest, reasons);
    std::map<std::string, InstructionCounting> counting;
    if (manifest.plugin && !setup.counted.empty() && reasons.empty()) {
        setup.plugin = manifest.plugin->name;
        std::map<std::string, Kernel> kernels;
        for (const auto& [arm, what] : setup.arms)
            kernels.emplace(arm, what.kernel);
        RIG_TRY(counted,
                counting_of_arms(setup.spec, kernels, run.lines, setup.machine, environment));
        std::erase_if(counted, [&](const auto& one) { return !setup.counted.contains(one.first); });
        counting = std::move(counted);
        for (const auto& [arm, what] : counting) {
            RIG_TRY(plugin, packed_file(what.module));
            if (plugin.name != manifest.plugin->name)
                reasons.push_back(fmt::format("another plugin: {} here, {} in the run", plugin.name,
                                              manifest.plugin->name));
            else if (plugin.sha256 != manifest.plugin->sha256 && counts_instructions(setup.spec))
                reasons.push_back(fmt::format("another build of {}, whose counts are a metric: "
                                              "SHA-256 {} here, {} in the run",
                                              plugin.name, plugin.sha256, manifest.plugin->sha256));
            else if (plugin.sha256 != manifest.plugin->sha256)
                replay.notes = {
                    fmt::format("another build of {}: samples do not depend on it", plugin.name)};
        }
    }
    RIG_TRY(composed, of_pack(file, packed_boots(setup, run.samples, environment.hypervisor)));
    if (composed.size() != manifest.boots.size())
        return blame(fmt::format("{} samples, but the manifest has {} boots", composed.size(),
                                 manifest.boots.size()));
    for (std::size_t i = 0; i < composed.size() && reasons.empty(); ++i)
        if (const auto what = difference(composed[i], manifest.boots[i]); !what.empty())
            reasons.push_back(
                fmt::format("boot {} of {}: {}", composed[i].index, composed[i].arm, what));
    if (!reasons.empty()) {
        environment.progress.interrupt();
        return fail(FaultDomain::Host, fmt::format("{} cannot be replayed here: {}", file.string(),
                                                   fmt::join(reasons, "; ")));
    }
    const std::size_t count =
        std::min<std::size_t>(run.samples.size(), options.boots.value_or(UINT32_MAX));
    RIG_TRY(places,
            place_boots({setup.machine.clock, setup.spec.guest.vcpus, setup.spec.guest.memory_mib},
                        options.parallel, environment, stop));
    environment.progress.start("booting again", count);
    RIG_TRY(boots, Boots(setup, counting, folder, run, environment).run(count, places.boots, stop));
    environment.progress.finish();
    replay.boots = std::move(boots);
    return replay;
}

} // namespace rig
