// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/kvm_probe.h"

#include "rig/base/files.h"
#include "rig/base/guest_clock.h"
#include "rig/guest_output/boot_outcome.h"
#include "rig/host/artifact_cache.h"
#include "rig/host/capacity.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace rig {

using nlohmann::json;

namespace {

// {"boot_id": "...", "adapters": {"qemu": {"works", "why", "seconds"}, "qemu:///system": {...}}}
json memo_of(const std::filesystem::path& cache) {
    std::ifstream in(cache / "kvm-probe.json");
    return json::parse(in, nullptr, false);
}

} // namespace

std::optional<KvmProbe> remembered_probe(const std::filesystem::path& cache,
                                         const std::string& boot_id, const std::string& adapter) {
    const json memo = memo_of(cache);
    // If the stored result is damaged, probe again.
    try {
        if (memo.at("boot_id").get<std::string>() != boot_id) return std::nullopt;
        const auto& probe = memo.at("adapters").at(adapter);
        return KvmProbe{probe.at("works").get<bool>(), probe.at("why").get<std::string>(),
                        probe.at("seconds").get<double>()};
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

Status remember_probe(const std::filesystem::path& cache, const std::string& boot_id,
                      const std::string& adapter, const KvmProbe& probe) {
    json memo = memo_of(cache), adapters = json::object();
    if (memo.is_object() && memo.value("boot_id", json()) == boot_id &&
        memo.value("adapters", json()).is_object())
        adapters = memo["adapters"];
    adapters[adapter] = {{"works", probe.works}, {"why", probe.why}, {"seconds", probe.seconds}};
    memo = {{"boot_id", boot_id}, {"adapters", adapters}};
    return write_atomically(cache / "kvm-probe.json", memo.dump(2) + "\n");
}

std::string reason_in_one_line(std::string_view message) {
    message = message.substr(0, message.find("; the console"));
    std::string reason;
    for (std::size_t from = 0, end = 0; from < message.size(); from = end + 1) {
        end = std::min(message.find('\n', from), message.size());
        auto line = message.substr(from, end - from);
        // Of "QEMU was killed by signal 6: qemu-system-x86_64: warning: ..." the part before QEMU's
        // own message is rig's.
        constexpr std::string_view program = "qemu-system-x86_64: ";
        const auto warning = line.find("warning: ");
        if (warning != line.npos) line = line.substr(0, std::min(line.find(program), warning));
        if (const auto own = line.find(program); own != line.npos && own == 0)
            line.remove_prefix(program.size());
        while (line.ends_with(' '))
            line.remove_suffix(1);
        if (!line.empty()) reason += (reason.empty() ? "" : " ") + std::string(line);
    }
    return reason;
}

Result<KvmProbe> probe_kvm(const GuestSetup& setup, const Kernel& kernel,
                           const std::filesystem::path& cache, std::stop_token stop) {
    const auto boot_id = host_boot_id();
    const auto adapter = setup.hypervisor.adapter();
    if (auto known = remembered_probe(cache, boot_id, adapter)) return *known;
    KvmProbe probe;
    Result<BootRecord> record;
    const int fd = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        // Do not store this: it is cheap to check, and permissions can change while the host is up.
        probe.why = fmt::format("/dev/kvm: {}", std::strerror(errno));
        return probe;
    } else {
        ::close(fd);
        Spec spec = setup.spec;
        spec.guest.deadline_seconds = static_cast<unsigned>(kKvmProbeDeadline.count());
        const GuestSetup bounded{
            spec, {GuestClock::Wall, Accelerator::Kvm}, setup.image, setup.hypervisor};
        const auto folder = ArtifactCache(cache).own_folder("", "kvm-probe");
        std::error_code error;
        std::filesystem::create_directories(folder, error);
        // It would be taken for a KVM that does not work.
        if (error)
            return fail(FaultDomain::Host,
                        fmt::format("cannot make {}: {}", folder.string(), error.message()));
        const auto started = std::chrono::steady_clock::now();
        record = boot_guest(bounded, kernel, simple_plan("idle"), 1, folder, stop);
        probe.seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
        if (stop.stop_requested()) return fail(FaultDomain::Host, "cancelled");
        probe.works = record.has_value();
        probe.why = record
                        ? fmt::format("a kernel came up and went down in {:.1f} s", probe.seconds)
                        : reason_in_one_line(record.error().message);
    }
    // Do not store faults of the hypervisor or of missing resources: they can change while the host
    // is up.
    const auto* kind = record ? "" : record.error().kind.c_str();
    for (const auto ending :
         {BootOutcome::HypervisorStart, BootOutcome::HypervisorLost, BootOutcome::DiskFull,
          BootOutcome::OutOfMemory, BootOutcome::OutOfDescriptors, BootOutcome::Starved})
        if (kind == std::string_view(about(ending).name)) return probe;
    RIG_CHECK(remember_probe(cache, boot_id, adapter, probe));
    return probe;
}

} // namespace rig
