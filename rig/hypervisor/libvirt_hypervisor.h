// SPDX-License-Identifier: GPL-2.0-or-later
// Guests as transient domains of a libvirt daemon: its administrators see them (virsh list), its
// limits hold for them, and it ends them when rig is killed (autodestroy).
//
// Not through the embedded driver (qemu:///embed): it runs libvirt within rig, so that nobody is
// left to carry out autodestroy when rig is killed, and QEMU goes on as an orphan; direct QEMU
// needs no daemon either and dies with rig.
#pragma once

#include "rig/hypervisor/hypervisor.h"

#include <memory>
#include <mutex>
#include <string>

namespace rig {

class LibvirtHypervisor : public Hypervisor {
 public:
    // FaultDomain::Host if no daemon answers. `uri`: as of virsh -c, e.g. "qemu:///system"; a
    // session's daemon has neither the right to pin QEMU's main loop nor the label under which QEMU
    // reads rig's files, and refuses its domains. On this host files are given by their paths; to
    // another (is_remote_uri) they go through its storage (remote_files.h), and only the virtual
    // clock is for it.
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
    struct Connection; // shared with the thread that waits for libvirt's events
    explicit LibvirtHypervisor(std::shared_ptr<Connection> connection)
        : connection_(std::move(connection)) {}
    Result<std::shared_ptr<Connection>>
    current(); // made anew where the daemon had gone away: it may have been started again
    std::mutex mutex_;
    std::shared_ptr<Connection> connection_;
};

} // namespace rig
