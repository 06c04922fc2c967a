// SPDX-License-Identifier: GPL-2.0-or-later
// Runs guests as transient domains of a libvirt daemon. Administrators see them (virsh list),
// libvirt's limits apply to them, and the daemon ends them if rig is killed (autodestroy).
//
// The embedded driver (qemu:///embed) is not supported: it runs libvirt within rig, so that nothing
// carries out autodestroy if rig is killed, and QEMU goes on as an orphan. Direct QEMU needs no
// daemon either, and dies with rig.
#pragma once

#include "rig/hypervisor/hypervisor.h"

#include <memory>
#include <mutex>
#include <string>

namespace rig {

class LibvirtHypervisor : public Hypervisor {
 public:
    // FaultDomain::Host if no daemon answers. `uri` is as in virsh -c, for example
    // "qemu:///system". A session daemon may not bind QEMU's main loop, and lacks the security
    // label with which QEMU can read rig's files; it refuses rig's domains. On this host, files are
    // passed by path. To another host (is_remote_uri) they are copied through its storage
    // (remote_files.h), and only the virtual clock is supported.
    static Result<std::unique_ptr<LibvirtHypervisor>> connect(const std::string& uri);
    ~LibvirtHypervisor() override;

    Result<GuestEnd> run(const BootRequest& request,
                         const std::function<bool(std::string_view)>& on_bytes,
                         std::stop_token stop) override;
    Result<std::string> version(const Arch& arch) override;
    std::string libvirt_version() const override;
    std::string adapter() const override;
    Result<std::optional<OtherHost>> other_host() override;

 private:
    struct Connection; // shared with the thread that handles libvirt's events
    explicit LibvirtHypervisor(std::shared_ptr<Connection> connection)
        : connection_(std::move(connection)) {}
    // Connects again if the daemon had gone away: it may have been restarted.
    Result<std::shared_ptr<Connection>> current();
    std::mutex mutex_;
    std::shared_ptr<Connection> connection_;
};

} // namespace rig
